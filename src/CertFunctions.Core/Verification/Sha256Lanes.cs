using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>
/// SHA-256 (FIPS 180-4) of many messages at once, sixteen side by side in the lanes of one vector: the messages of a ledger are short, and a call of the
/// platform's hash costs as much as the hashing itself. Messages of as many blocks wait for each other; <see cref="Finish"/> hashes those that are left.
/// Where the processor has no such vectors, and for long messages, the platform's hash does the work: the digests are the same.
/// </summary>
sealed class Sha256Lanes
{
    const int Lanes = 16, BlockBytes = 64, BlockWords = 16, MostBlocks = 64;

    static readonly uint[] Start = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <summary>Messages of one number of blocks: word w of lane l stands at 16 w + l.</summary>
    sealed class Group(int blocks)
    {
        public readonly uint[] Words = new uint[blocks * BlockWords * Lanes];
        public readonly int[] Places = new int[Lanes];
        public int Filled;
    }

    readonly Group?[] groups = new Group?[MostBlocks + 1];
    readonly byte[] message = new byte[MostBlocks * BlockBytes];
    readonly uint[] start = Start;
    readonly int startBytes;
    readonly Digest[] digests;

    /// <param name="digests">Where the digests go; each message names its place.</param>
    public Sha256Lanes(Digest[] digests) => this.digests = digests;

    /// <summary>Hashing that goes on after a first block, as both halves of HMAC do.</summary>
    Sha256Lanes(Digest[] digests, ReadOnlySpan<byte> first)
    {
        this.digests = digests;
        start = new uint[8];
        startBytes = BlockBytes;
        var words = new uint[BlockWords * Lanes];
        Scatter(first, words, 0);
        Span<uint> state = stackalloc uint[8 * Lanes];
        Compress(words, 1, Start, state);
        for (var i = 0; i < start.Length; i++)
            start[i] = state[i * Lanes];
    }

    /// <summary>Whether this processor hashes in lanes at all; where not, callers had better not gather messages for it.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>The inner and the outer half of HMAC-SHA-256 under a key: the digest of the inner, hashed by the outer, is the MAC.</summary>
    public static (Sha256Lanes Inner, Sha256Lanes Outer) Hmac(ReadOnlySpan<byte> key, Digest[] digests)
    {
        Span<byte> inner = stackalloc byte[BlockBytes], outer = stackalloc byte[BlockBytes];
        inner.Clear();
        if (key.Length > BlockBytes)
            SHA256.HashData(key, inner);
        else
            key.CopyTo(inner);
        inner.CopyTo(outer);
        for (var i = 0; i < BlockBytes; i++)
        {
            inner[i] ^= 0x36;
            outer[i] ^= 0x5c;
        }

        return (new Sha256Lanes(digests, inner), new Sha256Lanes(digests, outer));
    }

    /// <summary>Takes the message a ‖ b ‖ c ‖ d; its digest stands at <paramref name="place"/> once <see cref="Finish"/> was called, or earlier.</summary>
    public void Add(int place, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b = default, ReadOnlySpan<byte> c = default, ReadOnlySpan<byte> d = default)
    {
        var length = a.Length + b.Length + c.Length + d.Length;
        var blocks = (length + 9 + BlockBytes - 1) / BlockBytes;
        if (blocks > MostBlocks)
        {
            AddLong(place, a, b, c, d);
            return;
        }

        var padded = message.AsSpan(0, blocks * BlockBytes);
        a.CopyTo(padded);
        b.CopyTo(padded[a.Length..]);
        c.CopyTo(padded[(a.Length + b.Length)..]);
        d.CopyTo(padded[(a.Length + b.Length + c.Length)..]);
        padded[length..].Clear();
        padded[length] = 0x80;
        BinaryPrimitives.WriteInt64BigEndian(padded[^8..], 8L * (startBytes + length));

        var group = groups[blocks] ??= new Group(blocks);
        Scatter(padded, group.Words, group.Filled);
        group.Places[group.Filled++] = place;
        if (group.Filled == Lanes)
            Hash(group, blocks);
    }

    /// <summary>Hashes what was taken and not hashed yet.</summary>
    public void Finish()
    {
        for (var blocks = 0; blocks < groups.Length; blocks++)
        {
            if (groups[blocks] is { Filled: > 0 } group)
                Hash(group, blocks);
        }
    }

    void AddLong(int place, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d)
    {
        if (startBytes != 0)
            throw new ArgumentException("only short messages can go on from a first block", nameof(a));
        SHA256.HashData([.. a, .. b, .. c, .. d], digests[place].Bytes);
    }

    void Hash(Group group, int blocks)
    {
        Span<uint> state = stackalloc uint[8 * Lanes];
        Compress(group.Words, blocks, start, state);
        for (var lane = 0; lane < group.Filled; lane++)
        {
            var digest = MemoryMarshal.Cast<byte, uint>(digests[group.Places[lane]].Bytes);
            for (var i = 0; i < 8; i++)
                digest[i] = BinaryPrimitives.ReverseEndianness(state[i * Lanes + lane]);
        }

        group.Filled = 0;
    }

    static void Scatter(ReadOnlySpan<byte> padded, uint[] words, int lane)
    {
        var from = MemoryMarshal.Cast<byte, uint>(padded);
        for (int i = 0, to = lane; i < from.Length && (uint)to < (uint)words.Length; i++, to += Lanes)
            words[to] = BinaryPrimitives.ReverseEndianness(from[i]);
    }

    static ReadOnlySpan<uint> K =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
        0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
        0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
        0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>FIPS 180-4, 6.2.2, with a vector where it has a word. State word i of lane l goes to 16 i + l.</summary>
    static void Compress(ReadOnlySpan<uint> words, int blocks, ReadOnlySpan<uint> start, Span<uint> state)
    {
        Span<Vector512<uint>> w = stackalloc Vector512<uint>[BlockWords];
        var rows = MemoryMarshal.Cast<uint, Vector512<uint>>(words);
        Vector512<uint> h0 = Vector512.Create(start[0]), h1 = Vector512.Create(start[1]), h2 = Vector512.Create(start[2]), h3 = Vector512.Create(start[3]);
        Vector512<uint> h4 = Vector512.Create(start[4]), h5 = Vector512.Create(start[5]), h6 = Vector512.Create(start[6]), h7 = Vector512.Create(start[7]);
        for (var block = 0; block < blocks; block++)
        {
            rows.Slice(block * BlockWords, BlockWords).CopyTo(w);
            var (a, b, c, d, e, f, g, h) = (h0, h1, h2, h3, h4, h5, h6, h7);
            for (var t = 0; t < 64; t += 8)
            {
                if (t >= BlockWords)
                    Schedule(w, t);
                var at = t % BlockWords;
                h += w[at] + Vector512.Create(K[t]) + Sigma1(e) + Choose(e, f, g);
                d += h;
                h += Sigma0(a) + Majority(a, b, c);
                g += w[at + 1] + Vector512.Create(K[t + 1]) + Sigma1(d) + Choose(d, e, f);
                c += g;
                g += Sigma0(h) + Majority(h, a, b);
                f += w[at + 2] + Vector512.Create(K[t + 2]) + Sigma1(c) + Choose(c, d, e);
                b += f;
                f += Sigma0(g) + Majority(g, h, a);
                e += w[at + 3] + Vector512.Create(K[t + 3]) + Sigma1(b) + Choose(b, c, d);
                a += e;
                e += Sigma0(f) + Majority(f, g, h);
                d += w[at + 4] + Vector512.Create(K[t + 4]) + Sigma1(a) + Choose(a, b, c);
                h += d;
                d += Sigma0(e) + Majority(e, f, g);
                c += w[at + 5] + Vector512.Create(K[t + 5]) + Sigma1(h) + Choose(h, a, b);
                g += c;
                c += Sigma0(d) + Majority(d, e, f);
                b += w[at + 6] + Vector512.Create(K[t + 6]) + Sigma1(g) + Choose(g, h, a);
                f += b;
                b += Sigma0(c) + Majority(c, d, e);
                a += w[at + 7] + Vector512.Create(K[t + 7]) + Sigma1(f) + Choose(f, g, h);
                e += a;
                a += Sigma0(b) + Majority(b, c, d);
            }

            (h0, h1, h2, h3, h4, h5, h6, h7) = (h0 + a, h1 + b, h2 + c, h3 + d, h4 + e, h5 + f, h6 + g, h7 + h);
        }

        var result = MemoryMarshal.Cast<uint, Vector512<uint>>(state);
        (result[0], result[1], result[2], result[3], result[4], result[5], result[6], result[7]) = (h0, h1, h2, h3, h4, h5, h6, h7);
    }

    /// <summary>The next eight words of the schedule, in the places of those sixteen before.</summary>
    static void Schedule(Span<Vector512<uint>> w, int t)
    {
        for (var i = t; i < t + 8; i++)
            w[i & 15] += Small0(w[(i + 1) & 15]) + w[(i + 9) & 15] + Small1(w[(i + 14) & 15]);
    }

    static Vector512<uint> Sigma0(Vector512<uint> x) => Xor(Avx512F.RotateRight(x, 2), Avx512F.RotateRight(x, 13), Avx512F.RotateRight(x, 22));

    static Vector512<uint> Sigma1(Vector512<uint> x) => Xor(Avx512F.RotateRight(x, 6), Avx512F.RotateRight(x, 11), Avx512F.RotateRight(x, 25));

    static Vector512<uint> Small0(Vector512<uint> x) => Xor(Avx512F.RotateRight(x, 7), Avx512F.RotateRight(x, 18), x >>> 3);

    static Vector512<uint> Small1(Vector512<uint> x) => Xor(Avx512F.RotateRight(x, 17), Avx512F.RotateRight(x, 19), x >>> 10);

    // The third argument's bits stand in the truth table's lowest place: a ^ b ^ c, a ? b : c, and what two of three say.
    static Vector512<uint> Xor(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.TernaryLogic(a, b, c, 0x96);

    static Vector512<uint> Choose(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.TernaryLogic(a, b, c, 0xca);

    static Vector512<uint> Majority(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c) => Avx512F.TernaryLogic(a, b, c, 0xe8);
}
