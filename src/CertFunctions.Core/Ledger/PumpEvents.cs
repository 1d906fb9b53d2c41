using CertFunctions.Core.Ingest;
using CertFunctions.Core.Siem;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// Carries the events' feed to the ledger in a host without triggers, one step at a time. The position is saved after the batch is chained: if we
/// die between the two, the batch comes again and <see cref="ExtendLedger"/> finds it chained.
/// </summary>
public sealed class PumpEvents(IEventFeed feed, IPositionStore positions, ExtendLedger handler)
{
    /// <summary>The name this reader keeps its position under.</summary>
    public const string Reader = "ledger";

    const int BatchEvents = 2000;

    string? position;
    bool known;

    /// <summary>Chains the next batch; the number of events in it, 0 when there was nothing new.</summary>
    public async Task<int> StepAsync(CancellationToken cancellationToken)
    {
        var from = known ? position : await positions.GetAsync(Reader, cancellationToken).ConfigureAwait(false);
        // Forgotten until the step is through: after a failure the stored position is the one to trust.
        known = false;
        var batch = await feed.ReadFeedAsync(from, BatchEvents, cancellationToken).ConfigureAwait(false);
        if (batch.Events.Count > 0)
        {
            await handler.HandleAsync(batch.Events, cancellationToken).ConfigureAwait(false);
            await positions.SaveAsync(Reader, batch.Position!, CancellationToken.None).ConfigureAwait(false);
        }

        (position, known) = (batch.Position, true);
        return batch.Events.Count;
    }

    /// <summary>Returns when a step may find something, or after a second.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => feed.WaitAsync(position, TimeSpan.FromSeconds(1), cancellationToken);
}
