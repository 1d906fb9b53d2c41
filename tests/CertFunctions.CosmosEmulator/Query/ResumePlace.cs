using System.Text.Json;
using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>Where to go on: from our own continuation, or from the SDK's resume filter of a merged ORDER BY.</summary>
/// <param name="Epk">The key, for scan order only.</param>
/// <param name="Values">One value per sorted path.</param>
/// <param name="Number">The document, or null for the first with these values.</param>
/// <param name="Exclusive">Whether the place itself has been given already.</param>
sealed record ResumePlace(string? Epk, IReadOnlyList<SqlValue> Values, ulong? Number, bool Exclusive)
{
    public static ResumePlace Behind(QueryContinuation continuation) =>
        new(continuation.Epk, continuation.Values, continuation.Number, Exclusive: true);

    /// <summary>Reads <c>{"value":[…],"rid":"…","exclude":true}</c>; an empty array stands for undefined.</summary>
    public static ResumePlace ParseFilter(JsonElement filter)
    {
        var values = new List<SqlValue>();
        foreach (var value in filter.GetProperty("value").EnumerateArray())
            values.Add(value.ValueKind switch
            {
                JsonValueKind.Array when value.GetArrayLength() == 0 => SqlValue.Undefined,
                JsonValueKind.Array or JsonValueKind.Object => throw ServiceException.NotEmulated("resuming an ORDER BY whose values are arrays or objects"),
                _ => SqlValue.From(value),
            });

        ulong? number = filter.TryGetProperty("rid", out var rid) && rid.ValueKind == JsonValueKind.String ? ResourceId.DocumentNumber(rid.GetString()!) : null;
        return new ResumePlace(null, values, number, filter.TryGetProperty("exclude", out var exclude) && exclude.ValueKind == JsonValueKind.True);
    }
}
