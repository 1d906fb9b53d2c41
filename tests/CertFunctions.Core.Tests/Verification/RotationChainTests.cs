using System.Text;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using static CertFunctions.Core.Tests.Support.KeysInTurn;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>R35: who pins the log's first key follows its rotations, and nobody else's word moves them.</summary>
public sealed class RotationChainTests : IDisposable
{
    readonly KeysInTurn made = new();

    [Fact]
    public async Task Each_key_is_trusted_for_just_the_checkpoints_of_its_time()
    {
        var (first, second, third) = (Key(), Key(), Key());
        var chain = new RotationChain(Verifier(first));
        Assert.IsType<RotationStep.None>(chain.Push(0, Reviews.Events(1)[0].Leaf.Span));
        Assert.IsType<RotationStep.Rotated>(chain.Push(10, await LeafAsync(first, first, second)));
        Assert.IsType<RotationStep.Rotated>(chain.Push(20, await LeafAsync(second, second, third)));

        foreach (var (size, key) in new[] { (0, first), (10, first), (11, second), (20, second), (21, third), (1_000_000, third) })
        {
            foreach (var other in new[] { first, second, third })
                Assert.Equal(other == key, chain.IsTrusted(Verifier(other), size));
        }

        Assert.Equal(Verifier(third), chain.Current);
        Assert.Equal([0L, 11, 21], chain.Keys.Select(k => k.FromSize));
    }

    [Fact]
    public async Task Only_the_key_in_force_makes_way()
    {
        var (first, second, third) = (Key(), Key(), Key());
        var chain = new RotationChain(Verifier(first));
        // Signed by a stranger, by the new key itself, and in another key's name.
        Assert.IsType<RotationStep.Refused>(chain.Push(1, await LeafAsync(third, first, second)));
        Assert.IsType<RotationStep.Refused>(chain.Push(2, await LeafAsync(second, first, second)));
        Assert.IsType<RotationStep.Refused>(chain.Push(3, await LeafAsync(first, third, second)));
        Assert.Equal(Verifier(first), chain.Current);

        Assert.IsType<RotationStep.Rotated>(chain.Push(4, await LeafAsync(first, first, second)));
        // What gave way makes no way any more, and does not come back.
        Assert.IsType<RotationStep.Refused>(chain.Push(5, await LeafAsync(first, first, third)));
        Assert.IsType<RotationStep.Refused>(chain.Push(6, await LeafAsync(second, second, first)));
        Assert.IsType<RotationStep.Refused>(chain.Push(7, await LeafAsync(second, second, third, newName: "certfn.example/other")));
        Assert.Equal(Verifier(second), chain.Current);
    }

    [Fact]
    public async Task A_rotation_of_another_ledger_or_told_by_someone_else_is_none()
    {
        var (first, second) = (Key(), Key());
        var leaf = Encoding.UTF8.GetString(await LeafAsync(first, first, second));
        foreach (var (of, to) in new[] { ("\"project_id\":\"system\"", "\"project_id\":\"web\""), ("\"kind\":\"ledger\"", "\"kind\":\"key\""), ("{\"id\":\"acme\"", "{\"id\":\"other\"") })
        {
            Assert.Contains(of, leaf, StringComparison.Ordinal);
            Assert.IsType<RotationStep.None>(new RotationChain(Verifier(first)).Push(0, Encoding.UTF8.GetBytes(leaf.Replace(of, to, StringComparison.Ordinal))));
        }

        var umbrella = leaf.Replace("\"org_id\":\"acme\"", "\"org_id\":\"umbrella\"", StringComparison.Ordinal).Replace("{\"id\":\"acme\"", "{\"id\":\"umbrella\"", StringComparison.Ordinal);
        Assert.IsType<RotationStep.Refused>(new RotationChain(Verifier(first)).Push(0, Encoding.UTF8.GetBytes(umbrella)));
    }

    [Fact]
    public async Task No_bit_flipped_in_what_is_signed_makes_a_rotation()
    {
        var (first, second) = (Key(), Key());
        var leaf = await LeafAsync(first, first, second);
        var (start, end) = (leaf.AsSpan().IndexOf("\"data\":"u8), leaf.AsSpan().IndexOf("\"id\":\"key-rotated"u8));
        for (var bit = 8 * start; bit < 8 * end; bit += 7)
        {
            var flipped = leaf.ToArray();
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            var chain = new RotationChain(Verifier(first));
            Assert.IsNotType<RotationStep.Rotated>(chain.Push(0, flipped));
            Assert.Equal(Verifier(first), chain.Current);
        }
    }

    [Fact]
    public async Task A_MAC_key_is_used_after_the_entry_that_brought_it_in_and_not_before()
    {
        var first = Key();
        var chain = new RotationChain(Verifier(first));
        var leaf = await LeafAsync(first, new KeyRotation(Make.Org, RotatedKey.Hmac, "hmac-1 0011223344556677", "hmac-2 8899aabbccddeeff"));
        Assert.IsType<RotationStep.Rotated>(chain.Push(5, leaf));
        Assert.IsType<RotationStep.Refused>(chain.Push(6, leaf));
        Assert.Equal([true, false, true, true], new[] { chain.MayMac("hmac-1", 0), chain.MayMac("hmac-2", 5), chain.MayMac("hmac-2", 6), chain.MayMac("hmac-1", 9) });
        Assert.Equal(Verifier(first), chain.Current);
    }

    [Fact]
    public void Leaves_come_in_order()
    {
        var chain = new RotationChain(Verifier(Key()));
        chain.Push(3, "x"u8);
        Assert.Throws<ArgumentOutOfRangeException>(() => chain.Push(3, "x"u8));
    }

    [Fact]
    public void A_key_pinned_later_says_nothing_of_smaller_checkpoints()
    {
        var key = Verifier(Key());
        var chain = new RotationChain(key, since: 50);
        Assert.Null(chain.KeyFor(49));
        Assert.False(chain.IsTrusted(key, 49));
        Assert.True(chain.IsTrusted(key, 50));
    }

    public void Dispose() => made.Dispose();

    EcdsaLogKey Key() => made.Key();
}
