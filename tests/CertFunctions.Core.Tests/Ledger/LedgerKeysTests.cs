using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Ledger;

public sealed class LedgerKeysTests
{
    [Fact]
    public void MACs_are_made_under_the_key_in_force()
    {
        var hash = LedgerHash.Genesis(Make.Org);

        Assert.Equal(HMACSHA256.HashData(Make.Bytes(32, 2), hash.AsSpan()), Reviews.Keys.Mac(hash).AsSpan().ToArray());
    }

    [Fact]
    public void R35_old_keys_stay_at_hand()
    {
        Assert.True(Reviews.Keys.TryGet("k1", out var key));
        Assert.Equal(Make.Bytes(32, 1), key);
        Assert.False(Reviews.Keys.TryGet("k3", out _));
    }

    [Theory]
    [InlineData("k2", "k1", 32)]
    [InlineData("k1", "k1", 31)]
    [InlineData("a b", "a b", 32)]
    [InlineData("", "", 32)]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456", "abcdefghijklmnopqrstuvwxyz0123456", 32)]
    public void A_key_in_force_that_is_not_there_a_short_key_and_an_ill_formed_id_are_refused(string current, string id, int length) =>
        Assert.Throws<ArgumentException>(() => new LedgerKeys(current, new Dictionary<string, byte[]> { [id] = new byte[length] }));
}
