using System.Collections.Concurrent;
using CertFunctions.Core.Publishing;

namespace CertFunctions.Testing;

/// <summary><see cref="IArchive"/> in memory, which a test may look into and tamper with.</summary>
public sealed class MemoryArchive : IArchive
{
    public ConcurrentDictionary<string, byte[]> Files { get; } = new();

    public ConcurrentQueue<string> Reads { get; } = [];

    public int Lists { get; private set; }

    /// <summary>Names whose bytes are said to be written, and are not kept.</summary>
    public Func<string, bool> Loses { get; set; } = _ => false;

    public async Task<ArchivePut> PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ArchiveName.ThrowIfNotName(name);
        await Task.Yield();
        if (Loses(name))
            return ArchivePut.Written;
        var ours = bytes.ToArray();
        var there = Files.GetOrAdd(name, ours);
        return ReferenceEquals(there, ours) ? ArchivePut.Written : there.AsSpan().SequenceEqual(ours) ? ArchivePut.Same : ArchivePut.Differs;
    }

    public Task<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        ArchiveName.ThrowIfNotName(name);
        Reads.Enqueue(name);
        return Task.FromResult(Files.TryGetValue(name, out var bytes) ? bytes : default(ReadOnlyMemory<byte>?));
    }

    public Task<IReadOnlyList<string>> ListAsync(string folder, string? after, int limit, CancellationToken cancellationToken)
    {
        if (folder.Length > 0)
            ArchiveName.ThrowIfNotName(folder);
        Lists++;
        var start = folder.Length == 0 ? "" : folder + "/";
        return Task.FromResult<IReadOnlyList<string>>([.. Files.Keys.Where(n => n.StartsWith(start, StringComparison.Ordinal)).Select(n => n[start.Length..])
            .Select(n => n.IndexOf('/') is >= 0 and var slash ? n[..(slash + 1)] : n).Distinct()
            .Where(n => after is null || string.CompareOrdinal(n, after) > 0).Order(StringComparer.Ordinal).Take(limit)]);
    }
}
