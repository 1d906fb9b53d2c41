using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Core.Ingest;

/// <summary>
/// The record of events, append-only (R30). The contract, by number; every store passes the same suite:
/// <list type="number">
/// <item>An outcome of <see cref="AppendOutcome.Appended"/> or <see cref="AppendOutcome.Duplicate"/> means the event is durable: it survives the death of process and machine.</item>
/// <item>Seqs of a subject are 1, 2, 3 … in the order of appending, without a gap, whoever appends at once.</item>
/// <item>An id is unique per subject. The same submission again is a <see cref="AppendOutcome.Duplicate"/> with the first one's seq; other content under the id is a <see cref="AppendOutcome.Conflict"/>, and nothing is written.</item>
/// <item>The events of one call get one outcome each, in order; what one of them meets does not touch the others. Duplicates inside one call are found too.</item>
/// <item>When the call throws, each event is either wholly durable or wholly absent; the caller submits again and learns which.</item>
/// <item>More than the store can take now is <see cref="AppendOutcome.Busy"/>, at once, with nothing written: the queue is bounded.</item>
/// <item>Reads see every event whose append was answered, and never one of another subject.</item>
/// <item>An event that names the seq it follows (<see cref="StampedEvent.Follows"/>) is appended right after that seq or not at all: where the head is another, it is <see cref="AppendOutcome.Moved"/>, and nothing is written. Its id comes first: one that is there is a duplicate or a conflict, wherever the head is.</item>
/// </list>
/// </summary>
public interface IEventStore
{
    /// <summary>Appends events, each with the next seq of its subject. A single event is a list of one.</summary>
    Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken);

    /// <summary>
    /// One page of a subject's events in seq order, strictly past <paramref name="fromSeq"/> (null: from the end the order begins at).
    /// At most <paramref name="limit"/> events; the slice says where to go on, also when a filter made it short.
    /// </summary>
    Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken);
}

/// <summary>What became of one event handed to <see cref="IEventStore.AppendAsync"/>.</summary>
public abstract record AppendOutcome
{
    AppendOutcome()
    {
    }

    /// <summary>Durable now, with a seq of its own.</summary>
    public sealed record Appended(RecordedEvent Event) : AppendOutcome;

    /// <summary>Was durable already: the same submission came before.</summary>
    public sealed record Duplicate(RecordedEvent Event) : AppendOutcome;

    /// <summary>Its id belongs to an event of the same subject with other content. Nothing was written.</summary>
    public sealed record Conflict(RecordedEvent Existing) : AppendOutcome;

    /// <summary>It was to follow another seq than the one its subject's head has, <paramref name="HeadSeq"/>. Nothing was written.</summary>
    public sealed record Moved(long HeadSeq) : AppendOutcome;

    /// <summary>The store has more than it can take. Nothing was written; worth another try after <paramref name="RetryAfter"/>.</summary>
    public sealed record Busy(TimeSpan RetryAfter) : AppendOutcome;

    /// <summary>The store has no room left. Nothing was written, and a retry helps only after someone made room.</summary>
    public sealed record Full : AppendOutcome;
}
