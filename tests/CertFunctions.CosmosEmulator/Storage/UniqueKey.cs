using System.Text.Json;
using CertFunctions.Emulation.Query;

namespace CertFunctions.Emulation.Storage;

/// <summary>Paths whose values together may occur once per partition key; a missing value counts as a value.</summary>
sealed record UniqueKey(IReadOnlyList<JsonPath> Paths)
{
    public static IReadOnlyList<UniqueKey> ParsePolicy(JsonElement container)
    {
        if (!container.TryGetProperty("uniqueKeyPolicy", out var policy) || policy.ValueKind != JsonValueKind.Object
            || !policy.TryGetProperty("uniqueKeys", out var keys))
            return [];

        return [.. keys.EnumerateArray().Select(key =>
            new UniqueKey([.. key.GetProperty("paths").EnumerateArray().Select(path => JsonPath.Parse(path.GetString()!))]))];
    }

    public string ValueOf(JsonElement document) =>
        string.Join('\u001f', Paths.Select(path => SqlValue.From(path.Find(document)).CanonicalText()));
}
