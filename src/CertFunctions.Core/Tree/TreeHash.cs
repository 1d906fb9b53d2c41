using System.Security.Cryptography;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tree;

/// <summary>
/// The hashes of the Merkle tree (RFC 6962, 2.1) over a ledger's leaf hashes; the leaf's own hash is <see cref="LedgerHash.Leaf"/>:
/// <code>
/// MTH({})   = SHA-256()
/// MTH({d})  = SHA-256(0x00 ‖ d)
/// MTH(D[n]) = SHA-256(0x01 ‖ MTH(D[0:k]) ‖ MTH(D[k:n]))     k: the largest power of two below n
/// </code>
/// </summary>
public static class TreeHash
{
    /// <summary>The root of a tree without leaves.</summary>
    public static Digest Empty { get; } = new(SHA256.HashData([]));

    public static Digest Node(in Digest left, in Digest right)
    {
        Span<byte> input = stackalloc byte[1 + 2 * Digest.Length];
        input[0] = 1;
        left.AsSpan().CopyTo(input[1..]);
        right.AsSpan().CopyTo(input[(1 + Digest.Length)..]);
        Digest digest = default;
        SHA256.HashData(input, digest.Bytes);
        return digest;
    }

    /// <summary>The root over hashes that lie one after another, 32 bytes each; as many as a power of two, 256 at most.</summary>
    internal static Digest Complete(ReadOnlySpan<byte> hashes)
    {
        Span<Digest> row = stackalloc Digest[TileId.FullWidth];
        var count = hashes.Length / Digest.Length;
        for (var i = 0; i < count; i++)
            row[i] = new Digest(hashes[(i * Digest.Length)..]);
        for (; count > 1; count /= 2)
        {
            for (var i = 0; i < count / 2; i++)
                row[i] = Node(row[2 * i], row[2 * i + 1]);
        }

        return row[0];
    }
}
