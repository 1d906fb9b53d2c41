using CertFunctions.Testing.Contracts;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Cosmos.Tests;

public sealed class CosmosPipelineFaultTests : PipelineFaultContract
{
    protected override async Task<StoreUnderTest> OpenAsync() => await CosmosUnderTest.OpenAsync(4);
}
