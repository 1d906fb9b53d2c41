using CertFunctions.Testing.Contracts;

namespace CertFunctions.Testing.Faults;

/// <summary>Every write of the pipeline, failed before and after it lands, with and without the process dying there; each ends in one whole-pipeline check.</summary>
public abstract class PipelineFaultContract
{
    protected abstract Task<StoreUnderTest> OpenAsync();

    [Fact]
    public async Task Without_a_fault_the_pipeline_comes_to_rest_whole() => Assert.True(await RunAsync(new FaultPlan(), restart: false) > 20);

    [Theory]
    [InlineData(Fault.Refused, false)]
    [InlineData(Fault.Refused, true)]
    [InlineData(Fault.LandedButReportedFailed, false)]
    [InlineData(Fault.LandedButReportedFailed, true)]
    public async Task Whichever_write_fails_nothing_is_lost_and_nothing_doubled(Fault fault, bool restart)
    {
        var writes = await RunAsync(new FaultPlan(), restart);
        var kinds = new HashSet<string>();
        for (var failing = 1; failing <= writes; failing++)
        {
            var plan = new FaultPlan(failing, fault);
            await RunAsync(plan, restart);
            kinds.Add(Assert.IsType<string>(plan.Failed));
        }

        Assert.Equal(["append entries", "append events", "save position of ledger", "save position of sink/file/acme", "send to sink"], kinds.Order(StringComparer.Ordinal));
    }

    async Task<int> RunAsync(FaultPlan plan, bool restart)
    {
        await using var store = await OpenAsync();
        using var folder = new TempFolder();
        await new PipelineRun(store, folder.Path, plan, restart).RunToRestAsync();
        return plan.Writes;
    }
}
