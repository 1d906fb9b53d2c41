using CertFunctions.Core.Publishing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>Publishes once at the start, and then at the job's pace.</summary>
sealed partial class PublishLoop(PublishCheckpoints job, TimeProvider clock, ILogger<PublishLoop> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await job.RunAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the next run begins from what the archive holds.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.Failed(log, e);
            }

            await Task.Delay(job.Every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "publishing checkpoints failed; it is tried again in a minute")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
