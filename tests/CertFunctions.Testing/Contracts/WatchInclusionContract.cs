using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Verification;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>R34: what was acknowledged is in the ledger in time, or it is told of, once, on every store.</summary>
public abstract class WatchInclusionContract : StoreContract
{
    readonly ManualClock clock = new(Make.Now);

    [Fact]
    public async Task What_is_chained_in_time_is_not_told_of_and_not_looked_at_again()
    {
        await ChainAsync(await RecordAsync(1200));
        clock.Advance(TimeSpan.FromHours(1));

        await RunAsync();
        var position = await Store.Positions.GetAsync(WatchInclusion.Reader, default);
        await RunAsync();

        Assert.Empty(await OwnEvents.ToldAsync(Store));
        Assert.Empty((await Store.Feed.ReadFeedAsync(position, 10, default)).Events);
        Assert.Equal(position, await Store.Positions.GetAsync(WatchInclusion.Reader, default));
    }

    [Fact]
    public async Task What_is_missing_after_its_time_is_told_of_once_whatever_is_run_again()
    {
        var events = await RecordAsync(3);
        await ChainAsync([events[0], events[2]]);
        clock.Advance(MergeDelay.Default.Within);

        await RunAsync();
        await RunAsync();
        await Store.ReopenAsync();
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();

        var (type, _, data) = Assert.Single(await OwnEvents.ToldAsync(Store));
        Assert.Equal("audit.inclusion_overdue", type);
        Assert.Equal((events[1].Id.Value, "web", "certificate", "c1", 2), (data.GetProperty("event_id").GetString(), data.GetProperty("project_id").GetString(),
            data.GetProperty("subject_kind").GetString(), data.GetProperty("subject_id").GetString(), data.GetProperty("seq").GetInt32()));
        Assert.Equal(Rfc3339.Format(Make.Now), data.GetProperty("recorded_at").GetString());
        Assert.Equal(Rfc3339.Format(Make.Now + MergeDelay.Default.Within), data.GetProperty("due_at").GetString());
        Assert.Equal((1L, events[1].Id), await new LedgerHealth(Store.Positions).ReadAsync(Make.Org, default) is { Overdue: { } overdue } ? (overdue.Count, overdue.LastId) : default);
    }

    [Fact]
    public async Task What_is_not_due_is_waited_for()
    {
        var events = await RecordAsync(2);
        clock.Advance(MergeDelay.Default.Within - TimeSpan.FromTicks(1));
        await RunAsync();
        await ChainAsync(events);
        clock.Advance(TimeSpan.FromDays(1));
        await RunAsync();

        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Fact]
    public async Task While_nothing_at_all_is_chained_alarms_beget_no_alarms()
    {
        await RecordAsync(2);
        for (var i = 0; i < 5; i++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            await RunAsync();
        }

        Assert.Equal(2, (await OwnEvents.ToldAsync(Store)).Count);
    }

    [Fact]
    public async Task Each_org_is_told_of_its_own_events()
    {
        var umbrella = OrgId.Parse("umbrella");
        await RecordAsync(1);
        await Store.Events.AppendAsync([Make.Stamped("c1", "theirs", umbrella)], default);
        clock.Advance(TimeSpan.FromHours(1));

        await RunAsync();

        Assert.Single(await OwnEvents.ToldAsync(Store));
        Assert.Equal("theirs", Assert.Single(await OwnEvents.ToldAsync(Store, umbrella)).Data.GetProperty("event_id").GetString());
    }

    [Fact]
    public async Task Two_watchers_at_once_tell_it_once()
    {
        await RecordAsync(20);
        clock.Advance(TimeSpan.FromHours(1));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(RunAsync)));

        Assert.Equal(20, (await OwnEvents.ToldAsync(Store)).Count);
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task Whatever_write_fails_the_next_run_brings_it_to_the_same_end(Fault fault)
    {
        // The faults of the first write hit the first store's, and so on: each round has events of its own.
        for (var failing = 1; ; failing++)
        {
            var events = await RecordAsync(3, $"round-{failing}");
            await ChainAsync([events[1]]);
            clock.Advance(TimeSpan.FromHours(1));
            var plan = new FaultPlan(failing, fault);
            try
            {
                await Watch(new FaultyEventStore(Store.Events, plan), new FaultyPositionStore(Store.Positions, plan)).RunAsync(default);
            }
            catch (InjectedFaultException)
            {
            }

            await RunAsync();
            var told = (await OwnEvents.ToldAsync(Store)).Select(t => t.Data.GetProperty("event_id").GetString()).ToList();
            Assert.Equal(2 * failing, told.Count);
            Assert.Equal([events[0].Id.Value, events[2].Id.Value], told[^2..].Order());
            if (plan.Failed is null)
                break;
            Assert.InRange(failing, 1, 20);
        }
    }

    Task RunAsync() => Watch(Store.Events, Store.Positions).RunAsync(default);

    WatchInclusion Watch(IEventStore events, Core.Siem.IPositionStore positions) =>
        new(Store.Feed, Store.Ledger, positions, new TellOwnEvent(events, clock, new SeededRandom()), MergeDelay.Default, new LedgerHealth(positions), clock);

    async Task<IReadOnlyList<RecordedEvent>> RecordAsync(int n, string prefix = "e")
    {
        var outcomes = await Store.Events.AppendAsync([.. Enumerable.Range(0, n).Select(i => Make.Stamped("c1", $"{prefix}-{i}"))], default);
        var ids = outcomes.Select(o => Assert.IsType<AppendOutcome.Appended>(o).Event.Id).ToHashSet();
        // As the feed gives them, with what the store needs to know them again.
        var recorded = new List<RecordedEvent>();
        for (string? position = null; ;)
        {
            var batch = await Store.Feed.ReadFeedAsync(position, 1000, default);
            if (batch.Events.Count == 0)
                return recorded;
            recorded.AddRange(batch.Events.Where(e => ids.Contains(e.Id)));
            position = batch.Position;
        }
    }

    Task ChainAsync(IReadOnlyList<RecordedEvent> events) => new ExtendLedger(Store.Ledger, Make.Keys).HandleAsync(events, default);
}
