using System.Text.Json;

namespace CertFunctions.Emulation.Storage;

/// <summary>Paths with directions that serve an ORDER BY of exactly these, in this order.</summary>
sealed record CompositeIndex(IReadOnlyList<(JsonPath Path, bool Descending)> Paths)
{
    public static CompositeIndex Parse(JsonElement set) => new([.. set.EnumerateArray().Select(entry => (
        JsonPath.Parse(entry.GetProperty("path").GetString()!),
        entry.TryGetProperty("order", out var order) && order.GetString()!.StartsWith("desc", StringComparison.OrdinalIgnoreCase)))]);

    public bool Serves(IReadOnlyList<(JsonPath Path, bool Descending)> order)
    {
        if (order.Count != Paths.Count) return false;
        var turned = order[0].Descending != Paths[0].Descending;
        for (var i = 0; i < order.Count; i++)
            if (order[i].Path != Paths[i].Path || (order[i].Descending != Paths[i].Descending) != turned)
                return false;

        return true;
    }
}
