using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Ledger;

public sealed class LedgerHashTests
{
    [Fact]
    public void A_leaf_hash_is_that_of_RFC_6962_however_long_the_leaf() =>
        Assert.All([0, 1, 2046, 2047, 2048, 100_000], length =>
        {
            var leaf = Make.Bytes(length, 3);
            Assert.Equal(SHA256.HashData([0, .. leaf]), LedgerHash.Leaf(leaf).AsSpan().ToArray());
        });

    [Fact]
    public void The_leaf_hash_of_nothing_is_the_one_RFC_6962_tests_with() =>
        Assert.Equal("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", LedgerHash.Leaf([]).ToString());

    [Fact]
    public void A_digest_reads_back_from_its_64_digits_and_from_nothing_else()
    {
        var digest = LedgerHash.Genesis(Make.Org);

        Assert.True(Digest.TryParse(digest.ToString(), out var back));
        Assert.True(digest == back);
        Assert.All([null, "", digest.ToString()[1..], digest + "0", "g" + digest.ToString()[1..]], text => Assert.False(Digest.TryParse(text, out _)));
    }
}
