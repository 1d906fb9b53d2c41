using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Emulation;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Cosmos.Tests;

/// <summary>A database of a test's own on an emulator of its own, as the contract suites use it: the real SDK over its wire protocol.</summary>
sealed class CosmosUnderTest : StoreUnderTest
{
    readonly TimeProvider clock;
    CosmosStore store;

    CosmosUnderTest(CosmosEmulator emulator, CosmosSettings settings, CosmosStore store, TimeProvider clock) =>
        (Emulator, Settings, this.store, this.clock) = (emulator, settings, store, clock);

    public CosmosEmulator Emulator { get; }

    public CosmosSettings Settings { get; }

    public CosmosStore Inner => store;

    public override IEventStore Events => store.Events;

    public override IEventFeed Feed => store.Feed;

    public override ICertificateStore Certificates => store.Certificates;

    public override ILedgerStore Ledger => store.Ledger;

    public override IPositionStore Positions => store.Positions;

    public override ILeases Leases => store.Leases;

    /// <param name="partitions">Physical partitions of each container.</param>
    /// <param name="service">The service's clock; the system's when left out.</param>
    /// <param name="host">Our own clock; the system's when left out.</param>
    public static async Task<CosmosUnderTest> OpenAsync(int partitions, TimeProvider? service = null, TimeProvider? host = null)
    {
        var clock = host ?? TimeProvider.System;
        var emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Partitions = partitions, Clock = service ?? TimeProvider.System });
        var settings = new CosmosSettings { Connection = emulator.ConnectionString };
        await CosmosProvisioning.ProvisionAsync(settings, default);
        return new CosmosUnderTest(emulator, settings, await CosmosStore.OpenAsync(settings, clock, default), clock);
    }

    public override async Task ReopenAsync()
    {
        store.Dispose();
        store = await CosmosStore.OpenAsync(Settings, clock, default);
    }

    public override async ValueTask DisposeAsync()
    {
        store.Dispose();
        await Emulator.DisposeAsync();
    }
}
