using System.Text.Json;

namespace CertFunctions.Emulation.Storage;

/// <summary>Which paths a query may filter and sort by.</summary>
sealed class IndexingPolicy
{
    static readonly string[] AlwaysIndexed = ["/id", "/_ts", "/_rid"];

    readonly IReadOnlyList<(JsonPath Path, bool Exact)> included;
    readonly IReadOnlyList<(JsonPath Path, bool Exact)> excluded;
    readonly IReadOnlyList<CompositeIndex> composites;
    readonly bool none;

    IndexingPolicy(
        IReadOnlyList<(JsonPath Path, bool Exact)> included,
        IReadOnlyList<(JsonPath Path, bool Exact)> excluded,
        IReadOnlyList<CompositeIndex> composites,
        bool none)
    {
        this.included = included;
        this.excluded = excluded;
        this.composites = composites;
        this.none = none;
    }

    public static IndexingPolicy Parse(JsonElement container)
    {
        if (!container.TryGetProperty("indexingPolicy", out var policy) || policy.ValueKind != JsonValueKind.Object)
            return new IndexingPolicy([(new JsonPath([]), false)], [], [], none: false);

        var mode = policy.TryGetProperty("indexingMode", out var m) ? m.GetString() : "consistent";
        var composites = new List<CompositeIndex>();
        if (policy.TryGetProperty("compositeIndexes", out var sets) && sets.ValueKind == JsonValueKind.Array)
            composites.AddRange(sets.EnumerateArray().Select(CompositeIndex.Parse));

        var include = Paths(policy, "includedPaths");
        var exclude = Paths(policy, "excludedPaths");
        // The service indexes everything when a policy names neither.
        if (include.Count == 0 && exclude.Count == 0) include = [(new JsonPath([]), false)];
        return new IndexingPolicy(include, exclude, composites, string.Equals(mode, "none", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The more precise path wins, as the service documents; an exact path is more precise than a wildcard.</summary>
    public bool Indexes(JsonPath path)
    {
        if (AlwaysIndexed.Contains(path.Text)) return !none;
        return !none && Precision(included, path) > Precision(excluded, path);
    }

    /// <summary>An ORDER BY of several paths is served by a composite index of exactly these, all directions as given or all turned round.</summary>
    public bool HasComposite(IReadOnlyList<(JsonPath Path, bool Descending)> order) =>
        !none && composites.Any(composite => composite.Serves(order));

    /// <summary>How many of a document's values the policy indexes: what a write pays for.</summary>
    public int CountIndexed(JsonElement document)
    {
        return none ? 0 : Count(document, []);

        int Count(JsonElement element, string[] at) => element.ValueKind switch
        {
            JsonValueKind.Object => element.EnumerateObject().Sum(property => Count(property.Value, [.. at, property.Name])),
            JsonValueKind.Array => element.EnumerateArray().Sum(item => Count(item, [.. at, "[]"])),
            _ => at is ["_rid"] or ["_self"] or ["_etag"] or ["_attachments"] ? 0 : Indexes(new JsonPath(at)) ? 1 : 0,
        };
    }

    static int Precision(IReadOnlyList<(JsonPath Path, bool Exact)> patterns, JsonPath path)
    {
        var best = -1;
        foreach (var (pattern, exact) in patterns)
        {
            var count = pattern.Segments.Count;
            if (count > path.Segments.Count || (exact && count != path.Segments.Count)) continue;
            if (!pattern.Segments.SequenceEqual(path.Segments.Take(count))) continue;
            best = Math.Max(best, 2 * count + (exact ? 1 : 0));
        }

        return best;
    }

    static List<(JsonPath Path, bool Exact)> Paths(JsonElement policy, string name)
    {
        if (!policy.TryGetProperty(name, out var paths) || paths.ValueKind != JsonValueKind.Array) return [];
        return [.. paths.EnumerateArray().Select(entry => Pattern(entry.GetProperty("path").GetString()!))];
    }

    static (JsonPath Path, bool Exact) Pattern(string text)
    {
        var path = JsonPath.Parse(text);
        var last = path.Segments.Count > 0 ? path.Segments[^1] : "*";
        return (new JsonPath([.. path.Segments.Take(Math.Max(0, path.Segments.Count - 1))]), last != "*");
    }
}
