using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Sqlite;

/// <summary>The ledgers in the same SQLite file. An entry refers to its event's row, so the leaf's bytes are stored once.</summary>
sealed class SqliteLedgerStore(SqliteWriter writer, ReadSessions sessions) : ILedgerStore
{
    /// <summary>What one transaction may hold without making others wait for long.</summary>
    public int MaxAppend => 5000;

    public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => CatchUp(session, ledger, candidates), cancellationToken);

    static LedgerStanding CatchUp(ReadSession session, OrgId ledger, IReadOnlyList<RecordedEvent> candidates)
    {
        // Head first: what is chained between the two reads moves the head, and then the append that follows is a conflict.
        var head = LedgerHead.Empty(ledger);
        if (FindLedger(session, ledger) is { } found)
            head = new LedgerHead(ledger, found.Size, found.Hash) { KeyId = found.KeyId };
        var unchained = candidates.Where(e =>
        {
            var chained = session.IsChained.Bind(1, e.Handle).Step();
            session.IsChained.Reset();
            return !chained;
        });
        return new LedgerStanding(head, unchained.ToList());
    }

    public async Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
    {
        var unit = new AppendEntries(expected, entries);
        // The ledger's own appends queue behind events; while that queue is full they wait, for nothing is lost by waiting.
        while (!writer.TryEnqueue(unit))
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        return await unit.Done.ConfigureAwait(false);
    }

    public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => Read(session, ledger, from, limit), cancellationToken);

    internal static IReadOnlyList<ChainedEvent> Read(ReadSession session, OrgId ledger, long from, int limit)
    {
        if (FindLedger(session, ledger) is not { } found || from >= found.Size)
            return [];
        var previous = from == 0 ? LedgerHash.Genesis(ledger) : EntryHash(session, found.Key, from - 1);
        var entries = new List<ChainedEvent>(Math.Min(limit, 1024));
        var rows = session.Entries.Bind(1, found.Key).Bind(2, from).Bind(3, limit);
        try
        {
            while (rows.Step())
            {
                if (rows.Int64(0) != from + entries.Count)
                    throw new InvalidDataException($"the ledger of {ledger} has no entry {from + entries.Count}: run 'certfn verify'");
                var hash = new Digest(rows.Blob(2));
                entries.Add(new ChainedEvent
                {
                    Index = rows.Int64(0),
                    PreviousHash = previous,
                    LeafHash = new Digest(rows.Blob(1)),
                    Hash = hash,
                    Mac = new Digest(rows.Blob(3)),
                    KeyId = rows.Text(4),
                    Event = Rows.Event(rows, 5),
                });
                previous = hash;
            }

            return entries;
        }
        finally
        {
            rows.Reset();
        }
    }

    public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => Find(session, address, id), cancellationToken);

    static EventStanding Find(ReadSession session, SubjectAddress address, EventId id)
    {
        var find = session.FindEvent.Bind(1, address.Org.Value).Bind(2, address.Project.Value).Bind(3, address.Subject.Kind).Bind(4, address.Subject.Id).Bind(5, id.Value);
        try
        {
            return !find.Step() ? new EventStanding.Unknown() : find.IsNull(0) ? new EventStanding.Unchained() : new EventStanding.Chained(find.Int64(0));
        }
        finally
        {
            find.Reset();
        }
    }

    public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => sessions.ReadAsync(List, cancellationToken);

    internal static IReadOnlyList<OrgId> List(ReadSession session)
    {
        var ledgers = new List<OrgId>();
        while (session.Ledgers.Step())
            ledgers.Add(OrgId.Parse(session.Ledgers.Text(0)));
        session.Ledgers.Reset();
        return ledgers;
    }

    static Digest EntryHash(ReadSession session, long ledger, long index)
    {
        var find = session.EntryHash.Bind(1, ledger).Bind(2, index);
        try
        {
            return find.Step() ? new Digest(find.Blob(0)) : throw new InvalidDataException($"the ledger has no entry {index}: run 'certfn verify'");
        }
        finally
        {
            find.Reset();
        }
    }

    static (long Key, long Size, Digest Hash, string? KeyId)? FindLedger(ReadSession session, OrgId ledger)
    {
        var find = session.FindLedger.Bind(1, ledger.Value);
        try
        {
            return find.Step() ? (find.Int64(0), find.Int64(1), new Digest(find.Blob(2)), find.Text(3) is { Length: > 0 } id ? id : null) : null;
        }
        finally
        {
            find.Reset();
        }
    }
}
