using System.Text.Json;
using CertFunctions.Cosmos;
using Microsoft.Azure.Functions.Worker;

namespace CertFunctions.App.Functions;

/// <summary>
/// The change feeds. A batch whose handler throws is delivered again until it does not: without the retry for ever the host would pass over it. Documents that can
/// never be handled are put away by the handler, so that they do not stop what follows.
/// </summary>
public sealed class Feeds(ChainFeed chain, ForwardFeed forward)
{
    /// <summary>Events into the ledger. Run twice with a batch, the second time finds its events chained and writes nothing.</summary>
    [Function("ChainEvents")]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:05:00")]
    public Task ChainEvents(
        [CosmosDBTrigger(
            "%CosmosDatabase%",
            CosmosLayout.Events,
            Connection = "Cosmos",
            LeaseContainerName = CosmosLayout.Leases,
            LeaseContainerPrefix = "%ChainLeasePrefix%",
            CreateLeaseContainerIfNotExists = false,
            StartFromBeginning = true,
            MaxItemsPerInvocation = 500,
            FeedPollDelay = 1000)]
        IReadOnlyList<JsonElement> batch,
        CancellationToken cancellationToken) => chain.HandleAsync(batch, cancellationToken);

    /// <summary>The ledger to the sinks. Run twice with a batch, the second time finds each sink's position behind it; at worst entries go out again with the same index.</summary>
    [Function("ForwardLedger")]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:05:00")]
    public Task ForwardLedger(
        [CosmosDBTrigger(
            "%CosmosDatabase%",
            CosmosLayout.Ledger,
            Connection = "Cosmos",
            LeaseContainerName = CosmosLayout.Leases,
            LeaseContainerPrefix = "%ForwardLeasePrefix%",
            CreateLeaseContainerIfNotExists = false,
            StartFromBeginning = true,
            MaxItemsPerInvocation = 1000,
            FeedPollDelay = 1000)]
        IReadOnlyList<JsonElement> batch,
        CancellationToken cancellationToken) => forward.HandleAsync(batch, cancellationToken);
}
