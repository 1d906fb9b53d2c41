using System.Collections.Concurrent;
using CertFunctions.Core.Timers;

namespace CertFunctions.Sqlite.Tests;

/// <summary>A process with timers in it.</summary>
sealed class TimerProcess
{
    readonly CancellationTokenSource stop = new();
    readonly Task running;

    public TimerProcess(IReadOnlyList<ITimedJob> jobs, ILeases leases, SqliteUnderTest store, TimeProvider clock, string holder) =>
        running = new RunTimers(new RunJob(jobs, store.Positions, clock), leases, clock, holder, Notices.Enqueue).RunAsync(stop.Token);

    public ConcurrentQueue<TimerNotice> Notices { get; } = [];

    public bool IsRunning { get; private set; } = true;

    public async Task StopAsync()
    {
        IsRunning = false;
        await stop.CancelAsync();
        await running;
    }
}

/// <summary>An hourly job that can be held at its work, or fail at it.</summary>
sealed class HourlyJob(TimeProvider clock) : ITimedJob
{
    readonly Lock gate = new();
    TaskCompletionSource free = Completed();

    public string Name { get; set; } = "test";

    public TimeSpan Every => TimeSpan.FromHours(1);

    public bool Fails { get; set; }

    public ConcurrentQueue<DateTimeOffset> Runs { get; } = [];

    public int AtIt { get; private set; }

    public int MostAtOnce { get; private set; }

    public void Hold() => free = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => free.TrySetResult();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        lock (gate)
            MostAtOnce = Math.Max(MostAtOnce, ++AtIt);
        Runs.Enqueue(clock.GetUtcNow());
        try
        {
            await free.Task.WaitAsync(cancellationToken);
            if (Fails)
                throw new InvalidOperationException("it went wrong");
        }
        finally
        {
            lock (gate)
                AtIt--;
        }
    }

    static TaskCompletionSource Completed()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }
}

/// <summary>How many leases were taken, and given back, by several processes.</summary>
sealed class LeaseCount
{
    int taken, givenBack;

    public int Taken => Volatile.Read(ref taken);

    public int GivenBack => Volatile.Read(ref givenBack);

    public void Take() => Interlocked.Increment(ref taken);

    public void GiveBack() => Interlocked.Increment(ref givenBack);
}

/// <summary>Leases that are counted from before they are taken until after they are given back.</summary>
sealed class CountedLeases(ILeases inner, LeaseCount counts) : ILeases
{
    public async Task<bool> TryTakeAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        counts.Take();
        var isOurs = false;
        try
        {
            return isOurs = await inner.TryTakeAsync(name, holder, timeToLive, cancellationToken);
        }
        finally
        {
            if (!isOurs)
                counts.GiveBack();
        }
    }

    public Task<bool> RenewAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken) => inner.RenewAsync(name, holder, timeToLive, cancellationToken);

    public async Task ReleaseAsync(string name, string holder, CancellationToken cancellationToken)
    {
        await inner.ReleaseAsync(name, holder, cancellationToken);
        counts.GiveBack();
    }
}

/// <summary>Leases that are not to be had for a while.</summary>
sealed class FailingLeases(ILeases inner) : ILeases
{
    public bool Fails { get; set; }

    public Task<bool> TryTakeAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken) =>
        Fails ? throw new IOException("no answer") : inner.TryTakeAsync(name, holder, timeToLive, cancellationToken);

    public Task<bool> RenewAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken) => inner.RenewAsync(name, holder, timeToLive, cancellationToken);

    public Task ReleaseAsync(string name, string holder, CancellationToken cancellationToken) => inner.ReleaseAsync(name, holder, cancellationToken);
}
