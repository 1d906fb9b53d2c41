using System.Net;
using System.Text.Json;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The events container's change feed, read by whoever keeps a position. The position is the SDK's continuation token, which covers every physical
/// partition. Beside the processor this is what a reconciler reads: it shares neither leases nor position with it.
/// </summary>
sealed class CosmosEventFeed(Container container, IQuarantine quarantine) : IEventFeed
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    readonly FeedDocuments documents = new(quarantine);

    public async Task<FeedBatch> ReadFeedAsync(string? position, int limit, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        var from = position is null ? ChangeFeedStartFrom.Beginning() : ChangeFeedStartFrom.ContinuationToken(position);
        using var pages = container.GetChangeFeedIterator<JsonElement>(from, ChangeFeedMode.LatestVersion, new ChangeFeedRequestOptions { PageSizeHint = limit });
        while (true)
        {
            var page = await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false);
            if (page.StatusCode == HttpStatusCode.NotModified)
                return new FeedBatch([], page.ContinuationToken);
            var events = await documents.EventsAsync(page, cancellationToken).ConfigureAwait(false);
            // A page of nothing but heads is no news; there may be more behind it.
            if (events.Count > 0)
                return new FeedBatch(events, page.ContinuationToken);
        }
    }).ConfigureAwait(false);

    public Task WaitAsync(string? position, TimeSpan patience, CancellationToken cancellationToken) => Task.Delay(patience < Poll ? patience : Poll, cancellationToken);
}
