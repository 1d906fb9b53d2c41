using CertFunctions.Core.Ingest;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// Goes over the events' feed a second time, by itself, and chains what the first reader passed over: a batch that was lost with its lease, a trigger that
/// gave up. Reads on from where the last run of this process ended; the first run begins at the beginning. What is chained already costs a look-up.
/// If it dies, the next run goes over the same events; run twice it changes nothing.
/// </summary>
public sealed class ReconcileEvents(IEventFeed feed, ExtendLedger handler)
{
    const int BatchEvents = 1000;

    string? position;

    /// <summary>Goes to the end of the feed; how many events it looked at.</summary>
    public async Task<long> HandleAsync(CancellationToken cancellationToken)
    {
        long seen = 0;
        while (true)
        {
            var batch = await feed.ReadFeedAsync(position, BatchEvents, cancellationToken).ConfigureAwait(false);
            if (batch.Events.Count == 0)
                return seen;
            await handler.ReconcileAsync(batch.Events, cancellationToken).ConfigureAwait(false);
            position = batch.Position;
            seen += batch.Events.Count;
        }
    }
}
