namespace CertFunctions.Emulation.Tests;

/// <summary>Queries across partitions, planned by the emulator.</summary>
[Collection("Query planning")]
public sealed class GatewayPlannedQueryTests : QueryTests
{
    public GatewayPlannedQueryTests() => Environment.SetEnvironmentVariable(NativePlanning, null);

    [Fact]
    public async Task A_plan_is_asked_for_once_per_query_across_partitions()
    {
        await using var lab = await Lab.OpenAsync(4);
        var container = await lab.ContainerAsync();
        await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"));
        Assert.Equal(1, lab.Emulator.Counters.Requests(OperationKind.QueryPlan));
    }
}

/// <summary>The same, planned by the SDK's native library.</summary>
[Collection("Query planning")]
public sealed class NativelyPlannedQueryTests : QueryTests
{
    public NativelyPlannedQueryTests() => Environment.SetEnvironmentVariable(NativePlanning, "true");

    [Fact]
    public async Task No_plan_is_asked_for()
    {
        await using var lab = await Lab.OpenAsync(4);
        var container = await lab.ContainerAsync();
        await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"));
        Assert.Equal(0, lab.Emulator.Counters.Requests(OperationKind.QueryPlan));
    }
}
