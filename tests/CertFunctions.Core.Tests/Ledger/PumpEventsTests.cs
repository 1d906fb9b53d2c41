using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Ledger;

/// <summary>R34: from the feed to the ledger, with the position saved last.</summary>
public sealed class PumpEventsTests
{
    static readonly IReadOnlyList<RecordedEvent> Events = Reviews.Events(4500);

    readonly MemoryLedgerStore store = new();
    readonly MemoryPositions positions = new();

    PumpEvents Pump => new(new ListFeed(Events), positions, new ExtendLedger(store, Reviews.Keys));

    [Fact]
    public async Task Every_event_of_the_feed_is_chained_a_bounded_batch_at_a_time()
    {
        var pump = Pump;

        var steps = new List<int>();
        do
            steps.Add(await pump.StepAsync(default));
        while (steps[^1] > 0);

        Assert.Equal([2000, 2000, 500, 0], steps);

        Assert.Equal(Events, store.Entries(Make.Org).Select(e => e.Event));
        Assert.Equal(4500, positions.Saved[PumpEvents.Reader]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_save_fails_before_it_lands_or_after_each_event_is_still_chained_once(bool landed)
    {
        var saves = 0;
        var fault = () => saves++ == 1 ? throw new IOException("the disk") : 0;
        if (landed)
            positions.AfterSave = () => fault();
        else
            positions.BeforeSave = () => fault();
        var pump = Pump;
        await pump.StepAsync(default);

        await Assert.ThrowsAsync<IOException>(() => pump.StepAsync(default));
        while (await pump.StepAsync(default) > 0)
        {
        }

        Assert.Equal(Events, store.Entries(Make.Org).Select(e => e.Event));
        Assert.Equal(4500, positions.Saved[PumpEvents.Reader]);
    }

    [Fact]
    public async Task When_the_append_fails_the_position_stays()
    {
        store.BeforeAppend = call => _ = call == 1 ? throw new IOException("the disk") : 0;
        var pump = Pump;
        await pump.StepAsync(default);

        await Assert.ThrowsAsync<IOException>(() => pump.StepAsync(default));

        Assert.Equal(2000, positions.Saved[PumpEvents.Reader]);
        Assert.Equal(2000, await pump.StepAsync(default));
        Assert.Equal(Events.Take(4000), store.Entries(Make.Org).Select(e => e.Event));
    }

    sealed class ListFeed(IReadOnlyList<RecordedEvent> events) : IEventFeed
    {
        public Task<FeedBatch> ReadFeedAsync(string? position, int limit, CancellationToken cancellationToken)
        {
            var from = position is null ? 0 : int.Parse(position, CultureInfo.InvariantCulture);
            RecordedEvent[] batch = [.. events.Skip(from).Take(limit)];
            return Task.FromResult(new FeedBatch(batch, (from + batch.Length).ToString(CultureInfo.InvariantCulture)));
        }

        public Task WaitAsync(string? position, TimeSpan patience, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
