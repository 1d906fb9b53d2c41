using System.Runtime.ExceptionServices;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Timers;

/// <summary>Runs a timed job once, counted and timed, and remembers how it went, for whichever process asks.</summary>
public sealed class RunJob(IEnumerable<ITimedJob> jobs, IPositionStore positions, TimeProvider clock)
{
    /// <summary>The jobs there are. Their names differ.</summary>
    public IReadOnlyList<ITimedJob> Jobs { get; } = Distinct([.. jobs]);

    /// <summary>Runs a job by its name, for a host whose timers only know names. What stops it is thrown.</summary>
    public async Task HandleAsync(string name, CancellationToken cancellationToken)
    {
        if ((await RunAsync(Jobs.Single(j => j.Name == name), cancellationToken).ConfigureAwait(false)).Error is { } error)
            ExceptionDispatchInfo.Throw(error);
    }

    /// <summary>The last run of a job, by whichever process; null where none is remembered.</summary>
    public async Task<TimerRun?> LastAsync(string job, CancellationToken cancellationToken) =>
        TimerRun.Read(job, await positions.GetAsync(TimerRun.PositionOf(job), cancellationToken).ConfigureAwait(false));

    /// <summary>Runs a job; with what stopped it, where something did. Throws only when it is cancelled, or when the run cannot be remembered.</summary>
    internal async Task<(TimerRun Run, Exception? Error)> RunAsync(ITimedJob job, CancellationToken cancellationToken)
    {
        var (began, start) = (clock.GetUtcNow(), clock.GetTimestamp());
        Exception? error = null;
        try
        {
            await Instruments.RunAsync(job, clock, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The job's own failure is told, remembered, and no reason not to run it again.
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
#pragma warning restore CA1031
        {
            error = e;
        }

        var run = new TimerRun(job.Name, began, clock.GetElapsedTime(start), error is null ? null : $"{error.GetType().Name}: {error.Message}");
        // Past this point the job was run, whether we are being stopped or not. If we die before it is saved, the job is run once more.
        await positions.SaveAsync(TimerRun.PositionOf(job.Name), run.Print(), CancellationToken.None).ConfigureAwait(false);
        return (run, error);
    }

    static ITimedJob[] Distinct(ITimedJob[] jobs) =>
        jobs.DistinctBy(j => j.Name).Count() == jobs.Length ? jobs : throw new ArgumentException("two jobs have one name", nameof(jobs));
}
