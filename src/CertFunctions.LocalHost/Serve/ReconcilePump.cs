using CertFunctions.Core.Ledger;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>Runs the reconciler from time to time: once soon after the start, then every few minutes.</summary>
sealed partial class ReconcilePump(ReconcileEvents reconcile, LedgerSignal signal, TimeProvider clock, ILogger<ReconcilePump> log) : BackgroundService
{
    static readonly TimeSpan First = TimeSpan.FromSeconds(30), Every = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = First; ; pause = Every)
        {
            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;
            try
            {
                await reconcile.HandleAsync(stoppingToken).ConfigureAwait(false);
                signal.Raise();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the next run goes over the same events.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.Failed(log, e);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "reconciling failed; the next run goes over the same events")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
