namespace CertFunctions.Emulation.Protocol;

/// <summary>A path of the protocol: <c>dbs/{database}/colls/{container}/docs/{document}</c> or a beginning of it.</summary>
sealed record Route(IReadOnlyList<string> Segments)
{
    public static Route Parse(string target)
    {
        var end = target.IndexOf('?', StringComparison.Ordinal);
        var path = end < 0 ? target : target[..end];
        return new Route([.. path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)]);
    }

    public string Path => string.Join('/', Segments);

    public bool IsAccount => Segments.Count == 0;

    /// <summary>The kind of resource: <c>dbs</c>, <c>colls</c>, <c>docs</c>, <c>pkranges</c>, …; empty for the account.</summary>
    public string ResourceType => Segments.Count == 0 ? string.Empty : Segments[Segments.Count % 2 == 1 ? ^1 : ^2];

    /// <summary>Whether the path names one resource, not a list of them.</summary>
    public bool IsEntity => Segments.Count % 2 == 0;

    /// <summary>What is signed: the resource itself, or the owner of a list.</summary>
    public string ResourceLink => string.Join('/', IsEntity ? Segments : Segments.Take(Segments.Count - 1));

    public string? Database => Segments.Count > 1 && Segments[0] == "dbs" ? Segments[1] : null;

    public string? Container => Segments.Count > 3 && Segments[2] == "colls" ? Segments[3] : null;

    public string? Document => Segments.Count > 5 && Segments[4] == "docs" ? Segments[5] : null;

    public bool IsKnown => Segments switch
    {
        [] or ["dbs"] or ["dbs", _] or ["dbs", _, "colls"] or ["dbs", _, "colls", _] => true,
        ["dbs", _, "colls", _, "docs"] or ["dbs", _, "colls", _, "docs", _] or ["dbs", _, "colls", _, "pkranges"] => true,
        _ => false,
    };
}
