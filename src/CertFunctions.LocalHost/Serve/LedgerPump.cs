using CertFunctions.Core.Ledger;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>Keeps the ledger up with the events, batch after batch. A step that fails is taken again, from the position that is stored.</summary>
sealed partial class LedgerPump(PumpEvents pump, LedgerSignal signal, ILogger<LedgerPump> log) : BackgroundService
{
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await pump.StepAsync(stoppingToken).ConfigureAwait(false) > 0)
                    signal.Raise();
                else
                    await pump.WaitAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the events are stored and wait; giving up would leave them unchained.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.Failed(log, e);
                await Task.Delay(RetryAfter, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "chaining failed; the batch comes again")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
