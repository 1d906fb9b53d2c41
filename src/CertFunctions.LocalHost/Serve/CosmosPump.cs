using CertFunctions.Cosmos;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>Runs the change feed processor while the service runs. Several services on one database share the work between them.</summary>
sealed partial class CosmosPump(CosmosStore store, ChainFeed chain, LedgerSignal signal, ILogger<CosmosPump> log) : IHostedService
{
    readonly CosmosEventPump pump = new(store, chain, $"{Environment.MachineName}-{Environment.ProcessId}", signal.Raise, e => Log.Failed(log, e));

    public Task StartAsync(CancellationToken cancellationToken) => pump.StartAsync();

    public Task StopAsync(CancellationToken cancellationToken) => pump.StopAsync();

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "chaining failed; the batch comes again")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
