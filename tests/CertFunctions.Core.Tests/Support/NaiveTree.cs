using System.Security.Cryptography;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tests.Support;

/// <summary>RFC 6962, 2.1 to 2.1.2, written down as it stands there and as slowly, over leaf hashes.</summary>
static class NaiveTree
{
    public static byte[] Root(ReadOnlySpan<Digest> d)
    {
        if (d.Length == 0)
            return SHA256.HashData([]);
        if (d.Length == 1)
            return d[0].AsSpan().ToArray();
        var k = Split(d.Length);
        return SHA256.HashData([1, .. Root(d[..k]), .. Root(d[k..])]);
    }

    public static List<byte[]> Path(int m, ReadOnlySpan<Digest> d)
    {
        if (d.Length == 1)
            return [];
        var k = Split(d.Length);
        return m < k ? [.. Path(m, d[..k]), Root(d[k..])] : [.. Path(m - k, d[k..]), Root(d[..k])];
    }

    public static List<byte[]> Proof(int m, ReadOnlySpan<Digest> d) => m == 0 ? [] : SubProof(m, d, true);

    static List<byte[]> SubProof(int m, ReadOnlySpan<Digest> d, bool whole)
    {
        if (m == d.Length)
            return whole ? [] : [Root(d)];
        var k = Split(d.Length);
        return m <= k ? [.. SubProof(m, d[..k], whole), Root(d[k..])] : [.. SubProof(m - k, d[k..], false), Root(d[..k])];
    }

    static int Split(int n)
    {
        var k = 1;
        while (2 * k < n)
            k *= 2;
        return k;
    }
}
