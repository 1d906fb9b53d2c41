using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="ILedgerStore"/>.</summary>
public abstract class LedgerStoreContract : StoreContract
{
    ILedgerStore Ledger => Store.Ledger;

    [Fact]
    public async Task Rule_1_appended_entries_and_head_are_there_after_reopening()
    {
        var entries = Make.Chain(await RecordAsync(5));
        var appended = Assert.IsType<LedgerAppendOutcome.Appended>(await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), entries, default));

        await Store.ReopenAsync();

        var (head, _) = await Ledger.CatchUpAsync(Make.Org, [], default);
        Assert.Equal((5, entries[^1].Hash), (head.Size, head.Hash));
        Assert.Equal((head.Size, head.Hash), (appended.Head.Size, appended.Head.Hash));
        Assert.Equal((entries[^1].KeyId, entries[^1].KeyId), (head.KeyId, appended.Head.KeyId));
        await AssertHoldsAsync(entries);
    }

    [Fact]
    public async Task Rule_2_an_append_to_a_head_that_moved_is_a_conflict_and_writes_nothing()
    {
        var events = await RecordAsync(4);
        var entries = Make.Chain(events);
        await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), [.. entries.Take(2)], default);

        Assert.IsType<LedgerAppendOutcome.Conflict>(await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), Make.Chain(events.Skip(2)), default));
        Assert.IsType<LedgerAppendOutcome.Conflict>(await Ledger.AppendAsync(new LedgerHead(Make.Org, 2, entries[0].Hash), [.. entries.Skip(2)], default));
        Assert.IsType<LedgerAppendOutcome.Conflict>(await Ledger.AppendAsync(new LedgerHead(Make.Org, 3, entries[2].Hash), [.. entries.Skip(3)], default));

        await AssertHoldsAsync([.. entries.Take(2)]);
    }

    [Fact]
    public async Task Rule_2_an_event_that_is_chained_is_not_chained_again()
    {
        var events = await RecordAsync(3);
        var entries = Make.Chain(events);
        var head = Assert.IsType<LedgerAppendOutcome.Appended>(await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), [.. entries.Take(2)], default)).Head;

        // The right head, an event that is new, and one that is not.
        var again = Make.Chain([events[0], events[1], events[2], events[1]]);
        Assert.IsType<LedgerAppendOutcome.Conflict>(await Ledger.AppendAsync(head, [.. again.Skip(2)], default));

        await AssertHoldsAsync([.. entries.Take(2)]);
        var standing = await Ledger.CatchUpAsync(Make.Org, events, default);
        Assert.Equal(events[2].Id, Assert.Single(standing.Unchained).Id);
    }

    [Fact]
    public async Task Rule_3_catching_up_gives_the_unchained_in_the_order_asked()
    {
        var events = await RecordAsync(6);
        await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), Make.Chain([events[1], events[4]]), default);

        var standing = await Ledger.CatchUpAsync(Make.Org, [events[5], events[4], events[0], events[1], events[3]], default);

        Assert.Equal([events[5].Id, events[0].Id, events[3].Id], standing.Unchained.Select(e => e.Id));
        Assert.Equal(2, standing.Head.Size);
    }

    [Fact]
    public async Task Rule_4_of_appends_at_once_one_wins()
    {
        var events = await RecordAsync(8);

        var outcomes = await Task.WhenAll(events.Select(e => Task.Run(() => Ledger.AppendAsync(LedgerHead.Empty(Make.Org), Make.Chain([e]), default))));

        Assert.Single(outcomes, o => o is LedgerAppendOutcome.Appended);
        Assert.Single(await Ledger.ReadAsync(Make.Org, 0, 100, default));
    }

    [Fact]
    public async Task Rule_5_reads_begin_and_end_where_asked()
    {
        var entries = Make.Chain(await RecordAsync(10));
        await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), entries, default);

        Assert.Equal([3, 4, 5], (await Ledger.ReadAsync(Make.Org, 3, 3, default)).Select(e => e.Index));
        Assert.Equal(entries[2].Hash, (await Ledger.ReadAsync(Make.Org, 3, 1, default))[0].PreviousHash);
        Assert.Equal([9], (await Ledger.ReadAsync(Make.Org, 9, 100, default)).Select(e => e.Index));
        Assert.Empty(await Ledger.ReadAsync(Make.Org, 10, 100, default));
        Assert.Empty(await Ledger.ReadAsync(OrgId.Parse("nobody"), 0, 100, default));
    }

    [Fact]
    public async Task Rule_6_ledgers_share_nothing()
    {
        var other = OrgId.Parse("umbrella");
        var ours = Make.Chain(await RecordAsync(3));
        var theirs = Make.Chain(await RecordAsync(2, other));
        await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), ours, default);
        await Ledger.AppendAsync(LedgerHead.Empty(other), theirs, default);

        await AssertHoldsAsync(ours);
        Assert.Equal(2, (await Ledger.CatchUpAsync(other, [], default)).Head.Size);
        Assert.All(await Ledger.ReadAsync(other, 0, 100, default), e => Assert.Equal(other, e.Event.Address.Org));
        Assert.Equal(["acme", "umbrella"], (await Ledger.ListAsync(default)).Select(o => o.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rule_7_an_event_is_found_by_subject_and_id_wherever_it_stands()
    {
        var other = OrgId.Parse("umbrella");
        var ours = await RecordAsync(5);
        var theirs = await RecordAsync(1, other);
        await Ledger.AppendAsync(LedgerHead.Empty(Make.Org), Make.Chain(ours.Take(4)), default);

        for (var i = 0; i < 4; i++)
            Assert.Equal(new EventStanding.Chained(i), await Ledger.FindAsync(ours[i].Address, ours[i].Id, default));
        Assert.IsType<EventStanding.Unchained>(await Ledger.FindAsync(ours[4].Address, ours[4].Id, default));
        Assert.IsType<EventStanding.Unchained>(await Ledger.FindAsync(theirs[0].Address, theirs[0].Id, default));
        Assert.IsType<EventStanding.Unknown>(await Ledger.FindAsync(ours[0].Address, EventId.Parse("no-such-event"), default));
        Assert.IsType<EventStanding.Unknown>(await Ledger.FindAsync(ours[0].Address with { Org = other }, ours[0].Id, default));
        Assert.IsType<EventStanding.Unknown>(await Ledger.FindAsync(ours[0].Address with { Project = ProjectId.Parse("else") }, ours[0].Id, default));
        Assert.IsType<EventStanding.Unknown>(await Ledger.FindAsync(Make.Certificate("nobody"), ours[0].Id, default));
    }

    [Fact]
    public async Task A_ledger_goes_on_across_the_edge_of_a_segment()
    {
        const int Before = LedgerHead.SegmentLength - 2;
        var keys = Make.Keys;
        var head = LedgerHead.Empty(Make.Org);
        var extend = new ExtendLedger(Ledger, keys);
        for (var done = 0; done < Before + 5;)
        {
            var events = await RecordAsync(Math.Min(5000, Before + 5 - done));
            await extend.HandleAsync(events, default);
            done += events.Count;
        }

        var (end, _) = await Ledger.CatchUpAsync(Make.Org, [], default);
        Assert.Equal(Before + 5, end.Size);
        var edge = await Ledger.ReadAsync(Make.Org, Before - 1, 6, default);
        for (var i = 1; i < edge.Count; i++)
            Assert.Equal(LedgerHash.Entry(edge[i].Index, edge[i - 1].Hash, LedgerHash.Leaf(edge[i].Event.Leaf.Span)), edge[i].Hash);
    }

    /// <summary>Events of one subject, recorded, as the feed gives them.</summary>
    async Task<IReadOnlyList<RecordedEvent>> RecordAsync(int n, OrgId? org = null)
    {
        var outcomes = await Store.Events.AppendAsync([.. Enumerable.Range(0, n).Select(_ => Make.Stamped("c1", org: org))], default);
        return [.. outcomes.Select(o => Assert.IsType<AppendOutcome.Appended>(o).Event)];
    }

    async Task AssertHoldsAsync(IReadOnlyList<ChainedEvent> entries)
    {
        var read = await Ledger.ReadAsync(Make.Org, 0, 1000, default);
        Assert.Equal(entries.Select(Facts), read.Select(Facts));
    }

    static string Facts(ChainedEvent e) =>
        $"{e.Index} {e.PreviousHash} {e.LeafHash} {e.Hash} {e.Mac} {e.KeyId} {e.Event.Address} {e.Event.Id} {e.Event.Seq} {Convert.ToHexString(e.Event.Leaf.Span)} {Convert.ToHexString(e.Event.Salt.Span)} {Convert.ToHexString(e.Event.Personal.Span)}";
}
