namespace CertFunctions.Emulation.Storage;

/// <summary>
/// The documents of one scope in the order of one path's value, then of their number. Made when a query first wants
/// it and kept up by every write after that, so a page of a sorted query costs what the page holds. A path that ends in
/// <c>[]</c> has an entry for each different element of the array.
/// </summary>
sealed class PathIndex(JsonPath path)
{
    static readonly Comparer<Entry> Order = Comparer<Entry>.Create((a, b) =>
    {
        var byValue = IndexBound.Compare(a.At, b.At);
        return byValue != 0 ? byValue : a.Number.CompareTo(b.Number);
    });

    readonly SortedSet<Entry> entries = new(Order);

    readonly JsonPath? array = path.Segments is [.., "[]"] ? new JsonPath([.. path.Segments.SkipLast(1)]) : null;

    public void Add(StoredDocument document)
    {
        foreach (var entry in EntriesOf(document)) entries.Add(entry);
    }

    public void Remove(StoredDocument document)
    {
        foreach (var entry in EntriesOf(document)) entries.Remove(entry);
    }

    /// <summary>
    /// The documents whose value lies within the range, walked in one direction. With a place to resume from, those at
    /// or behind that value and document number only.
    /// </summary>
    public IEnumerable<StoredDocument> Walk(IndexRange range, bool descending, (IndexBound At, ulong Number)? from = null)
    {
        var first = new Entry(range.Low, 0, null);
        var last = new Entry(range.High, ulong.MaxValue, null);
        if (from is { } place)
        {
            var at = new Entry(place.At, place.Number, null);
            if (descending && Order.Compare(at, last) < 0) last = at;
            if (!descending && Order.Compare(at, first) > 0) first = at;
        }

        if (Order.Compare(first, last) > 0) return [];
        var view = entries.GetViewBetween(first, last);
        return (descending ? view.Reverse() : view).Select(entry => entry.Document!);
    }

    IEnumerable<Entry> EntriesOf(StoredDocument document)
    {
        if (array is null) return [Of(path.Find(document.Root))];
        return array.Find(document.Root) is { ValueKind: System.Text.Json.JsonValueKind.Array } items ? items.EnumerateArray().Select(item => Of(item)) : [];

        Entry Of(System.Text.Json.JsonElement? value) => new(IndexBound.Exactly(Query.SqlValue.From(value)), document.Number, document);
    }

    sealed record Entry(IndexBound At, ulong Number, StoredDocument? Document);
}
