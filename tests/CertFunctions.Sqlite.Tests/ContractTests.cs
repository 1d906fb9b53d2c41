using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Testing;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Sqlite.Tests;

/// <summary>A SQLite file as the contract suites use it.</summary>
sealed class SqliteUnderTest : StoreUnderTest
{
    readonly TimeProvider clock;
    readonly TempFolder folder = new();
    readonly string path;
    SqliteStore store;

    /// <param name="clock">The store's clock; the system's when left out.</param>
    /// <param name="path">A file that is there already; when left out, one of its own.</param>
    public SqliteUnderTest(TimeProvider? clock = null, string? path = null)
    {
        this.clock = clock ?? TimeProvider.System;
        this.path = path ?? folder.File("test.db");
        store = Open();
    }

    public override IEventStore Events => store.Events;

    public override IEventFeed Feed => store.Feed;

    public override ICertificateStore Certificates => store.Certificates;

    public override ILedgerStore Ledger => store.Ledger;

    public override IPositionStore Positions => store.Positions;

    public override ILeases Leases => store.Leases;

    public override async Task ReopenAsync()
    {
        await store.DisposeAsync();
        store = Open();
    }

    public override async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        folder.Dispose();
    }

    SqliteStore Open() => SqliteStore.Open(new SqliteOptions { Path = path, Clock = clock });
}

public sealed class SqliteEventStoreTests : EventStoreContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteTimelineTests : TimelineContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteEventFeedTests : EventFeedContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteLedgerStoreTests : LedgerStoreContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqlitePositionStoreTests : PositionStoreContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteWatchInclusionTests : WatchInclusionContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteCheckLedgerTests : CheckLedgerContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteBringInKeysTests : BringInKeysContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteReplaySinkTests : ReplaySinkContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteLeasesTests : LeasesContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest(Clock));
}

public sealed class SqliteCertificateStoreTests : CertificateStoreContract
{
    protected override int Histories => 10_000;

    protected override int Replayed => 1_000;

    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteSweepTests : SweepContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}

public sealed class SqliteSimulatedYearTests : SimulatedYearContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());
}
