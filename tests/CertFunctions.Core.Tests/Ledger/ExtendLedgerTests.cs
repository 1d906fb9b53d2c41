using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Ledger;

/// <summary>R31, R34: the feed may repeat itself, mix and break off; the ledger holds each event once.</summary>
public sealed class ExtendLedgerTests
{
    static readonly OrgId Other = OrgId.Parse("other");

    readonly MemoryLedgerStore store = new();

    ExtendLedger Extend => new(store, Reviews.Keys);

    [Fact]
    public async Task Events_become_entries_in_the_order_of_the_feed()
    {
        var events = Reviews.Events(5);

        await Extend.HandleAsync(events, default);

        Assert.Equal(events, store.Entries(Make.Org).Select(e => e.Event));
        Check(store, events);
    }

    [Fact]
    public async Task A_batch_that_comes_again_adds_nothing()
    {
        var extend = Extend;
        var events = Reviews.Events(5);
        await extend.HandleAsync(events, default);
        await extend.HandleAsync(events, default);
        await Extend.HandleAsync(events, default);

        Check(store, events);
    }

    [Fact]
    public async Task A_batch_of_which_a_part_is_chained_adds_the_rest()
    {
        var events = Reviews.Events(6);
        await Extend.HandleAsync([.. events.Take(4)], default);
        await Extend.HandleAsync([.. events.Skip(2)], default);

        Check(store, events);
    }

    [Fact]
    public async Task An_event_twice_in_one_batch_is_chained_once()
    {
        var events = Reviews.Events(3);
        await Extend.HandleAsync([events[0], events[0], events[1], events[2], events[1]], default);

        Check(store, events);
    }

    [Fact]
    public async Task Nothing_is_asked_of_the_store_for_an_empty_batch()
    {
        await Extend.HandleAsync([], default);

        Assert.Equal((0, 0), (store.Appends, store.CatchUps));
    }

    [Fact]
    public async Task The_head_is_read_once_and_then_remembered()
    {
        var extend = Extend;
        foreach (var e in Reviews.Events(5))
            await extend.HandleAsync([e], default);

        Assert.Equal((5, 1), (store.Appends, store.CatchUps));
    }

    [Fact]
    public async Task Orgs_mixed_in_one_batch_go_each_to_its_own_ledger()
    {
        var (ours, theirs) = (Reviews.Events(4), Reviews.Events(4, Other));

        await Extend.HandleAsync([.. ours.Zip(theirs, (a, b) => new[] { b, a }).SelectMany(p => p)], default);

        Check(store, ours);
        Check(store, theirs);
    }

    [Fact]
    public async Task Two_extenders_at_once_chain_each_event_once()
    {
        var events = Reviews.Events(60);
        var (one, two) = (Extend, Extend);

        await Task.WhenAll(events.Chunk(3).SelectMany(chunk => new[] { one.HandleAsync(chunk, default), two.HandleAsync(chunk, default) }));

        Check(store, events, inSeqOrder: false);
    }

    [Fact]
    public async Task Two_extenders_in_turns_with_heads_gone_stale_chain_each_event_once_in_order()
    {
        var events = Reviews.Events(40);
        ExtendLedger[] both = [Extend, Extend];

        foreach (var (i, chunk) in events.Chunk(2).Index())
        {
            await both[i % 2].HandleAsync(chunk, default);
            await both[(i + 1) % 2].HandleAsync(chunk, default);
        }

        Check(store, events);
    }

    [Fact]
    public async Task A_newer_MAC_key_is_used_from_the_entry_on_that_brings_it_in_by_this_process_and_the_next()
    {
        var old = new LedgerKeys("k1", new Dictionary<string, byte[]> { ["k1"] = Make.Bytes(32, 1) });
        var (before, between, after) = (Reviews.Events(2), Reviews.Events(4).Skip(2), Reviews.Events(8).Skip(4).ToList());
        var broughtIn = Reviews.Recorded(TellOwnEvent.Ledger(Make.Org), 1) with { Id = TellOwnEvent.KeyRotated("k2") };
        await new ExtendLedger(store, old).HandleAsync([.. before], default);
        var extend = Extend;
        await extend.HandleAsync([.. between], default);
        await extend.HandleAsync([broughtIn], default);
        await extend.HandleAsync([after[0]], default);
        // One that still runs with the old key alone, and another that finds how things stand.
        await new ExtendLedger(store, old).HandleAsync([after[1]], default);
        await extend.HandleAsync([after[2]], default);
        await Extend.HandleAsync([after[3]], default);

        var entries = store.Entries(Make.Org);
        Assert.Equal(["k1", "k1", "k1", "k1", "k1", "k2", "k1", "k2", "k2"], entries.Select(e => e.KeyId));
        Assert.All(entries, e => Assert.Equal(e.Mac, Reviews.Keys.Mac(e.Hash, e.KeyId)));
    }

    [Fact]
    public async Task A_ledger_under_a_MAC_key_that_is_not_there_is_extended_under_the_one_in_force()
    {
        await new ExtendLedger(store, new LedgerKeys("k0", new Dictionary<string, byte[]> { ["k0"] = Make.Bytes(32, 9) })).HandleAsync(Reviews.Events(1), default);

        await Extend.HandleAsync(Reviews.Events(2), default);

        Assert.Equal(["k0", "k2"], store.Entries(Make.Org).Select(e => e.KeyId));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_append_that_failed_before_it_landed_or_after_is_made_good_by_the_next_delivery(bool landed)
    {
        var events = Reviews.Events(9);
        foreach (var failing in Enumerable.Range(0, 3))
        {
            var faulty = new MemoryLedgerStore();
            var fault = (int call) => call == failing ? throw new IOException("the disk") : 0;
            if (landed)
                faulty.AfterAppend = call => fault(call);
            else
                faulty.BeforeAppend = call => fault(call);
            var extend = new ExtendLedger(faulty, Reviews.Keys);

            foreach (var (i, chunk) in events.Chunk(3).Index())
            {
                if (i == failing)
                    await Assert.ThrowsAsync<IOException>(() => extend.HandleAsync(chunk, default));
                await extend.HandleAsync(chunk, default);
            }

            Check(faulty, events);
        }
    }

    [Fact]
    public async Task A_ledger_that_moves_again_and_again_is_given_up_so_that_the_feed_delivers_anew()
    {
        var rival = 0;
        store.BeforeAppend = _ => store.Fill(Next());

        await Assert.ThrowsAsync<InvalidOperationException>(() => Extend.HandleAsync(Reviews.Events(1), default));

        Assert.InRange(store.Appends, 10, 100);

        IReadOnlyList<ChainedEvent> Next()
        {
            var before = store.Entries(Make.Org);
            return [.. Reviews.Ledger([.. before.Select(e => e.Event), Reviews.Recorded(Reviews.Address("rival"), ++rival)]).Skip(before.Count)];
        }
    }

    [Fact]
    public void Redelivered_shuffled_and_interleaved_batches_chain_each_event_once_and_each_subjects_in_seq_order() =>
        Prop.ForAll(Feeds.ToArbitrary(), HoldsFor).Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    /// <summary>What a feed delivers: stretches that overlap and repeat, each shuffled, with the extender that gets it.</summary>
    sealed record Feed(IReadOnlyList<RecordedEvent> Events, IReadOnlyList<(IReadOnlyList<RecordedEvent> Batch, int Extender)> Deliveries)
    {
        public override string ToString() => string.Join(" | ", Deliveries.Select(d => $"{d.Extender}: " + string.Join(' ', d.Batch.Select(e => $"{e.Address.Org}/{e.Address.Subject.Id}#{e.Seq}"))));
    }

    static Gen<Feed> Feeds { get; } =
        from subjects in Gen.Choose(0, 5).ListOf().Where(s => s.Count > 0)
        let events = InFeedOrder(subjects)
        from cuts in Gen.Choose(1, 6).ListOf(events.Count)
        from overlaps in Gen.Choose(0, 4).ListOf(events.Count)
        from extenders in Gen.Choose(0, 1).ListOf(events.Count)
        from batches in Gen.CollectToList(Stretches(events, cuts, overlaps), stretch => Gen.Shuffle(stretch))
        select new Feed(events, [.. batches.Select((b, i) => ((IReadOnlyList<RecordedEvent>)b, extenders[i]))]);

    static IReadOnlyList<RecordedEvent> InFeedOrder(IEnumerable<int> subjects)
    {
        var seqs = new Dictionary<int, int>();
        return [.. subjects.Select(s => Reviews.Recorded(Reviews.Address($"s-{s}", s % 2 == 0 ? Make.Org : Other), seqs[s] = seqs.GetValueOrDefault(s) + 1))];
    }

    static List<RecordedEvent[]> Stretches(IReadOnlyList<RecordedEvent> events, IReadOnlyList<int> cuts, IReadOnlyList<int> overlaps)
    {
        var stretches = new List<RecordedEvent[]>();
        for (var at = 0; at < events.Count; at += cuts[stretches.Count - 1])
            stretches.Add([.. events.Skip(at - Math.Min(at, overlaps[stretches.Count])).Take(cuts[stretches.Count] + Math.Min(at, overlaps[stretches.Count]))]);
        return stretches;
    }

    static bool HoldsFor(Feed feed)
    {
        var store = new MemoryLedgerStore();
        ExtendLedger[] extenders = [new(store, Reviews.Keys), new(store, Reviews.Keys)];
        foreach (var (batch, extender) in feed.Deliveries)
            extenders[extender].HandleAsync(batch, default).GetAwaiter().GetResult();
        Check(store, feed.Events);
        return true;
    }

    /// <summary>The whole of it: valid, each event once and none besides, each subject's in the order of its seqs.</summary>
    static void Check(MemoryLedgerStore store, IReadOnlyList<RecordedEvent> events, bool inSeqOrder = true) =>
        Assert.All(events.GroupBy(e => e.Address.Org), expected =>
        {
            var entries = store.Entries(expected.Key);
            Assert.Equal(Verdict.Valid, StoredRow.Verify(StoredRow.Of(entries), Reviews.HeadOf(entries), Reviews.Keys, ledger: expected.Key).Verdict);
            Assert.Equal(expected.Count(), entries.Count);
            Assert.Equal(expected.ToHashSet(), entries.Select(e => e.Event).ToHashSet());
            if (inSeqOrder)
                Assert.All(entries.GroupBy(e => e.Event.Address), s => Assert.Equal(s.Select(e => e.Event.Seq).Order(), s.Select(e => e.Event.Seq)));
        });
}
