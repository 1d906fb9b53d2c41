using CertFunctions.Emulation.Partitioning;

namespace CertFunctions.Emulation.Storage;

/// <summary>
/// One partition key range: its documents, its change log and its clock of LSNs. Everything here is read and written
/// under <see cref="Gate"/>; the caller takes it once per request, which is what makes a batch atomic.
/// </summary>
sealed class PhysicalPartition(string id, EpkRange range, IReadOnlyList<string> parents, IReadOnlyList<UniqueKey> uniqueKeys) : DocumentSet
{
    readonly SortedSet<LogicalPartition> logical = new(LogicalPartition.ByEpk);
    readonly Dictionary<string, LogicalPartition> logicalByEpk = new(StringComparer.Ordinal);
    readonly SortedSet<StoredDocument> changes = new(StoredDocument.ByChange);
    readonly SortedSet<StoredDocument> expiring = new(StoredDocument.ByExpiry);

    public Lock Gate { get; } = new();

    public string Id => id;

    public EpkRange Range => range;

    public IReadOnlyList<string> Parents => parents;

    /// <summary>The LSN of the last commit. A child of a split goes on where its parent stopped.</summary>
    public long Lsn { get; set; }

    /// <summary>Set once the range has split: whoever holds the gate then must find the range again.</summary>
    public bool IsGone { get; set; }

    public int Count => changes.Count;

    public override IEnumerable<StoredDocument> All() => logical.SelectMany(partition => partition.All());

    public LogicalPartition? Logical(string epk) => logicalByEpk.GetValueOrDefault(epk);

    public LogicalPartition LogicalOrNew(string epk)
    {
        if (logicalByEpk.TryGetValue(epk, out var partition)) return partition;
        partition = new LogicalPartition(epk, uniqueKeys);
        logicalByEpk.Add(epk, partition);
        logical.Add(partition);
        return partition;
    }

    /// <summary>The documents of a range in scan order (key, then number), after the given place.</summary>
    public IEnumerable<StoredDocument> Scan(EpkRange within, string? afterEpk, ulong afterNumber)
    {
        var from = afterEpk is not null && string.CompareOrdinal(afterEpk, within.Min) > 0 ? afterEpk : within.Min;
        foreach (var partition in logical.GetViewBetween(new LogicalPartition(from, []), new LogicalPartition(within.Max, [])))
        {
            if (!within.Contains(partition.Epk)) continue;
            foreach (var document in partition.Epk == afterEpk ? partition.After(afterNumber) : partition.All())
                yield return document;
        }
    }

    /// <summary>The latest version of each document changed after an LSN, oldest change first.</summary>
    public IEnumerable<StoredDocument> ChangesAfter(long lsn) =>
        changes.GetViewBetween(StoredDocument.Probe(lsn: lsn + 1), StoredDocument.Probe(lsn: long.MaxValue));

    public void Add(StoredDocument document)
    {
        LogicalOrNew(document.Epk).Add(document);
        changes.Add(document);
        if (document.ExpiresAt is not null) expiring.Add(document);
        AddToIndexes(document);
    }

    public void Remove(StoredDocument document)
    {
        var partition = logicalByEpk[document.Epk];
        partition.Remove(document);
        DropEmpty(document.Epk);
        changes.Remove(document);
        expiring.Remove(document);
        RemoveFromIndexes(document);
    }

    /// <summary>Forgets a logical partition without documents.</summary>
    public void DropEmpty(string epk)
    {
        if (!logicalByEpk.TryGetValue(epk, out var partition) || !partition.IsEmpty) return;
        logicalByEpk.Remove(epk);
        logical.Remove(partition);
    }

    /// <summary>Drops what has outlived its time to live. Expiry leaves no trace in the change feed.</summary>
    public void DropExpired(long now)
    {
        while (expiring.Min is { } first && first.ExpiresAt <= now) Remove(first);
    }

    /// <summary>Deals the documents with their LSNs to two new ranges that meet at <paramref name="middle"/>.</summary>
    public (PhysicalPartition Left, PhysicalPartition Right) Split(string leftId, string rightId, string middle)
    {
        var left = new PhysicalPartition(leftId, new EpkRange(range.Min, middle), [.. parents, id], uniqueKeys) { Lsn = Lsn };
        var right = new PhysicalPartition(rightId, new EpkRange(middle, range.Max), [.. parents, id], uniqueKeys) { Lsn = Lsn };
        foreach (var document in All()) (left.Range.Contains(document.Epk) ? left : right).Add(document);
        IsGone = true;
        return (left, right);
    }
}
