namespace CertFunctions.Emulation.Storage;

/// <summary>
/// The writes that share one LSN: one item, or a whole transactional batch. Made and finished under the partition's gate.
/// The writes are visible at once to the operations behind them in the same batch, and undone together.
/// </summary>
sealed class Commit(PhysicalPartition partition, long now)
{
    readonly List<(StoredDocument? Before, StoredDocument? After)> writes = [];

    public PhysicalPartition Partition => partition;

    public long Lsn { get; } = partition.Lsn + 1;

    /// <summary>Seconds since 1970.</summary>
    public long Now => now;

    public int NextOrder => writes.Count;

    public IReadOnlyList<(StoredDocument? Before, StoredDocument? After)> Writes => writes;

    public void Put(StoredDocument? before, StoredDocument after)
    {
        if (before is not null) partition.Remove(before);
        partition.Add(after);
        writes.Add((before, after));
    }

    public void Delete(StoredDocument before)
    {
        partition.Remove(before);
        writes.Add((before, null));
    }

    /// <summary>Makes the writes count. A commit that only read leaves the LSN where it was.</summary>
    public void Complete()
    {
        if (writes.Count > 0) partition.Lsn = Lsn;
    }

    public void RollBack()
    {
        for (var i = writes.Count - 1; i >= 0; i--)
        {
            var (before, after) = writes[i];
            if (after is not null) partition.Remove(after);
            if (before is not null) partition.Add(before);
        }

        writes.Clear();
    }
}
