namespace CertFunctions.Emulation.Storage;

/// <summary>The path indexes of one scope: a logical partition, or a whole physical one.</summary>
abstract class DocumentSet
{
    readonly Dictionary<string, PathIndex> indexes = new(StringComparer.Ordinal);

    public abstract IEnumerable<StoredDocument> All();

    public PathIndex Index(JsonPath path)
    {
        if (indexes.TryGetValue(path.Text, out var index)) return index;

        index = new PathIndex(path);
        foreach (var document in All()) index.Add(document);
        indexes.Add(path.Text, index);
        return index;
    }

    protected void AddToIndexes(StoredDocument document)
    {
        foreach (var index in indexes.Values) index.Add(document);
    }

    protected void RemoveFromIndexes(StoredDocument document)
    {
        foreach (var index in indexes.Values) index.Remove(document);
    }
}
