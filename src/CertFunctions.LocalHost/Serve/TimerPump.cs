using CertFunctions.Core.Timers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>Runs every timed job there is while the service runs.</summary>
sealed class TimerPump(RunTimers timers) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => timers.RunAsync(stoppingToken);
}

/// <summary>What the log has of the timers.</summary>
static partial class TimerLog
{
    public static void Tell(ILogger logger, TimerNotice notice)
    {
        switch (notice)
        {
            case TimerNotice.Ran { Error: { } error, Run: var run }:
                Failed(logger, error, run.Job, run.Took);
                break;
            case TimerNotice.Ran { Run: var run }:
                Ran(logger, run.Job, run.Took);
                break;
            case TimerNotice.Stalled stalled:
                Stalled(logger, stalled.Error, stalled.Job);
                break;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "the timed job {Job} failed after {Took}; it is run again in its time")]
    static partial void Failed(ILogger logger, Exception e, string job, TimeSpan took);

    [LoggerMessage(2, LogLevel.Information, "the timed job {Job} took {Took}")]
    static partial void Ran(ILogger logger, string job, TimeSpan took);

    [LoggerMessage(3, LogLevel.Error, "the timed job {Job} cannot be looked after; it is tried again soon")]
    static partial void Stalled(ILogger logger, Exception e, string job);
}
