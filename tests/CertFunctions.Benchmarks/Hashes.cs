using System.Security.Cryptography;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Benchmarks;

/// <summary>
/// Every hash an entry of a ledger needs, over bytes that lie ready in memory, and nothing else: SHA-256 of 0x00 ‖ leaf, SHA-256 of the 95 bytes of the
/// chain, SHA-256 of salt ‖ personal part, HMAC-SHA-256 of the entry hash.
/// </summary>
sealed class Hashes(IReadOnlyList<(byte[] Leaf, byte[] Personal)> entries)
{
    /// <summary>Entries of a real ledger's sizes, some megabytes of them; to be gone over as often as needed.</summary>
    public static Hashes Sample { get; } = new([.. Enumerable.Range(0, 10_000).Select(i =>
    {
        var e = Workload.Stamped(Workload.Certificate(i % 1000), i);
        return ((byte[])[0, .. e.Leaf(1 + i / 1000)], (byte[])[.. e.Salt.Span, .. e.Submitted.Personal.Span]);
    })]);

    public void All(long count)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Workload.Key);
        Span<byte> chain = stackalloc byte[95], digest = stackalloc byte[Digest.Length];
        for (long i = 0; i < count; i++)
        {
            var (leaf, personal) = entries[(int)(i % entries.Count)];
            SHA256.HashData(leaf, digest);
            digest.CopyTo(chain[63..]);
            SHA256.HashData(chain, digest);
            digest.CopyTo(chain[31..]);
            SHA256.HashData(personal, digest);
            hmac.AppendData(chain[31..63]);
            hmac.GetHashAndReset(digest);
        }
    }

    public void Leaves(long count)
    {
        Span<byte> digest = stackalloc byte[Digest.Length];
        for (long i = 0; i < count; i++)
            SHA256.HashData(entries[(int)(i % entries.Count)].Leaf, digest);
    }
}
