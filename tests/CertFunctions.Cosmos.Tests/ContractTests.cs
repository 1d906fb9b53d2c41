using CertFunctions.Testing.Contracts;

namespace CertFunctions.Cosmos.Tests;

public sealed class CosmosEventStoreOnOnePartitionTests : EventStoreContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosEventStoreOnFourPartitionsTests : EventStoreContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosTimelineOnOnePartitionTests : TimelineContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosTimelineOnFourPartitionsTests : TimelineContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosEventFeedOnOnePartitionTests : EventFeedContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosEventFeedOnFourPartitionsTests : EventFeedContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosLedgerStoreOnOnePartitionTests : LedgerStoreContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosLedgerStoreOnFourPartitionsTests : LedgerStoreContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosPositionStoreOnOnePartitionTests : PositionStoreContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosPositionStoreOnFourPartitionsTests : PositionStoreContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosWatchInclusionOnOnePartitionTests : WatchInclusionContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosWatchInclusionOnFourPartitionsTests : WatchInclusionContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosCheckLedgerOnOnePartitionTests : CheckLedgerContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosCheckLedgerOnFourPartitionsTests : CheckLedgerContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosBringInKeysTests : BringInKeysContract
{
    /// <summary>Over HTTP each round takes a while; the other store has every write.</summary>
    protected override int Stride => 5;

    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosReplaySinkTests : ReplaySinkContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosLeasesTests : LeasesContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1, host: Clock);
}

public sealed class CosmosCertificateStoreOnOnePartitionTests : CertificateStoreContract
{
    protected override int Histories => 10_000;

    protected override int Replayed => 100;

    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosCertificateStoreOnFourPartitionsTests : CertificateStoreContract
{
    protected override int Histories => 500;

    protected override int Replayed => 50;

    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

public sealed class CosmosSweepOnOnePartitionTests : SweepContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}

public sealed class CosmosSweepOnFourPartitionsTests : SweepContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}

/// <summary>A smaller cut: twenty-five days, and the lives that come to their end in them.</summary>
public sealed class CosmosSimulatedYearTests : SimulatedYearContract
{
    protected override TimeSpan Span => TimeSpan.FromDays(25);

    protected override IReadOnlyList<TimeSpan> Lives { get; } = [TimeSpan.FromHours(6), TimeSpan.FromDays(6), TimeSpan.FromDays(47)];

    protected override int Each => 1;

    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(1);
}
