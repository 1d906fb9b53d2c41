using System.Collections.Concurrent;
using System.Diagnostics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// Step 4 of an event's life: a batch of the events' change feed becomes entries of the ledger. Run twice with the same batch it changes nothing.
/// If we die before the append, the feed delivers the batch again; if we die after it, the feed delivers it again and every event is found chained.
/// <para>
/// MACs are made under the key in force in that ledger: a newer one waits until an entry brought it in (R35), unless the ledger begins under it.
/// </para>
/// </summary>
/// <param name="store">Where the ledgers are.</param>
/// <param name="keys">The MAC keys, and which is in force.</param>
/// <param name="clock">Measures how long events wait; without one that is not measured.</param>
public sealed class ExtendLedger(ILedgerStore store, LedgerKeys keys, TimeProvider? clock = null)
{
    const int Attempts = 50;

    /// <summary>The event that the newest MAC key waits for.</summary>
    readonly EventId broughtIn = TellOwnEvent.KeyRotated(keys.CurrentId);

    /// <summary>Where each ledger was left. Only a guess: the store's compare-and-swap decides, and a wrong guess costs one read.</summary>
    readonly ConcurrentDictionary<OrgId, (LedgerHead Head, string MacId)> heads = new();

    /// <summary>Chains what is not chained yet, and returns when all of the batch is. Events of several orgs may be mixed.</summary>
    public async Task HandleAsync(IReadOnlyList<RecordedEvent> batch, CancellationToken cancellationToken)
    {
        foreach (var group in batch.GroupBy(e => e.Address.Org))
            await ExtendAsync(group.Key, FeedOrder.Of(group), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The same for events that are most likely chained: asks the store first, instead of trying.</summary>
    public async Task ReconcileAsync(IReadOnlyList<RecordedEvent> batch, CancellationToken cancellationToken)
    {
        foreach (var group in batch.GroupBy(e => e.Address.Org))
        {
            var (_, unchained) = await store.CatchUpAsync(group.Key, FeedOrder.Of(group), cancellationToken).ConfigureAwait(false);
            if (unchained.Count > 0)
                await ExtendAsync(group.Key, unchained, cancellationToken).ConfigureAwait(false);
            Instruments.Reconciled.Add(unchained.Count);
        }
    }

    async Task ExtendAsync(OrgId ledger, IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var (head, macId) = heads.TryGetValue(ledger, out var left) ? left : ((LedgerHead?)null, "");
        var started = clock?.GetUtcNow();
        using var activity = Traces.Source.StartActivity("chain batch");
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (head is null)
            {
                (head, events) = await store.CatchUpAsync(ledger, events, cancellationToken).ConfigureAwait(false);
                macId = await MacIdAsync(head, cancellationToken).ConfigureAwait(false);
                heads[ledger] = (head, macId);
            }

            if (events.Count == 0)
                return;
            var chunk = Take(head, events);
            switch (await store.AppendAsync(head, Link(head, chunk, macId), cancellationToken).ConfigureAwait(false))
            {
                case LedgerAppendOutcome.Appended appended:
                    // If we die here, what is chained stays chained, and the rest comes again with it.
                    head = appended.Head;
                    Count(chunk, started);
                    events = [.. events.Skip(chunk.Count)];
                    attempt = -1;
                    if (macId != keys.CurrentId && chunk.Any(e => e.Id == broughtIn))
                        macId = await MacIdAsync(head, cancellationToken).ConfigureAwait(false);
                    heads[ledger] = (head, macId);
                    break;
                case LedgerAppendOutcome.Conflict:
                    // Someone else extended it, or part of the batch came before: learn how things stand, and try what is left.
                    heads.TryRemove(ledger, out _);
                    Instruments.LedgerAppends.Add(1, Instruments.Label("outcome", "conflict"));
                    head = null;
                    break;
                default:
                    throw new UnreachableException();
            }
        }

        throw new InvalidOperationException($"the ledger of {ledger} moved {Attempts} times under this batch; the feed will deliver it again");
    }

    /// <summary>The id of the MAC key in force after what is in the ledger; asks the store only where the newest one is not in use there.</summary>
    async Task<string> MacIdAsync(LedgerHead head, CancellationToken cancellationToken)
    {
        // Where the last one is unknown, for the entry is gone or was made by someone with other keys, chaining goes on all the same: what is to be told of that is chained too.
        if (head.KeyId is not { } last || last == keys.CurrentId || !keys.TryGet(last, out _))
            return keys.CurrentId;
        return await store.FindAsync(TellOwnEvent.Ledger(head.Ledger), broughtIn, cancellationToken).ConfigureAwait(false) is EventStanding.Chained ? keys.CurrentId : last;
    }

    void Count(IReadOnlyList<RecordedEvent> chained, DateTimeOffset? started)
    {
        Instruments.LedgerAppends.Add(1, Instruments.Label("outcome", "appended"));
        Instruments.Chained.Add(chained.Count);
        if (Instruments.ChainDelay.Enabled && clock is not null && Traces.RecordedAt(chained[0].Leaf.Span) is { } recorded)
            Instruments.ChainDelay.Record(Math.Max(0, (clock.GetUtcNow() - recorded).TotalSeconds));
        Traces.Done("chain", chained, started);
    }

    /// <summary>As many as one append takes without crossing into the next segment.</summary>
    IReadOnlyList<RecordedEvent> Take(LedgerHead head, IReadOnlyList<RecordedEvent> events)
    {
        var room = (int)Math.Min(store.MaxAppend, LedgerHead.SegmentLength - head.Size % LedgerHead.SegmentLength);
        return events.Count <= room ? events : [.. events.Take(room)];
    }

    List<ChainedEvent> Link(LedgerHead head, IReadOnlyList<RecordedEvent> events, string macId)
    {
        var entries = new List<ChainedEvent>(events.Count);
        var previous = head.Hash;
        for (var i = 0; i < events.Count; i++)
        {
            var leafHash = LedgerHash.Leaf(events[i].Leaf.Span);
            var hash = LedgerHash.Entry(head.Size + i, previous, leafHash);
            entries.Add(new ChainedEvent
            {
                Index = head.Size + i,
                PreviousHash = previous,
                LeafHash = leafHash,
                Hash = hash,
                Mac = keys.Mac(hash, macId),
                KeyId = macId,
                Event = events[i],
            });
            previous = hash;
        }

        return entries;
    }
}
