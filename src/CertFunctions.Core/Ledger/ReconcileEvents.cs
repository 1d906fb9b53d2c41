using CertFunctions.Core.Ingest;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// Goes over the events' feed a second time, by itself, and chains what the first reader passed over: a batch that was lost with its lease, a trigger that
/// gave up. Keeps a position of its own, saved once a batch is known to be chained: if we die between the two, the next run goes over the batch again and
/// finds it chained. What is chained already costs a look-up.
/// </summary>
public sealed class ReconcileEvents(IEventFeed feed, IPositionStore positions, ExtendLedger handler) : ITimedJob
{
    /// <summary>The name this reader keeps its position under.</summary>
    public const string Reader = "reconcile";

    const int BatchEvents = 1000;

    public string Name => "reconcile";

    public TimeSpan Every => TimeSpan.FromMinutes(5);

    public Task RunAsync(CancellationToken cancellationToken) => HandleAsync(cancellationToken);

    /// <summary>Goes to the end of the feed; how many events it looked at.</summary>
    public async Task<long> HandleAsync(CancellationToken cancellationToken)
    {
        var position = await positions.GetAsync(Reader, cancellationToken).ConfigureAwait(false);
        long seen = 0;
        while (true)
        {
            var batch = await feed.ReadFeedAsync(position, BatchEvents, cancellationToken).ConfigureAwait(false);
            if (batch.Events.Count == 0)
                return seen;
            await handler.ReconcileAsync(batch.Events, cancellationToken).ConfigureAwait(false);
            position = batch.Position;
            await positions.SaveAsync(Reader, position!, CancellationToken.None).ConfigureAwait(false);
            seen += batch.Events.Count;
        }
    }
}
