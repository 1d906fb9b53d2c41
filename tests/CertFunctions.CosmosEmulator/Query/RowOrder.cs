using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>
/// The order of an answer: the sorted paths, then the document's number in the direction of the first of them.
/// With no paths it is scan order: key, then number.
/// </summary>
sealed class RowOrder(IReadOnlyList<(JsonPath Path, bool Descending)> paths) : IComparer<StoredDocument>
{
    public IReadOnlyList<(JsonPath Path, bool Descending)> Paths => paths;

    public bool Descending => paths.Count > 0 && paths[0].Descending;

    public static RowOrder Of(SqlQuery query) => new([.. query.OrderBy.Select(item => (((SqlExpression.Property)item.Expression).Path, item.Descending))]);

    public SqlValue[] ValuesOf(StoredDocument document) => [.. paths.Select(path => SqlValue.From(path.Path.Find(document.Root)))];

    public int Compare(StoredDocument? x, StoredDocument? y)
    {
        foreach (var (path, descending) in paths)
        {
            var order = SqlValue.Compare(SqlValue.From(path.Find(x!.Root)), SqlValue.From(path.Find(y!.Root)));
            if (order != 0) return descending ? -order : order;
        }

        if (paths.Count == 0 && string.CompareOrdinal(x!.Epk, y!.Epk) is var byKey && byKey != 0) return byKey;
        var byNumber = x!.Number.CompareTo(y!.Number);
        return Descending ? -byNumber : byNumber;
    }

    /// <summary>Whether a document lies before (-1), at (0) or behind (1) a place to resume from.</summary>
    public int CompareTo(StoredDocument document, ResumePlace place)
    {
        for (var i = 0; i < paths.Count; i++)
        {
            var order = SqlValue.Compare(SqlValue.From(paths[i].Path.Find(document.Root)), place.Values[i]);
            if (order != 0) return paths[i].Descending ? -order : order;
        }

        if (paths.Count == 0 && place.Epk is not null && string.CompareOrdinal(document.Epk, place.Epk) is var byKey && byKey != 0) return byKey;
        if (place.Number is not { } number) return 0;
        var byNumber = document.Number.CompareTo(number);
        return Descending ? -byNumber : byNumber;
    }
}
