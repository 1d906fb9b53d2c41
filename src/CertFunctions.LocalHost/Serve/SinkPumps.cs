using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>Keeps every sink up with every ledger. Each sink goes at its own pace: one that is down holds up no other.</summary>
sealed partial class SinkPumps(IReadOnlyList<ForwardLedger> forwarders, ILedgerStore store, LedgerSignal signal, ILogger<SinkPumps> log) : BackgroundService
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(forwarders.Select(f => Task.Run(() => RunAsync(f, stoppingToken), stoppingToken)));

    async Task RunAsync(ForwardLedger forwarder, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var grown = signal.Next;
                var wait = await ForwardAllAsync(forwarder, stoppingToken).ConfigureAwait(false);
                if (wait is { } pause)
                    await Task.Delay(pause, stoppingToken).ConfigureAwait(false);
                else
                    await Task.WhenAny(grown, Task.Delay(Patience, stoppingToken)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the ledger keeps what the sink lacks; giving up would stall it for ever.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.Failed(log, e, forwarder.Sink.Name);
                await Task.Delay(Patience, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Forwards until every ledger is caught up; how long to pause where the sink would not.</summary>
    async Task<TimeSpan?> ForwardAllAsync(ForwardLedger forwarder, CancellationToken stoppingToken)
    {
        TimeSpan? pause = null;
        foreach (var ledger in await store.ListAsync(stoppingToken).ConfigureAwait(false))
        {
            ForwardOutcome outcome;
            do
                outcome = await forwarder.HandleAsync(ledger, stoppingToken).ConfigureAwait(false);
            while (outcome is ForwardOutcome.Sent);
            if (outcome is ForwardOutcome.Stalled stalled)
            {
                Log.Stalled(log, forwarder.Sink.Name, ledger.Value, stalled.Reason);
                pause = pause is { } p && p < stalled.RetryAfter ? p : stalled.RetryAfter;
            }
        }

        return pause;
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "forwarding to {Sink} failed; it goes on from its position")]
        public static partial void Failed(ILogger logger, Exception e, string sink);

        [LoggerMessage(2, LogLevel.Warning, "the sink {Sink} does not take the ledger of {Ledger}: {Reason}")]
        public static partial void Stalled(ILogger logger, string sink, string ledger, string reason);
    }
}
