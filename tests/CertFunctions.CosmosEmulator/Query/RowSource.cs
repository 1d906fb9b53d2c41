using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>
/// Yields the documents that pass the filter, in the order of the answer, from a place on. It reads through an index
/// wherever one serves, lazily, so that the first page of many costs one page.
/// </summary>
sealed class RowSource
{
    readonly SqlQuery query;
    readonly QueryScope scope;
    readonly AccessPath? access;

    public RowSource(SqlQuery query, QueryScope scope)
    {
        this.query = query;
        this.scope = scope;
        access = AccessPath.Of(query.Where);
        // A range filter without ORDER BY is answered in the order of that range: any order is allowed, and this one streams.
        Order = query.OrderBy.Count == 0 && access is AccessPath.Range { IsPoint: false } range
            ? new RowOrder([(range.Path, false)])
            : RowOrder.Of(query);
    }

    public RowOrder Order { get; }

    public long BytesLoaded { get; private set; }

    /// <summary>In no particular order, for an aggregate.</summary>
    public IEnumerable<StoredDocument> Unordered() => Passing(access switch
    {
        null => scope.Scan(null, 0),
        AccessPath.Range range => scope.Walk(range.Path, range.Values, descending: false),
        _ => scope.Collect(access),
    });

    public IEnumerable<StoredDocument> From(ResumePlace? place)
    {
        var rows = Order.Paths.Count == 0 ? InScanOrder(place) : Sorted(place);
        return place is null ? rows : rows.SkipWhile(document => Order.CompareTo(document, place) is var at && (at < 0 || (at == 0 && place.Exclusive)));
    }

    IEnumerable<StoredDocument> InScanOrder(ResumePlace? place) => access is null
        ? Passing(scope.Scan(place?.Epk, place?.Number ?? 0))
        : Passing(scope.Collect(access)).Order(Order);

    IEnumerable<StoredDocument> Sorted(ResumePlace? place)
    {
        var (path, descending) = Order.Paths[0];
        var range = AccessPath.RangeOf(query.Where, path);
        // An equality on another path finds fewer documents than the sorted index would have to walk.
        if (range is null && access is not (null or AccessPath.Range { IsPoint: false }))
            return Passing(scope.Collect(access)).Order(Order);

        // Behind equal first values the others decide, so the walk resumes at the first of the equal ones.
        (IndexBound, ulong)? from = place is null ? null
            : (IndexBound.Exactly(place.Values[0]), Order.Paths.Count == 1 && place.Number is { } number ? number : descending ? ulong.MaxValue : 0);
        var walked = Passing(scope.Walk(path, range ?? IndexRange.Everything, descending, from));
        return Order.Paths.Count == 1 ? walked : SortedWithinFirst(walked, path);
    }

    IEnumerable<StoredDocument> SortedWithinFirst(IEnumerable<StoredDocument> walked, JsonPath path)
    {
        var equal = new List<StoredDocument>();
        var value = SqlValue.Undefined;
        foreach (var document in walked)
        {
            var next = SqlValue.From(path.Find(document.Root));
            if (equal.Count > 0 && SqlValue.Compare(value, next) != 0)
            {
                foreach (var each in equal.Order(Order)) yield return each;
                equal.Clear();
            }

            value = next;
            equal.Add(document);
        }

        foreach (var each in equal.Order(Order)) yield return each;
    }

    IEnumerable<StoredDocument> Passing(IEnumerable<StoredDocument> documents)
    {
        foreach (var document in documents)
        {
            BytesLoaded += document.Size;
            if (query.Where is null || SqlEvaluator.PerDocument.Passes(query.Where, document.Root)) yield return document;
        }
    }
}
