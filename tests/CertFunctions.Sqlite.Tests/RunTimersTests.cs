using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CertFunctions.Core.Timers;
using CertFunctions.Testing;

namespace CertFunctions.Sqlite.Tests;

/// <summary>Timers on a real store, by a clock that the tests move.</summary>
public sealed class RunTimersTests : IAsyncDisposable
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1), Minute = TimeSpan.FromMinutes(1);

    readonly SteppedClock clock = SteppedClock.Default;
    readonly SqliteUnderTest store;
    readonly List<TimerProcess> processes = [];
    readonly LeaseCount counts = new();
    readonly HourlyJob job;

    public RunTimersTests()
    {
        store = new SqliteUnderTest(clock);
        job = new HourlyJob(clock);
    }

    [Fact]
    public async Task A_job_that_never_ran_is_run_at_once_and_then_each_period()
    {
        await StartAsync("a");
        Assert.Single(job.Runs);
        await PassAsync(Hour - Minute);
        Assert.Single(job.Runs);
        await PassAsync(Minute);
        Assert.Equal(2, job.Runs.Count);
        await PassAsync(4 * Hour);
        Assert.Equal(6, job.Runs.Count);
        Assert.Equal(Enumerable.Range(0, 6).Select(i => Make.Now + i * Hour), job.Runs);
    }

    [Fact]
    public async Task A_restart_within_the_period_runs_nothing_and_one_after_downtime_runs_once()
    {
        await (await StartAsync("a")).StopAsync();
        clock.Advance(Hour / 2);
        await store.ReopenAsync();
        await (await StartAsync("a")).StopAsync();
        Assert.Single(job.Runs);
        clock.Advance(3 * 24 * Hour);
        await StartAsync("a");
        Assert.Equal(2, job.Runs.Count);
        await PassAsync(Hour - Minute);
        Assert.Equal(2, job.Runs.Count);
    }

    [Fact]
    public async Task A_run_that_takes_longer_than_the_period_never_overlaps_and_the_next_follows_it()
    {
        job.Hold();
        var process = await StartAsync("a", settle: false);
        await Eventually.TrueAsync(() => job.Runs.Count == 1, "the first run began");
        for (var i = 0; i < 150; i++)
            clock.Advance(Minute);
        Assert.Single(job.Runs);
        job.Release();
        await Eventually.TrueAsync(() => job.Runs.Count == 2, "the next run followed");
        Assert.Equal(1, job.MostAtOnce);
        Assert.Equal(150 * Minute, process.Notices.OfType<TimerNotice.Ran>().First().Run.Took);
    }

    [Fact]
    public async Task A_run_that_fails_is_told_and_remembered_and_the_next_comes_in_its_time()
    {
        job.Fails = true;
        var process = await StartAsync("a");
        var ran = Assert.Single(process.Notices.OfType<TimerNotice.Ran>());
        Assert.Equal(("test", "InvalidOperationException: it went wrong"), (ran.Run.Job, ran.Run.Error));
        Assert.NotNull(ran.Error);
        Assert.False((await LastAsync())!.Succeeded);
        await PassAsync(Hour - Minute);
        Assert.Single(job.Runs);
        job.Fails = false;
        await PassAsync(Minute);
        Assert.Equal(2, job.Runs.Count);
        Assert.True((await LastAsync())!.Succeeded);
    }

    [Fact]
    public async Task Of_several_processes_one_runs_the_job_each_period()
    {
        await StartAsync("a");
        await StartAsync("b");
        await StartAsync("c");
        await PassAsync(6 * Hour);
        Assert.Equal(7, job.Runs.Count);
        Assert.Equal(1, job.MostAtOnce);
    }

    [Fact]
    public async Task While_one_is_at_it_for_hours_the_others_keep_out()
    {
        job.Hold();
        await StartAsync("a", settle: false);
        await Eventually.TrueAsync(() => job.Runs.Count == 1, "the first run began");
        await StartAsync("b", settle: false);
        await SettleAsync(2, held: 1);
        // a waits to renew its lease, b to look again.
        for (var i = 0; i < 240; i++)
        {
            clock.Advance(Minute / 2);
            await SettleAsync(2, held: 1);
        }

        Assert.Single(job.Runs);
        job.Release();
        await Eventually.TrueAsync(() => job.Runs.Count > 1, "the next run");
        Assert.Equal(1, job.MostAtOnce);
    }

    [Fact]
    public async Task One_that_died_at_it_gives_way_when_its_lease_has_run_out()
    {
        Assert.True(await store.Leases.TryTakeAsync("timer/test", "dead", RunTimers.LeaseTime, default));
        await StartAsync("b");
        Assert.Empty(job.Runs);
        await PassAsync(RunTimers.LeaseTime - Minute);
        Assert.Empty(job.Runs);
        await PassAsync(Minute);
        Assert.Single(job.Runs);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_or_ahead_stops_nothing()
    {
        await StartAsync("a");
        clock.Set(-24 * Hour);
        await PassAsync(Minute);
        Assert.Equal(2, job.Runs.Count);
        await PassAsync(3 * Hour);
        Assert.Equal(5, job.Runs.Count);
        clock.Set(24 * Hour);
        await PassAsync(Minute);
        Assert.Equal(6, job.Runs.Count);
    }

    [Fact]
    public async Task A_store_that_fails_is_told_and_the_job_stays_due()
    {
        var failing = new FailingLeases(store.Leases) { Fails = true };
        var process = await StartAsync("a", failing);
        Assert.Empty(job.Runs);
        Assert.IsType<TimerNotice.Stalled>(Assert.Single(process.Notices));
        failing.Fails = false;
        await PassAsync(Minute);
        Assert.Single(job.Runs);
    }

    [Fact]
    public async Task The_last_run_is_there_for_whoever_asks_after_a_restart_too()
    {
        job.Hold();
        var process = await StartAsync("a", settle: false);
        await Eventually.TrueAsync(() => job.Runs.Count == 1, "it runs");
        clock.Advance(TimeSpan.FromSeconds(7));
        job.Release();
        await SettleAsync(1);
        await process.StopAsync();
        await store.ReopenAsync();
        Assert.Equal(new TimerRun("test", Make.Now, TimeSpan.FromSeconds(7), null), await LastAsync());
    }

    [Fact]
    public async Task Stopping_tells_the_run_under_way_and_waits_for_it()
    {
        job.Hold();
        var process = await StartAsync("a", settle: false);
        await Eventually.TrueAsync(() => job.Runs.Count == 1, "it runs");
        await process.StopAsync();
        Assert.Equal(0, job.AtIt);
        Assert.Null(await LastAsync());
        Assert.True(await store.Leases.TryTakeAsync("timer/test", "b", Minute, default));
    }

    [Fact]
    public async Task Runs_are_measured()
    {
        var measured = new ConcurrentBag<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "CertFunctions")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, n, tags, _) => measured.Add($"{instrument.Name} {n} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => measured.Add($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"));
        listener.Start();
        job.Name = "measured";
        await StartAsync("a");
        job.Fails = true;
        await PassAsync(Hour);
        foreach (var expected in new[] { "certfn.job.runs 1 job=measured outcome=done", "certfn.job.runs 1 job=measured outcome=failed", "certfn.job.duration job=measured" })
            Assert.Contains(expected, measured);
    }

    Task<TimerRun?> LastAsync() => new RunJob([], store.Positions, clock).LastAsync("test", default);

    async Task<TimerProcess> StartAsync(string holder, ILeases? leases = null, bool settle = true)
    {
        var process = new TimerProcess([job], new CountedLeases(leases ?? store.Leases, counts), store, clock, holder);
        processes.Add(process);
        if (settle)
            await SettleAsync(processes.Count(p => p.IsRunning));
        return process;
    }

    /// <summary>Lets time pass in steps that every wait can follow.</summary>
    async Task PassAsync(TimeSpan time)
    {
        for (; time > TimeSpan.Zero; time -= Minute)
        {
            clock.Advance(Minute);
            await SettleAsync(processes.Count(p => p.IsRunning));
        }
    }

    /// <summary>Until that many waits are under way again, and so many leases are held: a run's renewal waits too, so waits alone do not tell a run from its end.</summary>
    Task SettleAsync(int waits, int held = 0) => Eventually.TrueAsync(
        () =>
        {
            // Given back is read before the waits and taken after them: what they agree on held in between.
            var back = counts.GivenBack;
            return clock.Waiting == waits && counts.Taken - back == held;
        },
        $"{waits} waits with {held} leases held; there are {clock.Waiting}");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
            await process.StopAsync();
        await store.DisposeAsync();
    }
}
