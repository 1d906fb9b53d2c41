using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.LocalHost.Drill;

/// <summary>A ledger as it stood at an earlier size, to be read only.</summary>
sealed class LedgerUpTo(ILedgerStore store, long size) : ILedgerStore
{
    public int MaxAppend => store.MaxAppend;

    public async Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken)
    {
        var last = await store.ReadAsync(ledger, size - 1, 1, cancellationToken).ConfigureAwait(false);
        return new LedgerStanding(new LedgerHead(ledger, size, last[0].Hash), []);
    }

    public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => throw new NotSupportedException("it is there to be read");

    public async Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
        from >= size ? [] : await store.ReadAsync(ledger, from, (int)Math.Min(limit, size - from), cancellationToken).ConfigureAwait(false);

    public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => store.FindAsync(address, id, cancellationToken);

    public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => store.ListAsync(cancellationToken);
}
