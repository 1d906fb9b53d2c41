using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>
/// Where a check of a ledger is: when its pass began, the entries found right and the last one's hash, whether the pass is done, and the first entry whose key was not at
/// hand. Kept as JSON with a version; <c>SIZE HASH</c>, as tails were kept before, is read too.
/// </summary>
sealed record CheckPlace(DateTimeOffset Began, long Size, Digest Hash, bool Done, (long Index, string Detail)? Hole = null)
{
    public string Print() => HealthDocument.Print(json =>
    {
        json.WriteString("began"u8, Events.Rfc3339.Format(Began));
        json.WriteNumber("size"u8, Size);
        json.WriteString("hash"u8, Hash.ToString());
        json.WriteBoolean("done"u8, Done);
        if (Hole is { } hole)
        {
            json.WriteNumber("hole"u8, hole.Index);
            json.WriteString("hole_detail"u8, hole.Detail);
        }
    });

    /// <summary>Null for what is no place: that is no reason to trust less, and the check begins at genesis.</summary>
    public static CheckPlace? Read(string? text)
    {
        if (text is null || text.StartsWith('{'))
            return HealthDocument.Read(text, Read);
        return text.Split(' ') is [var size, var hash] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 && Digest.TryParse(hash, out var digest)
            ? new CheckPlace(default, n, digest, Done: false)
            : null;
    }

    static CheckPlace? Read(JsonElement json) =>
        Events.Rfc3339.TryParse(json.GetProperty("began"u8).GetString(), out var began) && Digest.TryParse(json.GetProperty("hash"u8).GetString(), out var hash) && json.GetProperty("size"u8).GetInt64() is var size and >= 0
            ? new CheckPlace(began, size, hash, json.GetProperty("done"u8).GetBoolean(), json.TryGetProperty("hole"u8, out var hole) ? (hole.GetInt64(), json.GetProperty("hole_detail"u8).GetString() ?? "") : null)
            : null;
}
