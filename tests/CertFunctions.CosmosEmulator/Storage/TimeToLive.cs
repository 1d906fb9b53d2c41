using System.Text.Json;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>When a document stops being there: its own <c>ttl</c> over the container's default, and never while the container has none.</summary>
static class TimeToLive
{
    public static long? ExpiryOf(JsonElement document, int? containerDefault, long writtenAt)
    {
        var own = OwnOf(document);
        if (containerDefault is not { } seconds) return null;
        var lives = own ?? seconds;
        return lives == -1 ? null : writtenAt + lives;
    }

    static int? OwnOf(JsonElement document)
    {
        if (!document.TryGetProperty("ttl", out var ttl) || ttl.ValueKind == JsonValueKind.Null) return null;
        return ttl.ValueKind == JsonValueKind.Number && ttl.TryGetInt32(out var seconds) && (seconds is -1 or > 0)
            ? seconds
            : throw ServiceException.BadRequest("The input ttl is invalid. Ensure to provide a nonzero positive integer, or -1.");
    }
}
