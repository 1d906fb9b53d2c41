using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Testing;

namespace CertFunctions.Cosmos.Tests;

/// <summary>
/// A unique key keeps an event from standing twice in one segment. Across segments it is the store's rule alone that does: these tests try to get past it.
/// The first segment is short of entries but full by its head, which is all that an append looks at.
/// </summary>
public sealed class SegmentEdgeTests
{
    static readonly TimeSpan[] HostClocks = [TimeSpan.Zero, TimeSpan.FromHours(-9), TimeSpan.FromDays(-400), TimeSpan.FromHours(9)];

    public static TheoryData<int> Hosts => [.. HostClocks.Select(c => (int)c.TotalHours)];

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task An_event_of_an_older_segment_is_not_chained_again_however_wrong_the_hosts_clock(int hoursOff)
    {
        var service = new ManualClock(Make.Now);
        await using var store = await CosmosUnderTest.OpenAsync(2, service, new ManualClock(Make.Now.AddHours(hoursOff)));
        var old = await RecordAsync(store, service, 20, "old");
        var chaining = Feed.Handler(store);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, old), default);
        await Feed.GrowAsync(store, Make.Org);
        var young = await RecordAsync(store, service, 20, "young");

        // The opening of the new segment is itself a redelivery in part; then old ones come alone, mixed, and to a handler that has never seen the ledger.
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, [old[3], young[0], old[19], young[1]]), default);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, old), default);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, [.. young.Take(10).Concat(old).Reverse()]), default);
        await Feed.Handler(store).HandleAsync(await Feed.DocumentsAsync(store), default);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store), default);

        await AssertOnceEachAsync(store, [.. old, .. young], LedgerHead.SegmentLength + 20);
    }

    [Fact]
    public async Task An_event_of_an_older_segment_that_was_erased_since_is_not_chained_again()
    {
        var service = new ManualClock(Make.Now);
        await using var store = await CosmosUnderTest.OpenAsync(2, service, service);
        var old = await RecordAsync(store, service, 5, "old");
        var chaining = Feed.Handler(store);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, old), default);
        await Feed.GrowAsync(store, Make.Org);
        var young = await RecordAsync(store, service, 5, "young");
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, young), default);

        // Erasing writes the document again: it comes through the feed as new.
        service.Advance(TimeSpan.FromDays(30));
        var events = store.Inner.Database.GetContainer(CosmosLayout.Events);
        var partition = CosmosNames.Partition(old[2].Address);
        var document = (await events.ReadItemAsync<EventDocument>(EventDocument.IdPrefix + old[2].Id.Value, partition)).Resource;
        await events.ReplaceItemAsync(document with { Salt = null, Personal = null }, document.Id, partition);
        var erased = Assert.Single(await Feed.DocumentsAsync(store, [old[2]]));
        Assert.True(erased.GetProperty("_ts").GetInt64() > service.GetUtcNow().AddDays(-1).ToUnixTimeSeconds());
        await chaining.HandleAsync([erased], default);
        await chaining.HandleAsync([erased, .. await Feed.DocumentsAsync(store, young)], default);

        await AssertOnceEachAsync(store, [.. old, .. young], LedgerHead.SegmentLength + 5);
    }

    [Fact]
    public async Task Events_chained_straight_from_an_append_are_not_chained_again_when_the_feed_brings_them()
    {
        var service = new ManualClock(Make.Now);
        await using var store = await CosmosUnderTest.OpenAsync(2, service, new ManualClock(Make.Now.AddMinutes(-9)));
        var extend = Whole.Extend(store);
        var chaining = new ChainFeed(extend, store.Inner.Quarantine);
        // As an append returns them, they do not say when they were written.
        var old = await Whole.SubmitAsync(store.Events, Whole.Stamped(5, "c1", "old"));
        Assert.All(old, e => Assert.Equal(0, e.Handle));
        await extend.HandleAsync(old, default);
        await Feed.GrowAsync(store, Make.Org);
        var young = await Whole.SubmitAsync(store.Events, Whole.Stamped(5, "c1", "young"));
        await extend.HandleAsync(young, default);

        await chaining.HandleAsync(await Feed.DocumentsAsync(store, old), default);
        await extend.HandleAsync(old, default);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store), default);

        await AssertOnceEachAsync(store, [.. old, .. young], LedgerHead.SegmentLength + 5);
    }

    [Fact]
    public async Task Handlers_that_open_a_segment_at_once_open_it_once()
    {
        var service = new ManualClock(Make.Now);
        await using var store = await CosmosUnderTest.OpenAsync(2, service, service);
        var old = await RecordAsync(store, service, 30, "old");
        var handlers = Enumerable.Range(0, 4).Select(_ => Feed.Handler(store)).ToList();
        foreach (var (handler, n) in handlers.Select((h, n) => (h, n)))
            await handler.HandleAsync(await Feed.DocumentsAsync(store, [old[n]]), default);
        await Feed.GrowAsync(store, Make.Org, LedgerHead.SegmentLength - 7);
        var documents = await Feed.DocumentsAsync(store);

        await Task.WhenAll(handlers.Select((handler, n) => Task.Run(async () =>
        {
            foreach (var piece in documents.Skip(5 * n).Concat(documents.Take(5 * n)).Chunk(4))
                await handler.HandleAsync(piece, default);
        })));

        await AssertOnceEachAsync(store, old, LedgerHead.SegmentLength - 7 + 26);
    }

    [Fact]
    public async Task New_events_of_a_later_segment_cost_no_look_into_older_ones()
    {
        var service = new ManualClock(Make.Now);
        await using var store = await CosmosUnderTest.OpenAsync(2, service, service);
        var chaining = Feed.Handler(store);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, await RecordAsync(store, service, 3, "old")), default);
        await Feed.GrowAsync(store, Make.Org);
        await chaining.HandleAsync(await Feed.DocumentsAsync(store, await RecordAsync(store, service, 3, "young")), default);
        var documents = await Feed.DocumentsAsync(store, await RecordAsync(store, service, 50, "younger"));
        store.Emulator.Counters.Reset();

        await chaining.HandleAsync(documents, default);

        Assert.Equal(1, store.Emulator.Counters.DocumentRequests());
    }

    static async Task<IReadOnlyList<RecordedEvent>> RecordAsync(CosmosUnderTest store, ManualClock service, int count, string prefix)
    {
        var events = new List<RecordedEvent>();
        foreach (var piece in Whole.Stamped(count, "c1", prefix).Chunk(5))
        {
            service.Advance(TimeSpan.FromMinutes(1));
            events.AddRange(await Whole.SubmitAsync(store.Events, piece));
        }

        service.Advance(TimeSpan.FromMinutes(1));
        return events;
    }

    /// <summary>Each event is chained once, whatever the segment, and the newer segment follows from the older, entry by entry.</summary>
    static async Task AssertOnceEachAsync(CosmosUnderTest store, IReadOnlyList<RecordedEvent> events, long size)
    {
        var chained = await Feed.ChainedAsync(store);
        Assert.Equal(events.Select(Feed.Name).Order(StringComparer.Ordinal), chained.Keys.Order(StringComparer.Ordinal));
        Assert.All(chained, c => Assert.Equal(1, c.Value));

        var (head, unchained) = await store.Ledger.CatchUpAsync(Make.Org, events, default);
        Assert.Equal(size, head.Size);
        Assert.Empty(unchained);
        var entries = await store.Ledger.ReadAsync(Make.Org, LedgerHead.SegmentLength, 1000, default);
        Assert.Equal(size - LedgerHead.SegmentLength, entries.Count);
        var full = (await store.Inner.Database.GetContainer(CosmosLayout.Ledger).ReadItemAsync<SegmentDocument>(SegmentDocument.HeadId, CosmosNames.Partition(Make.Org, 0))).Resource;
        var previous = CosmosNames.Digest(full.Hash);
        foreach (var entry in entries)
        {
            Assert.Equal(previous, entry.PreviousHash);
            Assert.Equal(LedgerHash.Entry(entry.Index, previous, LedgerHash.Leaf(entry.Event.Leaf.Span)), entry.Hash);
            previous = entry.Hash;
        }

        Assert.Equal(previous, head.Hash);
    }
}
