using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Timeline;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Timeline;

public sealed class ReadTimelineTests
{
    static readonly TimelineQuery Query = new() { Address = Reviews.Address("s-1"), Order = TimelineOrder.OldestFirst };

    static readonly ReadTimeline Read = new(new ListOfEvents(Reviews.Events(10)), new TimelineCursor(Make.Bytes(32, 5)));

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    [InlineData(500)]
    public async Task Pages_of_any_size_follow_one_another_by_cursor_until_there_is_none(int limit)
    {
        var seqs = new List<long>();
        string? cursor = null;
        do
        {
            var page = Assert.IsType<TimelinePage.Read>(await Read.HandleAsync(Query, cursor, limit, default));
            Assert.InRange(page.Events.Count, 0, limit);
            seqs.AddRange(page.Events.Select(e => e.Seq));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(Enumerable.Range(1, 10).Select(n => (long)n), seqs);
    }

    [Fact]
    public async Task A_cursor_may_be_used_with_another_page_size()
    {
        var first = Assert.IsType<TimelinePage.Read>(await Read.HandleAsync(Query, null, 2, default));
        var second = Assert.IsType<TimelinePage.Read>(await Read.HandleAsync(Query, first.NextCursor, 4, default));

        Assert.Equal([3L, 4, 5, 6], second.Events.Select(e => e.Seq));
    }

    [Fact]
    public async Task A_cursor_that_was_altered_or_is_anothers_is_refused_with_the_way_to_mend_it()
    {
        var page = Assert.IsType<TimelinePage.Read>(await Read.HandleAsync(Query, null, 2, default));

        var altered = Assert.IsType<TimelinePage.CursorRefused>(await Read.HandleAsync(Query, "x" + page.NextCursor![1..], 2, default));
        var anothers = Assert.IsType<TimelinePage.CursorRefused>(await Read.HandleAsync(Query with { Order = TimelineOrder.NewestFirst }, page.NextCursor, 2, default));
        var empty = Assert.IsType<TimelinePage.CursorRefused>(await Read.HandleAsync(Query, "", 2, default));

        Assert.Contains("not a cursor this service gave out", altered.Mend, StringComparison.Ordinal);
        Assert.Contains("belongs to another query", anothers.Mend, StringComparison.Ordinal);
        Assert.Contains("not a cursor this service gave out", empty.Mend, StringComparison.Ordinal);
    }

    /// <summary>One subject's events, read oldest first.</summary>
    sealed class ListOfEvents(IReadOnlyList<RecordedEvent> events) : IEventStore
    {
        public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> batch, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("reading appends nothing");

        public Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken)
        {
            var rest = events.Where(e => e.Seq > (fromSeq ?? 0)).ToList();
            return Task.FromResult(new TimelineSlice([.. rest.Take(limit)], rest.Count > limit ? rest[limit - 1].Seq : null));
        }
    }
}
