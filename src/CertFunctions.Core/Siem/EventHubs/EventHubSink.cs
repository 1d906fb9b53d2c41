using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem.EventHubs;

/// <summary>
/// The ledger into a hub (R37). One partition key per ledger, and one publication after another, so that a ledger arrives in index order. If we die between a
/// publication and the saving of the position, or the acknowledgement is lost, entries arrive a second time with the same ledger and index, never out of order
/// at their first arrival.
/// </summary>
public sealed class EventHubSink(string name, IEventHub hub, EventHubEnvelope envelope) : ISink
{
    public string Name => name;

    public async Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
    {
        var taken = 0;
        try
        {
            while (taken < entries.Count)
            {
                using var publication = await hub.BeginAsync(ledger.Value, cancellationToken).ConfigureAwait(false);
                var filled = Fill(publication, entries, taken);
                if (filled == 0)
                    return EventHubFailures.TooLarge(entries[taken]) with { Taken = taken };
                // If we die here, the publication is there or it is not; its entries come again.
                await publication.SendAsync(cancellationToken).ConfigureAwait(false);
                taken += filled;
            }

            return new SinkOutcome.Delivered();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop. What the hub has is told, so that it need not come again.
            if (taken == 0)
                throw;
            return new SinkOutcome.Failed("sending was stopped half-way; it goes on from there") { Taken = taken };
        }
#pragma warning disable CA1031 // Whatever it is, the entries stay in the ledger and come again; what kind of trouble it is decides when.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return EventHubFailures.Of(e) with { Taken = taken };
        }
    }

    /// <summary>Fills a publication; how many entries went into it.</summary>
    int Fill(IEventHubPublication publication, IReadOnlyList<ChainedEvent> entries, int from)
    {
        var (at, most) = (from, int.MaxValue);
        while (at < entries.Count)
        {
            var message = EventHubPacking.Next(envelope, entries, at, most);
            if (publication.TryAdd(message))
                at += message.Count;
            else if (at > from || message.Count == 1)
                break;
            else
                // Not even one message fits: a hub that takes less than we thought. Smaller ones, then.
                most = message.Count / 2;
        }

        return at - from;
    }
}
