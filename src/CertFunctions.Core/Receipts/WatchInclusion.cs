using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Receipts;

/// <summary>
/// Holds the service to its receipts: goes over the events' feed by itself, behind no position but its own, and looks each event up in the ledger once. One that
/// is not there in time is told of as <c>audit.inclusion_overdue</c>; one whose time has not come is waited for, and what lies behind it too. So a run costs what
/// came since the last one. If we die before the position is saved, the batch is looked at again, and what was told is told as the same event.
/// </summary>
public sealed class WatchInclusion(IEventFeed feed, ILedgerStore ledgers, IPositionStore positions, TellOwnEvent tell, MergeDelay delay, LedgerHealth health, TimeProvider clock) : ITimedJob
{
    /// <summary>The name this reader keeps its position under.</summary>
    public const string Reader = "watch-inclusion";

    const string Overdue = "audit.inclusion_overdue";

    const int BatchEvents = 500;

    public string Name => Reader;

    public TimeSpan Every => TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var position = await positions.GetAsync(Reader, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            var batch = await feed.ReadFeedAsync(position, BatchEvents, cancellationToken).ConfigureAwait(false);
            if (batch.Events.Count == 0 || !await SettleAsync(batch.Events, cancellationToken).ConfigureAwait(false))
                return;
            position = batch.Position;
            await positions.SaveAsync(Reader, position!, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Whether each of these is in the ledger, or told of.</summary>
    async Task<bool> SettleAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var settled = true;
        foreach (var org in events.GroupBy(e => e.Address.Org))
        {
            var (_, unchained) = await ledgers.CatchUpAsync(org.Key, [.. org], cancellationToken).ConfigureAwait(false);
            // Asked for after the look-up: what is overdue by now was not there when it was due.
            var now = clock.GetUtcNow();
            var overdue = new List<(EventId, DateTimeOffset)>();
            foreach (var lacking in unchained.Where(e => !IsAlarm(e)).Select(e => Receipt.Of(e, delay.Within)))
            {
                if (lacking.DueAt > now)
                {
                    settled = false;
                    continue;
                }

                await tell.HandleAsync(lacking.Address.Org, Overdue, Id(lacking), json => Write(json, lacking), cancellationToken).ConfigureAwait(false);
                overdue.Add((lacking.Id, lacking.DueAt));
            }

            if (overdue.Count > 0)
                await health.NoteOverdueAsync(org.Key, overdue, now).ConfigureAwait(false);
        }

        return settled;
    }

    static void Write(Utf8JsonWriter json, Receipt lacking)
    {
        json.WriteString("event_id"u8, lacking.Id.Value);
        json.WriteString("recorded_at"u8, Rfc3339.Format(lacking.RecordedAt));
        json.WriteString("due_at"u8, Rfc3339.Format(lacking.DueAt));
        json.WriteString("project_id"u8, lacking.Address.Project.Value);
        json.WriteString("subject_kind"u8, lacking.Address.Subject.Kind);
        json.WriteString("subject_id"u8, lacking.Address.Subject.Id);
        json.WriteNumber("seq"u8, lacking.Seq);
    }

    /// <summary>From the event's full address: an id is unique only among its subject's events.</summary>
    static EventId Id(Receipt lacking)
    {
        var (_, project, subject) = lacking.Address;
        return EventId.Parse("overdue-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{project}\n{subject.Kind}\n{subject.Id}\n{lacking.Id}")))[..32]);
    }

    /// <summary>An alarm that is late itself is not told of: while nothing is chained, each would beget the next for ever.</summary>
    static bool IsAlarm(RecordedEvent e) => e.Address.Project == OwnEvent.Project && LeafHeader.TryRead(e.Leaf.Span, out var leaf) && leaf.Type == Overdue;
}

/// <summary>
/// The time from an event's recording in which it must be in the ledger: what receipts promise and <see cref="WatchInclusion"/> holds us to. A setting, the
/// same for all services on one database.
/// </summary>
public sealed record MergeDelay(TimeSpan Within)
{
    public static MergeDelay Default { get; } = new(TimeSpan.FromMinutes(5));
}
