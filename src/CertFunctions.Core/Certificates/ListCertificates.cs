using CertFunctions.Core.Paging;

namespace CertFunctions.Core.Certificates;

/// <summary>One page of a project's certificates, the counts with the first, and the cursor to the next.</summary>
public sealed class ListCertificates(ICertificateStore store, CertificateCursor cursors)
{
    public const int DefaultLimit = 50, MaxLimit = 500;

    /// <summary>The windows that certificates are counted in, in days.</summary>
    public static readonly IReadOnlyList<int> CountedDays = [7, 14, 30, 90];

    /// <param name="query">What to list, as of now.</param>
    /// <param name="within">Only certificates that end within this from the time of the first page; null for all.</param>
    /// <param name="cursor">Where to go on.</param>
    /// <param name="limit">Most certificates on the page.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<CertificateListing> HandleAsync(CertificateQuery query, TimeSpan? within, string? cursor, int limit, CancellationToken cancellationToken)
    {
        CertificatePlace? from = null;
        if (cursor is not null)
        {
            var opening = cursors.Decode(query, within, cursor, out var first, out from);
            if (opening != Opening.Good)
                return new CertificateListing.CursorRefused(opening == Opening.OfAnotherQuery
                    ? "belongs to another query: send it with the same status, issuer, expiring_within, name and sort, and for the same project"
                    : "is not a cursor this service gave out: send next_cursor of the page before, unchanged");
            query = query with { Now = first };
        }

        if (within is { } window)
            query = query with { ExpiringFrom = query.Now, ExpiringBefore = DateTimeOffset.MaxValue - query.Now > window ? query.Now + window : DateTimeOffset.MaxValue };
        var page = await store.ListAsync(query, from, limit, cancellationToken).ConfigureAwait(false);
        var counts = cursor is null ? await store.CountAsync(query.Org, query.Project, query.Now, CountedDays, cancellationToken).ConfigureAwait(false) : null;
        return new CertificateListing.Read(page.Certificates, counts, query.Now, page.ContinueFrom is { } place ? cursors.Encode(query, within, place) : null);
    }
}

/// <summary>What became of asking for a page of certificates.</summary>
public abstract record CertificateListing
{
    CertificateListing()
    {
    }

    /// <summary>The certificates as of <paramref name="AsOf"/>; <paramref name="Counts"/> with the first page only; <paramref name="NextCursor"/> is null at the end.</summary>
    public sealed record Read(IReadOnlyList<CertificateHead> Certificates, CertificateCounts? Counts, DateTimeOffset AsOf, string? NextCursor) : CertificateListing;

    public sealed record CursorRefused(string Mend) : CertificateListing;
}
