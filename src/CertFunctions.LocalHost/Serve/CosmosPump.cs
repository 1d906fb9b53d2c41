using CertFunctions.Cosmos;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>
/// Runs the change feed processor while the service runs. Several services on one database share the work between them. The instance is the folder, not the
/// process: a service that was killed takes up its leases at its next start, and waits for none to run out.
/// </summary>
sealed partial class CosmosPump(CosmosStore store, ChainFeed chain, LedgerSignal signal, string instance, ILogger<CosmosPump> log) : BackgroundService
{
    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    readonly CosmosEventPump pump = new(store, chain, instance, signal.Raise, e => Log.Failed(log, e));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Another service may take a lease at the moment we take up ours: that is no reason not to serve. Neither is an account that does not answer.
        while (!await DoneAsync(pump.StartAsync, stoppingToken).ConfigureAwait(false))
        {
            await Task.Delay(RetryAfter, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;
        }

        await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Leases that cannot be given back now run out by themselves.
        await DoneAsync(pump.StopAsync, stoppingToken).ConfigureAwait(false);
    }

    async Task<bool> DoneAsync(Func<Task> step, CancellationToken stoppingToken)
    {
        try
        {
            await step().ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return false;
        }
#pragma warning disable CA1031 // Whatever it is, the events are stored and wait; giving up would leave them unchained.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.Failed(log, e);
            return false;
        }
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "chaining failed; the batch comes again")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
