using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;

namespace CertFunctions.Testing.Contracts;

/// <summary>A store as the contract suites use it: its ports over one durable thing, which can be closed and opened again.</summary>
public abstract class StoreUnderTest : IAsyncDisposable
{
    public abstract IEventStore Events { get; }

    /// <summary>The change feed, for a store that has one to read.</summary>
    public abstract IEventFeed Feed { get; }

    public abstract ICertificateStore Certificates { get; }

    public abstract ILedgerStore Ledger { get; }

    public abstract IPositionStore Positions { get; }

    public abstract ILeases Leases { get; }

    /// <summary>Lets go of everything in memory and opens the same durable thing again.</summary>
    public abstract Task ReopenAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>One store for each test of a contract suite.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    protected StoreUnderTest Store { get; private set; } = null!;

    protected IEventStore Events => Store.Events;

    public async Task InitializeAsync() => Store = await OpenAsync();

    public async Task DisposeAsync() => await Store.DisposeAsync();

    protected abstract Task<StoreUnderTest> OpenAsync();
}
