
namespace CertFunctions.Core.Timers;

/// <summary>
/// Runs timed jobs, each at its own pace, by one process at a time. A job is due its period after its last run began, whichever process ran it, and at once when
/// that is longer ago: after downtime the next start catches up, with one run. A run that takes longer than the period puts the next one off and never
/// overlaps it here. If we die during a run, its lease runs out and another process, or our next start, finds the job due; so a job is run at least once, and
/// bears being run twice.
/// </summary>
public sealed class RunTimers(RunJob run, ILeases leases, TimeProvider clock, string holder, Action<TimerNotice> tell)
{
    /// <summary>How long a lease lasts that its holder does not renew: how long others wait for one that died.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);

    /// <summary>Longest wait before looking again: another process may have run the job, or the clock been set.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Runs the jobs until it is cancelled. A run under way is told, and waited for.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(run.Jobs.Select(job => LoopAsync(job, cancellationToken)));

    async Task LoopAsync(ITimedJob job, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                pause = await StepAsync(job, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is (the store does not answer, say), the job stays due.
            catch (Exception e)
#pragma warning restore CA1031
            {
                tell(new TimerNotice.Stalled(job.Name, e));
                pause = RetryAfter;
            }

            await WaitAsync(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs the job if it is due and nobody else is at it; how long to wait before looking again.</summary>
    async Task<TimeSpan> StepAsync(ITimedJob job, CancellationToken cancellationToken)
    {
        if (await UntilDueAsync(job, cancellationToken).ConfigureAwait(false) is { Ticks: > 0 } wait)
            return wait;
        var name = TimerRun.PositionOf(job.Name);
        if (!await leases.TryTakeAsync(name, holder, LeaseTime, cancellationToken).ConfigureAwait(false))
            return Shorter(Patience, job.Every);
        try
        {
            // Looked at again with the lease in hand: whoever had it before may have run the job since.
            if (await UntilDueAsync(job, cancellationToken).ConfigureAwait(false) is { Ticks: > 0 } more)
                return more;
            await RunAsync(job, name, cancellationToken).ConfigureAwait(false);
            return TimeSpan.Zero;
        }
        finally
        {
            // If we die here, or this fails, the lease runs out by itself.
            await leases.ReleaseAsync(name, holder, CancellationToken.None).ConfigureAwait(false);
        }
    }

    async Task RunAsync(ITimedJob job, string lease, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var renewing = RenewAsync(job.Name, lease, ended.Token);
        try
        {
            var (ran, error) = await run.RunAsync(job, cancellationToken).ConfigureAwait(false);
            tell(new TimerNotice.Ran(ran, error));
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await renewing.ConfigureAwait(false);
        }
    }

    /// <summary>Keeps the lease while a run lasts. One that was lost all the same is let go: the run goes on, and whoever has it now may run the job too.</summary>
    async Task RenewAsync(string job, string lease, CancellationToken ended)
    {
        while (true)
        {
            await WaitAsync(LeaseTime / 4, ended).ConfigureAwait(false);
            if (ended.IsCancellationRequested)
                return;
            try
            {
                if (!await leases.RenewAsync(lease, holder, LeaseTime, ended).ConfigureAwait(false))
                    return;
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The store may answer next time, and the lease lasts for a few of these.
            catch (Exception e)
#pragma warning restore CA1031
            {
                tell(new TimerNotice.Stalled(job, e));
            }
        }
    }

    /// <summary>How long until the job is due, at most the patience; zero or less when it is.</summary>
    async Task<TimeSpan> UntilDueAsync(ITimedJob job, CancellationToken cancellationToken)
    {
        if (await run.LastAsync(job.Name, cancellationToken).ConfigureAwait(false) is not { } last)
            return TimeSpan.Zero;
        var since = clock.GetUtcNow() - last.Began;
        // A last run further ahead than a period is of a clock that has been set back since: waiting for it could take for ever.
        return since < -job.Every ? TimeSpan.Zero : Shorter(Patience, job.Every - since);
    }

    /// <summary>Waits on the clock that was given; ends early, without a fault, when cancelled.</summary>
    async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        if (pause <= TimeSpan.Zero || cancellationToken.IsCancellationRequested)
            return;
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var timer = clock.CreateTimer(_ => over.TrySetResult(), null, pause, Timeout.InfiniteTimeSpan);
        await using (timer.ConfigureAwait(false))
        await using (cancellationToken.Register(() => over.TrySetResult()).ConfigureAwait(false))
            await over.Task.ConfigureAwait(false);
    }

    static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}

/// <summary>What a host may want to know, and log, of the timers.</summary>
public abstract record TimerNotice
{
    TimerNotice()
    {
    }

    /// <summary>A run ended; with what stopped it, where something did.</summary>
    public sealed record Ran(TimerRun Run, Exception? Error) : TimerNotice;

    /// <summary>The job could not be looked after: the store of leases or of positions failed. It is tried again soon.</summary>
    public sealed record Stalled(string Job, Exception Error) : TimerNotice;
}
