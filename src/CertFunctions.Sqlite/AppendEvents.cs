using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Sqlite;

/// <summary>The events of one call: each is inserted with its subject's next seq, or found to be there.</summary>
sealed class AppendEvents(IReadOnlyList<StampedEvent> events) : WriteUnit
{
    readonly TaskCompletionSource<IReadOnlyList<AppendOutcome>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly AppendOutcome[] outcomes = new AppendOutcome[events.Count];

    public Task<IReadOnlyList<AppendOutcome>> Done => done.Task;

    public override int Events => events.Count;

    public override long Bytes { get; } = events.Sum(e => (long)e.Weight);

    public override void Apply(WriteSession session)
    {
        for (var i = 0; i < events.Count; i++)
            outcomes[i] = Append(session, events[i]);
    }

    public override void Settle() => done.SetResult(outcomes);

    public override void Fail(Exception e)
    {
        if (SqliteWriter.IsFull(e))
            done.SetResult([.. events.Select(_ => new AppendOutcome.Full())]);
        else
            done.SetException(e);
    }

    static AppendOutcome Append(WriteSession session, StampedEvent e)
    {
        if (e.Follows is { } follows && (session.FindSubject(e.Address)?.Seq ?? 0) is var at && at != follows)
            return session.FindSubject(e.Address) is { } elsewhere && Find(session, elsewhere, e) is { } there ? there : new AppendOutcome.Moved(at);
        var subject = session.Subject(e.Address);
        var seq = subject.Seq + 1;
        var leaf = e.Leaf(seq);
        session.InsertEvent.Bind(1, subject.Key).Bind(2, seq).Bind(3, e.Id.Value).Bind(4, e.Submitted.Type.Name)
            .Bind(5, UnixTicks.From(e.OccurredAt)).Bind(6, leaf).Bind(7, e.Salt.Span).Bind(8, e.Submitted.Personal.Span).Run();
        if (session.Changes == 0)
            return Find(session, subject, e) ?? throw new InvalidOperationException($"event {e.Id} is neither new nor there");
        session.Advance(subject, e);
        return new AppendOutcome.Appended(e.Record(seq, leaf, session.LastRowId));
    }

    /// <summary>Whether the id is taken, by this very submission or by another; null where it is free.</summary>
    static AppendOutcome? Find(WriteSession session, SubjectHead subject, StampedEvent e)
    {
        var find = session.FindEvent.Bind(1, subject.Key).Bind(2, e.Id.Value);
        try
        {
            if (!find.Step())
                return null;
            var existing = new RecordedEvent
            {
                Address = e.Address,
                Id = e.Id,
                Handle = find.Int64(0),
                Seq = find.Int64(1),
                Leaf = find.Blob(2).ToArray(),
                Salt = find.Blob(3).ToArray(),
                Personal = find.Blob(4).ToArray(),
            };
            return existing.IsSameSubmission(e) ? new AppendOutcome.Duplicate(existing) : new AppendOutcome.Conflict(existing);
        }
        finally
        {
            find.Reset();
        }
    }
}

/// <summary>Times as the database holds them: 100 ns since 1970-01-01T00:00:00Z.</summary>
static class UnixTicks
{
    public static long From(DateTimeOffset time) => time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    public static DateTimeOffset To(long ticks) => DateTimeOffset.UnixEpoch.AddTicks(ticks);

    /// <summary>Prints the time as a leaf does (<see cref="Rfc3339"/>), in UTF-8; false for a number that is no time.</summary>
    public static bool TryPrint(long ticks, Span<byte> utf8, out int length)
    {
        length = 0;
        if (ticks < From(DateTimeOffset.MinValue) || ticks > From(DateTimeOffset.MaxValue))
            return false;
        length = Rfc3339.Format(To(ticks), utf8);
        return true;
    }
}
