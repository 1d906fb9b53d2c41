using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Emulation;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Cosmos.Tests;

/// <summary>A database of a test's own on an emulator of its own, as the contract suites use it: the real SDK over its wire protocol.</summary>
sealed class CosmosUnderTest : StoreUnderTest
{
    CosmosStore store;

    CosmosUnderTest(CosmosEmulator emulator, CosmosSettings settings, CosmosStore store) => (Emulator, Settings, this.store) = (emulator, settings, store);

    public CosmosEmulator Emulator { get; }

    public CosmosSettings Settings { get; }

    public CosmosStore Inner => store;

    public override IEventStore Events => store.Events;

    public override IEventFeed Feed => store.Feed;

    public override ILedgerStore Ledger => store.Ledger;

    public override IPositionStore Positions => store.Positions;

    public static async Task<CosmosUnderTest> OpenAsync(int partitions)
    {
        var emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Partitions = partitions });
        var settings = new CosmosSettings { Connection = emulator.ConnectionString };
        await CosmosProvisioning.ProvisionAsync(settings, default);
        return new CosmosUnderTest(emulator, settings, await CosmosStore.OpenAsync(settings, TimeProvider.System, default));
    }

    public override async Task ReopenAsync()
    {
        store.Dispose();
        store = await CosmosStore.OpenAsync(Settings, TimeProvider.System, default);
    }

    public override async ValueTask DisposeAsync()
    {
        store.Dispose();
        await Emulator.DisposeAsync();
    }
}
