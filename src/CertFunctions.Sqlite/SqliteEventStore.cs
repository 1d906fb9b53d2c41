using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Sqlite;

/// <summary>The events in one SQLite file, and their change feed: the order of their rowids, which the one writer gives out in commit order.</summary>
sealed class SqliteEventStore(SqliteWriter? writer, ReadSessions sessions) : IEventStore, IEventFeed
{
    /// <summary>Events one slice may examine: a filter that matches little answers with a short page and a cursor, not with a long wait.</summary>
    const int ExaminedPerSlice = 20_000;

    static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    readonly Lock gate = new();
    TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long highest;

    public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken)
    {
        var unit = new AppendEvents(events);
        // Once queued it is carried through: whether the caller still listens changes nothing about what is durable.
        return writer.OrRefuse().TryEnqueue(unit)
            ? unit.Done
            : Task.FromResult<IReadOnlyList<AppendOutcome>>([.. events.Select(_ => new AppendOutcome.Busy(RetryAfter))]);
    }

    public Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => ReadTimeline(session, query, fromSeq, limit), cancellationToken);

    static TimelineSlice ReadTimeline(ReadSession session, TimelineQuery query, long? fromSeq, int limit)
    {
        if (session.Key(query.Address) is not { } subject)
            return new TimelineSlice([], null);
        var down = query.Order == TimelineOrder.NewestFirst;
        var rows = (down ? session.TimelineDown : session.TimelineUp).Bind(1, subject).Bind(2, fromSeq ?? (down ? long.MaxValue : 0)).Bind(3, ExaminedPerSlice + 1);
        try
        {
            var events = new List<RecordedEvent>(Math.Min(limit, 64));
            long examined = 0, last = 0;
            while (rows.Step())
            {
                // One row past the page, or past what one slice may examine, tells that there is more.
                if (examined == ExaminedPerSlice || events.Count == limit)
                    return new TimelineSlice(events, last);
                examined++;
                last = rows.Int64(1);
                if (Matches(query, rows))
                    events.Add(new RecordedEvent
                    {
                        Address = query.Address,
                        Handle = rows.Int64(0),
                        Seq = last,
                        Id = EventId.Parse(rows.Text(2)),
                        Leaf = rows.Blob(5).ToArray(),
                        Salt = rows.Blob(6).ToArray(),
                        Personal = rows.Blob(7).ToArray(),
                    });
            }

            return new TimelineSlice(events, null);
        }
        finally
        {
            rows.Reset();
        }
    }

    static bool Matches(TimelineQuery query, Statement row) =>
        (query.After is not { } after || row.Int64(4) > UnixTicks.From(after))
        && (query.Before is not { } before || row.Int64(4) < UnixTicks.From(before))
        && (query.Types.Count == 0 || query.Types.Any(type => row.TextEquals(3, type)));

    public Task<FeedBatch> ReadFeedAsync(string? position, int limit, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => ReadFeed(session, Row(position), limit), cancellationToken);

    static FeedBatch ReadFeed(ReadSession session, long position, int limit)
    {
        var rows = session.Feed.Bind(1, position).Bind(2, limit);
        try
        {
            var events = new List<RecordedEvent>();
            while (rows.Step())
            {
                position = rows.Int64(0);
                events.Add(Rows.Event(rows, 0));
            }

            return new FeedBatch(events, position == 0 ? null : position.ToString(CultureInfo.InvariantCulture));
        }
        finally
        {
            rows.Reset();
        }
    }

    public async Task WaitAsync(string? position, TimeSpan patience, CancellationToken cancellationToken)
    {
        Task next;
        lock (gate)
        {
            if (highest > Row(position))
                return;
            next = changed.Task;
        }

        try
        {
            await next.WaitAsync(patience, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing came; the caller looks anyway.
        }
    }

    static long Row(string? position) => position is null ? 0 : long.Parse(position, CultureInfo.InvariantCulture);

    /// <summary>Tells whoever waits on the feed that events up to a position are committed.</summary>
    internal void Signal(long position)
    {
        lock (gate)
        {
            if (position <= highest)
                return;
            highest = position;
            changed.SetResult();
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
