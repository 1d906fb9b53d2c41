using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Siem;

/// <summary>R37, R41: at least once, in order, from a position of its own; a sink that is down loses nothing and says so.</summary>
public sealed class ForwardLedgerTests
{
    static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(2500);

    readonly MemoryLedgerStore store = new();
    readonly MemoryPositions positions = new();
    readonly ScriptedSink sink = new("siem");
    readonly ManualClock clock = new(Make.Now);
    readonly ForwardLedger forward;

    public ForwardLedgerTests() => forward = Forwarding(sink);

    ForwardLedger Forwarding(ISink to) => new(store, positions, to, clock);

    [Fact]
    public async Task The_ledger_goes_out_in_index_order_a_bounded_batch_at_a_time()
    {
        store.Fill(Entries);

        var steps = new List<ForwardOutcome>();
        do
            steps.Add(await StepAsync());
        while (steps[^1] is ForwardOutcome.Sent);

        Assert.Equal([new ForwardOutcome.Sent(1000), new ForwardOutcome.Sent(1000), new ForwardOutcome.Sent(500), new ForwardOutcome.CaughtUp()], steps);
        Assert.Equal(Entries, sink.Taken);
        Assert.Equal(2500, positions.Saved["sink/siem/acme"]);
    }

    [Fact]
    public async Task An_empty_ledger_is_caught_up_with_and_the_sink_is_not_asked()
    {
        Assert.IsType<ForwardOutcome.CaughtUp>(await StepAsync());

        Assert.Empty(sink.Batches);
        Assert.Equal(new SinkStatus("siem", Make.Org, 0, 0, null, Make.Now), Assert.Single(forward.Statuses));
    }

    [Fact]
    public async Task A_sink_that_is_down_keeps_its_position_and_is_tried_later_and_later_up_to_a_minute()
    {
        store.Fill(Entries);
        await StepAsync();
        sink.Down = "no route to host";

        var waits = new List<double>();
        foreach (var _ in Enumerable.Range(0, 9))
            waits.Add(Assert.IsType<ForwardOutcome.Stalled>(await StepAsync()).RetryAfter.TotalSeconds);

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60, 60], waits);
        Assert.Equal(1000, positions.Saved["sink/siem/acme"]);
    }

    [Fact]
    public async Task A_stalled_sinks_position_failures_and_last_error_are_visible_with_their_time()
    {
        store.Fill(Entries);
        await StepAsync();
        sink.Down = "no route to host";
        await StepAsync();
        clock.Advance(TimeSpan.FromMinutes(5));

        var stalled = Assert.IsType<ForwardOutcome.Stalled>(await StepAsync());

        Assert.Equal("no route to host", stalled.Reason);
        Assert.Equal(new SinkStatus("siem", Make.Org, 1000, 2, "no route to host", Make.Now.AddMinutes(5)) { OldestWaiting = Make.Now }, Assert.Single(forward.Statuses));
    }

    [Fact]
    public async Task Once_it_is_up_again_nothing_is_missing_and_the_failures_are_forgotten()
    {
        store.Fill(Entries);
        sink.Down = "no route to host";
        await StepAsync();
        await StepAsync();
        sink.Down = null;

        while (await StepAsync() is ForwardOutcome.Sent)
        {
        }

        Assert.Equal(Entries, sink.Taken);
        Assert.Equal(new SinkStatus("siem", Make.Org, 2500, 0, null, Make.Now), Assert.Single(forward.Statuses));
        sink.Down = "again";
        store.Fill([.. Reviews.Ledger([.. Entries.Select(e => e.Event), Reviews.Recorded(Reviews.Address("s-2"), 1)]).Skip(2500)]);
        Assert.Equal(TimeSpan.FromSeconds(1), Assert.IsType<ForwardOutcome.Stalled>(await StepAsync()).RetryAfter);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_save_fails_before_it_lands_or_after_no_entry_is_missed_and_none_comes_out_of_turn(bool landed)
    {
        store.Fill(Entries);
        foreach (var failing in Enumerable.Range(0, 3))
        {
            var (taker, saved, saves) = (new ScriptedSink($"s{failing}{landed}"), new MemoryPositions(), 0);
            var fault = () => saves++ == failing ? throw new IOException("the disk") : 0;
            if (landed)
                saved.AfterSave = () => fault();
            else
                saved.BeforeSave = () => fault();
            var faulty = new ForwardLedger(store, saved, taker, clock);

            var thrown = 0;
            for (ForwardOutcome? outcome = null; outcome is not ForwardOutcome.CaughtUp;)
            {
                try
                {
                    outcome = await faulty.HandleAsync(Make.Org, default);
                }
                catch (IOException)
                {
                    thrown++;
                }
            }

            Assert.Equal(1, thrown);
            Assert.Equal(Entries, taker.Taken.Distinct());
            Assert.Equal(landed ? 2500 : 2500 + taker.Batches[failing], taker.Taken.Count);
        }
    }

    [Fact]
    public async Task A_caller_who_gives_up_after_the_sink_took_the_batch_does_not_make_it_forgotten()
    {
        store.Fill(Entries);
        using var giveUp = new CancellationTokenSource();
        sink.WhileSending = giveUp.Cancel;

        Assert.Equal(new ForwardOutcome.Sent(1000), await forward.HandleAsync(Make.Org, giveUp.Token));

        Assert.Equal(1000, positions.Saved["sink/siem/acme"]);
    }

    [Fact]
    public async Task Sinks_and_ledgers_do_not_hold_each_other_up()
    {
        var other = OrgId.Parse("other");
        store.Fill(Entries);
        store.Fill(Reviews.Ledger(Reviews.Events(3, other)));
        var second = new ScriptedSink("second");
        sink.Down = "no route to host";

        Assert.IsType<ForwardOutcome.Stalled>(await StepAsync());
        Assert.IsType<ForwardOutcome.Sent>(await Forwarding(second).HandleAsync(Make.Org, default));
        sink.Down = null;
        Assert.Equal(new ForwardOutcome.Sent(3), await forward.HandleAsync(other, default));

        Assert.Equal(new Dictionary<string, long> { ["sink/second/acme"] = 1000, ["sink/siem/other"] = 3 }, positions.Saved);
        Assert.Equal([("acme", 1), ("other", 0)], forward.Statuses.Select(s => (s.Ledger.Value, s.FailuresInARow)).Order());
    }

    [Fact]
    public async Task Who_starts_anew_goes_on_from_the_saved_position()
    {
        store.Fill(Entries);
        await StepAsync();

        Assert.Equal(new ForwardOutcome.Sent(1000), await Forwarding(sink).HandleAsync(Make.Org, default));

        Assert.Equal(Entries.Take(2000), sink.Taken);
    }

    Task<ForwardOutcome> StepAsync() => forward.HandleAsync(Make.Org, default);
}
