namespace CertFunctions.Emulation.Storage;

/// <summary>The documents of one partition key: by id, by number, and by each unique key.</summary>
sealed class LogicalPartition(string epk, IReadOnlyList<UniqueKey> uniqueKeys) : DocumentSet
{
    readonly Dictionary<string, StoredDocument> byId = new(StringComparer.Ordinal);
    readonly SortedSet<StoredDocument> byNumber = new(StoredDocument.ByNumber);
    readonly Dictionary<string, ulong>[] uniqueValues = [.. uniqueKeys.Select(_ => new Dictionary<string, ulong>(StringComparer.Ordinal))];

    public string Epk => epk;

    public bool IsEmpty => byId.Count == 0;

    public static IComparer<LogicalPartition> ByEpk { get; } =
        Comparer<LogicalPartition>.Create((a, b) => string.CompareOrdinal(a.Epk, b.Epk));

    public override IEnumerable<StoredDocument> All() => byNumber;

    public IEnumerable<StoredDocument> After(ulong number) =>
        byNumber.GetViewBetween(StoredDocument.Probe(number + 1), StoredDocument.Probe(ulong.MaxValue));

    public StoredDocument? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>True when another document of this partition already has one of this document's unique values.</summary>
    public bool ViolatesUniqueKey(StoredDocument document)
    {
        for (var i = 0; i < uniqueKeys.Count; i++)
            if (uniqueValues[i].TryGetValue(uniqueKeys[i].ValueOf(document.Root), out var owner) && owner != document.Number)
                return true;

        return false;
    }

    public void Add(StoredDocument document)
    {
        byId.Add(document.Id, document);
        byNumber.Add(document);
        for (var i = 0; i < uniqueKeys.Count; i++) uniqueValues[i].Add(uniqueKeys[i].ValueOf(document.Root), document.Number);
        AddToIndexes(document);
    }

    public void Remove(StoredDocument document)
    {
        byId.Remove(document.Id);
        byNumber.Remove(document);
        for (var i = 0; i < uniqueKeys.Count; i++) uniqueValues[i].Remove(uniqueKeys[i].ValueOf(document.Root));
        RemoveFromIndexes(document);
    }
}
