using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>The part of one physical partition a request is about: all of it, a range of keys, or one key.</summary>
sealed record QueryScope(PhysicalPartition Partition, EpkRange Within)
{
    bool IsWhole => Within.Covers(Partition.Range);

    /// <summary>The indexes to search: those of the one logical partition, where there is just one.</summary>
    DocumentSet? Set => Within.IsPoint ? Partition.Logical(Within.Min) : Partition;

    public IEnumerable<StoredDocument> Scan(string? afterEpk, ulong afterNumber) => Partition.Scan(Within, afterEpk, afterNumber);

    public IEnumerable<StoredDocument> Walk(JsonPath path, IndexRange values, bool descending, (IndexBound, ulong)? from = null)
    {
        // One id in one logical partition is one look-up, and needs no index of its own.
        if (path.Text == "/id" && Within.IsPoint && from is null && values.Low.Edge == 0 && IndexBound.Compare(values.Low, values.High) == 0 && values.Low.Value.Kind == SqlKind.String)
            return Partition.Logical(Within.Min)?.Find(values.Low.Value.Text!) is { } only ? [only] : [];

        var found = Set?.Index(path).Walk(values, descending, from) ?? [];
        return IsWhole || Within.IsPoint ? found : found.Where(document => Within.Contains(document.Epk));
    }

    /// <summary>Every document the access path leads to, once each.</summary>
    public HashSet<StoredDocument> Collect(AccessPath access)
    {
        var found = new HashSet<StoredDocument>();
        Add(access);
        return found;

        void Add(AccessPath path)
        {
            switch (path)
            {
                case AccessPath.Range range:
                    found.UnionWith(Walk(range.Path, range.Values, descending: false));
                    break;
                case AccessPath.Union union:
                    foreach (var branch in union.Branches) Add(branch);
                    break;
            }
        }
    }
}
