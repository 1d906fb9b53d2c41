namespace CertFunctions.Emulation.Storage;

/// <summary>
/// The documents of one scope in the order of one path's value, then of their number. Made when a query first wants
/// it and kept up by every write after that, so a page of a sorted query costs what the page holds.
/// </summary>
sealed class PathIndex(JsonPath path)
{
    static readonly Comparer<Entry> Order = Comparer<Entry>.Create((a, b) =>
    {
        var byValue = IndexBound.Compare(a.At, b.At);
        return byValue != 0 ? byValue : a.Number.CompareTo(b.Number);
    });

    readonly SortedSet<Entry> entries = new(Order);

    public void Add(StoredDocument document) => entries.Add(EntryOf(document));

    public void Remove(StoredDocument document) => entries.Remove(EntryOf(document));

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

    Entry EntryOf(StoredDocument document) =>
        new(IndexBound.Exactly(Query.SqlValue.From(path.Find(document.Root))), document.Number, document);

    sealed record Entry(IndexBound At, ulong Number, StoredDocument? Document);
}
