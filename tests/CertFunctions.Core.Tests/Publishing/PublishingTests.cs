using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Publishing;

/// <summary>A publisher over a ledger that a test lets grow, and an archive in memory.</summary>
public abstract class PublishingTests : IDisposable
{
    private protected static readonly LogName Log = LogName.Parse("example.com/log");

    private protected static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(900);

    readonly EcdsaLogKey key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
    private protected readonly MemoryArchive archive = new();
    private protected readonly ManualClock clock = ManualClock.Default;
    private protected readonly LogKeys keys;
    private protected MemoryLedgerStore ledgers = new();

    protected PublishingTests() => keys = new LogKeys(key);

    public void Dispose()
    {
        key.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected IReadOnlyList<VerifierKey> Known => keys.Known(Log.Origin(Make.Org));

    private protected PublishCheckpoints Job(IArchive? through = null) => new(new Through(() => ledgers), through ?? archive, Log, keys, clock);

    private protected async Task<Checkpoint> PublishAsync(PublishCheckpoints job, int size)
    {
        ledgers = Filled(Entries.Take(size));
        clock.Advance(TimeSpan.FromMinutes(1));
        return Assert.IsType<PublishOutcome.Published>(await job.HandleAsync(Make.Org, default)).Checkpoint;
    }

    private protected Task<IReadOnlyList<Checkpoint>> CheckAsync(int size) => PublishedCheck.AssertWholeAsync(archive, [.. Entries.Take(size)], Make.Org, Known);

    private protected static MemoryLedgerStore Filled(IEnumerable<ChainedEvent> entries)
    {
        var store = new MemoryLedgerStore();
        if (entries.ToList() is { Count: > 0 } list)
            store.Fill(list);
        return store;
    }

    /// <summary>The ledger as it is at each call: a process that goes on while it grows.</summary>
    sealed class Through(Func<ILedgerStore> now) : ILedgerStore
    {
        public int MaxAppend => now().MaxAppend;

        public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) => now().CatchUpAsync(ledger, candidates, cancellationToken);

        public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => now().AppendAsync(expected, entries, cancellationToken);

        public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) => now().ReadAsync(ledger, from, limit, cancellationToken);

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => now().FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => now().ListAsync(cancellationToken);
    }
}
