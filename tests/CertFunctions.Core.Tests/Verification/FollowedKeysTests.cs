using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using static CertFunctions.Core.Tests.Support.KeysInTurn;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>R35: which key counts at which size, whichever of them a policy pins.</summary>
public sealed class FollowedKeysTests : IDisposable
{
    readonly KeysInTurn made = new();

    [Fact]
    public async Task From_any_key_that_is_pinned_those_after_it_are_followed()
    {
        var (first, second, third) = (Key(), Key(), Key());
        RotationLeaf[] leaves = [new(10, await LeafAsync(first, second)), new(20, await LeafAsync(second, third))];

        var all = new FollowedKeys([Verifier(first)], leaves);
        Assert.Equal([(true, false, false), (false, true, false), (false, false, true)], new[] { 10L, 11, 21 }.Select(s => (In(all, first, s), In(all, second, s), In(all, third, s))));
        Assert.Equal(KeyStanding.OutOfForce, all.Of(Verifier(first), 11));
        Assert.Equal([10L, 10, 20], [all.ChangedAt(Verifier(first), 11), all.ChangedAt(Verifier(second), 5), all.ChangedAt(Verifier(second), 21)]);

        // What came before the pinned key is not known, and nothing is held against it.
        var later = new FollowedKeys([Verifier(second)], leaves);
        Assert.Equal((KeyStanding.Unknown, true, false, true), (later.Of(Verifier(first), 5), In(later, second, 5), In(later, second, 21), In(later, third, 21)));
    }

    [Fact]
    public async Task The_order_in_which_keys_are_pinned_is_of_no_matter()
    {
        var (first, second, third) = (Key(), Key(), Key());
        RotationLeaf[] leaves = [new(10, await LeafAsync(first, second)), new(20, await LeafAsync(second, third))];
        foreach (var pinned in new[] { new[] { first, second, third }, [third, second, first], [second, first], [third, first] })
        {
            var keys = new FollowedKeys([.. pinned.Select(Verifier)], leaves);
            foreach (var (size, right) in new[] { (10L, first), (11, second), (20, second), (21, third) })
                Assert.All(new[] { first, second, third }, k => Assert.Equal(k == right, In(keys, k, size)));
        }
    }

    [Fact]
    public async Task Leaves_that_tell_of_rotations_are_kept_in_order_and_no_more_of_them_than_any_log_has()
    {
        var leaf = await LeafAsync(Key(), Key());
        var (whole, stretch) = (new RotationLeaves(), new RotationLeaves());
        whole.See(0, Reviews.Events(1)[0].Leaf.Span);
        whole.See(1, leaf);
        for (var i = 0; i < 2 * RotationLeaves.Most; i++)
            stretch.See(100 + i, leaf);
        whole.Join(stretch);
        Assert.Equal([1L, .. Enumerable.Range(100, RotationLeaves.Most - 1).Select(i => (long)i)], whole.All.Select(l => l.Index));
    }

    [Fact]
    public async Task A_verifier_tells_of_rotations_and_of_the_first_entry_under_each_MAC_key_in_whatever_stretches_it_reads()
    {
        var (first, second) = (Key(), Key());
        var leaf = await LeafAsync(first, second);
        var events = Reviews.Events(40).Select(e => e.Leaf).ToList();
        events[17] = leaf;
        foreach (var stretch in new[] { 64, 16, 8 })
        {
            using var whole = new LedgerVerifier(Make.Org, null);
            var join = OrderedJoin.Into(whole);
            var heads = new List<Digest> { LedgerHash.Genesis(Make.Org) };
            for (var i = 0; i < events.Count; i++)
                heads.Add(LedgerHash.Entry(i, heads[i], LedgerHash.Leaf(events[i].Span)));
            // The last stretch first, as the slowest thread may leave it.
            for (var n = (events.Count - 1) / stretch; n >= 0; n--)
            {
                var part = new LedgerVerifier(Make.Org, null, new LedgerHead(Make.Org, n * stretch, heads[n * stretch]));
                for (var i = n * stretch; i < Math.Min(events.Count, (n + 1) * stretch); i++)
                    Assert.True(part.Push(new LedgerRow { Index = i, Hash = heads[i + 1].AsSpan(), Mac = new byte[32], KeyId = i < 20 ? "hmac-1" : "hmac-2", Leaf = events[i].Span, Salt = default, Personal = default }));
                join.Add(n, part);
            }

            var report = whole.Complete(null);
            Assert.True(report.Verdict == Verdict.Valid, report.Detail);
            var found = Assert.Single(report.Rotations);
            Assert.Equal(17, found.Index);
            Assert.Equal(leaf, found.Leaf.ToArray());
            Assert.Equal([("hmac-1", 0L), ("hmac-2", 20)], report.MacKeys.Select(k => (k.Key, k.Value)).Order());
        }
    }

    public void Dispose() => made.Dispose();

    static bool In(FollowedKeys keys, EcdsaLogKey key, long size) => keys.Of(Verifier(key), size) == KeyStanding.InForce;

    EcdsaLogKey Key() => made.Key();
}
