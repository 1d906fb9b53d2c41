using System.Text.Json;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Cosmos;

/// <summary>
/// A batch of the events container's change feed goes to the ledger. Driven by a Functions trigger and by the change feed processor alike. Run twice with a
/// batch it changes nothing; when it throws, the batch must come again.
/// </summary>
public sealed class ChainFeed(ExtendLedger ledger, IQuarantine quarantine)
{
    readonly FeedDocuments documents = new(quarantine);

    public Task HandleAsync(IEnumerable<JsonElement> batch, CancellationToken cancellationToken) => Instruments.BatchAsync("events", async () =>
    {
        var events = await documents.EventsAsync(batch, cancellationToken).ConfigureAwait(false);
        if (events.Count > 0)
            await ledger.HandleAsync(events, cancellationToken).ConfigureAwait(false);
    });
}
