using System.Diagnostics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Core.Timeline;

/// <summary>One page of a subject's timeline, and the cursor to the next (R24, R25).</summary>
public sealed class ReadTimeline(IEventStore store, TimelineCursor cursors)
{
    public const int DefaultLimit = 50, MaxLimit = 500;

    public async Task<TimelinePage> HandleAsync(TimelineQuery query, string? cursor, int limit, CancellationToken cancellationToken)
    {
        long? from = null;
        if (cursor is not null)
        {
            switch (cursors.Decode(query, cursor))
            {
                case CursorReading.Place place:
                    from = place.Seq;
                    break;
                case CursorReading.Altered:
                    return new TimelinePage.CursorRefused("is not a cursor this service gave out: send next_cursor of the page before, unchanged");
                case CursorReading.OfAnotherQuery:
                    return new TimelinePage.CursorRefused("belongs to another query: send it with the same type, after, before and order, and for the same subject");
                default:
                    throw new UnreachableException();
            }
        }

        var slice = await store.ReadTimelineAsync(query, from, limit, cancellationToken).ConfigureAwait(false);
        return new TimelinePage.Read(slice.Events, slice.ContinueFrom is { } seq ? cursors.Encode(query, seq) : null);
    }
}

/// <summary>What became of asking for a page.</summary>
public abstract record TimelinePage
{
    TimelinePage()
    {
    }

    /// <summary>The events in the query's order; <paramref name="NextCursor"/> is null at the end.</summary>
    public sealed record Read(IReadOnlyList<RecordedEvent> Events, string? NextCursor) : TimelinePage;

    public sealed record CursorRefused(string Mend) : TimelinePage;
}
