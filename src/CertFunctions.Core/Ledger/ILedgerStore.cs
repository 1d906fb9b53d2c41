using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// The ledgers, one per org, append-only (R30). The contract, by number; every store passes the same suite:
/// <list type="number">
/// <item><see cref="LedgerAppendOutcome.Appended"/> means the entries and the new head are durable, together.</item>
/// <item>An append goes through only if the head is still the expected one and none of its events is in the ledger; otherwise it is a <see cref="LedgerAppendOutcome.Conflict"/> and nothing is written.</item>
/// <item>When an append throws, either all of it or nothing of it is durable; <see cref="CatchUpAsync"/> tells which.</item>
/// <item>Of appends at once on one head, one wins.</item>
/// <item>Reads give entries by index, without a gap, with the very bytes that were stored.</item>
/// <item>Ledgers share nothing: no call on one sees or moves another.</item>
/// <item>An event is found by its subject and id: the index of its entry, or that it waits to be chained, or that there is none.</item>
/// </list>
/// </summary>
public interface ILedgerStore
{
    /// <summary>Most entries of one append; at least 1.</summary>
    int MaxAppend { get; }

    /// <summary>The head with its key id, and those of <paramref name="candidates"/> that are not in the ledger yet, in the order given.</summary>
    Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken);

    /// <summary>Appends entries that follow <paramref name="expected"/>: at least one, at most <see cref="MaxAppend"/>, all of one segment.</summary>
    Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken);

    /// <summary>Entries from index <paramref name="from"/> on, at most <paramref name="limit"/>; empty past the end.</summary>
    Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken);

    /// <summary>Where an event stands in its org's ledger.</summary>
    Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken);

    /// <summary>The ledgers there are.</summary>
    Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A ledger's head and which of the asked-for events it lacks.</summary>
public sealed record LedgerStanding(LedgerHead Head, IReadOnlyList<RecordedEvent> Unchained);

/// <summary>Where one event stands.</summary>
public abstract record EventStanding
{
    EventStanding()
    {
    }

    /// <summary>The subject has no event of that id.</summary>
    public sealed record Unknown : EventStanding;

    /// <summary>It is recorded, and not in the ledger yet.</summary>
    public sealed record Unchained : EventStanding;

    public sealed record Chained(long Index) : EventStanding;
}

/// <summary>What became of an append to a ledger.</summary>
public abstract record LedgerAppendOutcome
{
    LedgerAppendOutcome()
    {
    }

    public sealed record Appended(LedgerHead Head) : LedgerAppendOutcome;

    /// <summary>The head had moved, or one of the events was in the ledger. Nothing was written.</summary>
    public sealed record Conflict : LedgerAppendOutcome;
}
