using CertFunctions.Core.Publishing;

namespace CertFunctions.Testing.Faults;

/// <summary>An archive whose writes are subject to a plan.</summary>
public sealed class FaultyArchive(IArchive inner, FaultPlan plan) : IArchive
{
    public Task<ArchivePut> PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        plan.RunAsync(name, () => inner.PutAsync(name, bytes, cancellationToken));

    public Task<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellationToken) => inner.ReadAsync(name, cancellationToken);

    public Task<IReadOnlyList<string>> ListAsync(string folder, string? after, int limit, CancellationToken cancellationToken) => inner.ListAsync(folder, after, limit, cancellationToken);
}
