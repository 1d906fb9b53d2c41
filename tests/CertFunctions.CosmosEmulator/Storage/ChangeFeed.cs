using System.Globalization;
using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Query;

namespace CertFunctions.Emulation.Storage;

/// <summary>A page of changes and the LSN to go on behind.</summary>
sealed record ChangePage(IReadOnlyList<StoredDocument> Documents, long Lsn);

/// <summary>The latest version of each document, in the order they were last written. A transaction is never cut in two.</summary>
static class ChangeFeed
{
    const long MostBytes = 4 * 1024 * 1024;

    public static ChangePage Read(QueryScope scope, string? ifNoneMatch, string? ifModifiedSince, int pageSize)
    {
        var partition = scope.Partition;
        if (ifNoneMatch?.Trim('"') == "*") return new ChangePage([], partition.Lsn);

        var after = After(ifNoneMatch);
        var since = ifNoneMatch is null ? Since(ifModifiedSince) : 0;
        var page = new List<StoredDocument>();
        long bytes = 0;
        foreach (var document in partition.ChangesAfter(after))
        {
            if (document.Timestamp < since || !scope.Within.Contains(document.Epk)) continue;
            if (page.Count > 0 && page[^1].Lsn != document.Lsn && (page.Count >= pageSize || bytes >= MostBytes))
                return new ChangePage(page, page[^1].Lsn);
            page.Add(document);
            bytes += document.Size;
        }

        // Everything up to now has been seen, whatever part of it this scope was about.
        return new ChangePage(page, partition.Lsn);
    }

    static long After(string? ifNoneMatch)
    {
        if (ifNoneMatch is null) return 0;
        return long.TryParse(ifNoneMatch.Trim('"'), NumberStyles.Integer, CultureInfo.InvariantCulture, out var lsn)
            ? lsn
            : throw ServiceException.BadRequest($"The change feed continuation '{ifNoneMatch}' is not valid.");
    }

    static long Since(string? ifModifiedSince)
    {
        if (ifModifiedSince is null) return 0;
        return DateTimeOffset.TryParse(ifModifiedSince, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUnixTimeSeconds()
            : throw ServiceException.BadRequest($"If-Modified-Since '{ifModifiedSince}' is not a date.");
    }
}
