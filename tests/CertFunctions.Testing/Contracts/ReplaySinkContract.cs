using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>R41: a sink is sent again what it had, from any index on, whatever else forwards to it meanwhile, on every store.</summary>
public abstract class ReplaySinkContract : StoreContract
{
    readonly Recorder sink = new();

    [Fact]
    public async Task What_lies_from_the_index_on_goes_out_again_and_it_is_told()
    {
        await ChainAsync(5);
        await ForwardAsync();

        Assert.Equal(new ReplayOutcome.Replaying(2, 5), await ReplayAsync(2));
        await Store.ReopenAsync();
        Assert.Equal(2, await Forwarder().PositionAsync(Make.Org, default));
        await ForwardAsync();

        Assert.Equal([0, 1, 2, 3, 4, 2, 3, 4], sink.Taken);
        var (type, _, data) = Assert.Single(await OwnEvents.ToldAsync(Store));
        Assert.Equal(
            ("siem.replayed", "siem", 2, 5, "ada"),
            (type, data.GetProperty("sink").GetString(), data.GetProperty("from").GetInt32(), data.GetProperty("position").GetInt32(), data.GetProperty("requested_by").GetString()));
    }

    [Fact]
    public async Task A_batch_that_is_under_way_does_not_undo_it_even_where_another_forwarder_came_back_to_the_same_index()
    {
        await ChainAsync(3);
        await ForwardAsync();
        await ChainAsync(2);
        sink.BeforeTaking = async () =>
        {
            sink.BeforeTaking = null;
            // Set back while the batch of 3 and 4 is on its way, and another process brings the sink to 3 again, one at a time.
            Assert.Equal(new ReplayOutcome.Replaying(1, 3), await ReplayAsync(1));
            var there = await Store.Positions.GetAsync("sink/siem/acme", default);
            Assert.True(await Store.Positions.TryMoveAsync("sink/siem/acme", there, "3 1", default));
        };

        Assert.IsType<ForwardOutcome.Sent>(await Forwarder().HandleAsync(Make.Org, default));

        Assert.Equal("3 1", await Store.Positions.GetAsync("sink/siem/acme", default));
        await ForwardAsync();
        Assert.Equal([0, 1, 2, 3, 4, 3, 4], sink.Taken);
    }

    [Fact]
    public async Task Beside_forwarders_that_run_all_the_time_every_entry_from_the_index_on_goes_out_after_it()
    {
        await ChainAsync(40);
        using var stop = new CancellationTokenSource();
        var running = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var forwarder = Forwarder();
            while (!stop.IsCancellationRequested)
                await forwarder.HandleAsync(Make.Org, default);
        })).ToList();
        for (var replay = 0; replay < 10; replay++)
        {
            await ForwardAsync();
            int before;
            lock (sink.Taken)
                before = sink.Taken.Count;
            Assert.IsType<ReplayOutcome.Replaying>(await ReplayAsync(replay));
            await ForwardAsync();
            lock (sink.Taken)
                Assert.Subset(sink.Taken.Skip(before).ToHashSet(), Enumerable.Range(replay, 40 - replay).Select(i => (long)i).ToHashSet());
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        Assert.Equal(10, (await OwnEvents.ToldAsync(Store)).Count);
    }

    [Fact]
    public async Task Nothing_is_passed_over_and_no_other_sink_or_ledger_is_touched()
    {
        await ChainAsync(3);
        await ForwardAsync();

        Assert.Equal(new ReplayOutcome.OutOfRange(3), await ReplayAsync(4));
        Assert.Equal(new ReplayOutcome.OutOfRange(3), await ReplayAsync(-1));
        Assert.Equal(new ReplayOutcome.OutOfRange(0), await Replay().HandleAsync(OrgId.Parse("globex"), "siem", 1, "ada", default));
        Assert.IsType<ReplayOutcome.NoSuchSink>(await Replay().HandleAsync(Make.Org, "other", 0, "ada", default));
        Assert.IsType<ReplayOutcome.Refused>(await Replay(new FileSink("siem", "unused")).HandleAsync(Make.Org, "siem", 0, "ada", default));

        Assert.Equal("3", await Store.Positions.GetAsync("sink/siem/acme", default));
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task Whatever_write_fails_asked_again_it_is_done_and_told(Fault fault)
    {
        await ChainAsync(4);
        for (var failing = 1; ; failing++)
        {
            await ForwardAsync();
            var before = sink.Taken.Count;
            var plan = new FaultPlan(failing, fault);
            try
            {
                await Replay(events: new FaultyEventStore(Store.Events, plan), positions: new FaultyPositionStore(Store.Positions, plan)).HandleAsync(Make.Org, "siem", 1, "ada", default);
            }
            catch (InjectedFaultException)
            {
                Assert.IsType<ReplayOutcome.Replaying>(await ReplayAsync(1));
            }

            await ForwardAsync();
            Assert.Equal([1, 2, 3], sink.Taken.Skip(before));
            Assert.NotEmpty(await OwnEvents.ToldAsync(Store));
            if (plan.Failed is null)
                break;
            Assert.InRange(failing, 1, 5);
        }
    }

    Task<ReplayOutcome> ReplayAsync(long from) => Replay().HandleAsync(Make.Org, "siem", from, "ada", default);

    ReplaySink Replay(ISink? to = null, IEventStore? events = null, IPositionStore? positions = null) =>
        new([Forwarder(to)], positions ?? Store.Positions, new TellOwnEvent(events ?? Store.Events, ManualClock.Default, new SeededRandom()));

    ForwardLedger Forwarder(ISink? to = null) => new(Store.Ledger, Store.Positions, to ?? sink, ManualClock.Default);

    async Task ForwardAsync()
    {
        while (await Forwarder().HandleAsync(Make.Org, default) is ForwardOutcome.Sent)
        {
        }
    }

    /// <summary>Chained without the replays' own events, which no test here forwards.</summary>
    async Task ChainAsync(int n)
    {
        await Store.Events.AppendAsync([.. Enumerable.Range(0, n).Select(_ => Make.Stamped("c1"))], default);
        await new ReconcileEvents(Store.Feed, Store.Positions, new ExtendLedger(Store.Ledger, Make.Keys)).HandleAsync(default);
    }

    /// <summary>Takes everything, and remembers the indexes in the order they came.</summary>
    sealed class Recorder : ISink
    {
        public List<long> Taken { get; } = [];

        public Func<Task>? BeforeTaking { get; set; }

        public string Name => "siem";

        public async Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
        {
            if (BeforeTaking is { } before)
                await before();
            lock (Taken)
                Taken.AddRange(entries.Select(e => e.Index));
            return new SinkOutcome.Delivered();
        }
    }
}
