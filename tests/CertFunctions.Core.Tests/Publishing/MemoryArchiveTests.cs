using CertFunctions.Core.Publishing;
using CertFunctions.Testing;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Core.Tests.Publishing;

/// <summary>What stands in for an archive in tests keeps the rules of one.</summary>
public sealed class MemoryArchiveTests : ArchiveContract
{
    readonly MemoryArchive archive = new();

    protected override Task<IArchive> OpenAsync() => Task.FromResult<IArchive>(archive);

    public override Task DisposeAsync() => Task.CompletedTask;
}
