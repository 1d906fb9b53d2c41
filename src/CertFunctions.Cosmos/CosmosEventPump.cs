using System.Text.Json;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The change feed processor, for a host without triggers: it shares the feed with every other process on the same leases, delivers a batch again until
/// <see cref="ChainFeed"/> took it, and begins at the beginning.
/// </summary>
public sealed class CosmosEventPump
{
    readonly ChangeFeedProcessor processor;

    /// <param name="store">Whose events to chain.</param>
    /// <param name="chain">Takes the batches.</param>
    /// <param name="instance">Unique among the processes that run at once.</param>
    /// <param name="chained">Called after each batch.</param>
    /// <param name="failed">Told of what goes wrong; the batch comes again by itself.</param>
    public CosmosEventPump(CosmosStore store, ChainFeed chain, string instance, Action chained, Action<Exception> failed)
    {
        processor = store.Database.GetContainer(CosmosLayout.Events)
            .GetChangeFeedProcessorBuilder<JsonElement>("ledger-", async (_, batch, cancellationToken) =>
            {
                await chain.HandleAsync(batch, cancellationToken).ConfigureAwait(false);
                chained();
            })
            .WithInstanceName(instance)
            .WithLeaseContainer(store.Database.GetContainer(CosmosLayout.Leases))
            .WithStartTime(DateTime.MinValue.ToUniversalTime())
            .WithPollInterval(TimeSpan.FromMilliseconds(200))
            .WithLeaseConfiguration(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(4))
            .WithErrorNotification((_, e) =>
            {
                failed(e);
                return Task.CompletedTask;
            })
            .Build();
    }

    public Task StartAsync() => processor.StartAsync();

    public Task StopAsync() => processor.StopAsync();
}
