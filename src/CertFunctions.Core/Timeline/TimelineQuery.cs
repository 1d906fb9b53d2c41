using CertFunctions.Core.Events;

namespace CertFunctions.Core.Timeline;

/// <summary>Which of a subject's events to read, and in which order. Everything a cursor is bound to.</summary>
public sealed record TimelineQuery
{
    public required SubjectAddress Address { get; init; }

    /// <summary>Wire names; empty means every type. Sorted and each once, so that equal filters are equal queries.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Only events that occurred strictly later.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Only events that occurred strictly earlier.</summary>
    public DateTimeOffset? Before { get; init; }

    public TimelineOrder Order { get; init; } = TimelineOrder.NewestFirst;
}

public enum TimelineOrder
{
    NewestFirst,
    OldestFirst,
}

/// <summary>
/// Part of a timeline. <paramref name="ContinueFrom"/> is the seq the next slice reads strictly past; null when the order's end was reached. It
/// may come with fewer events than asked for, even none: a store examines a bounded number of events for one slice.
/// </summary>
public sealed record TimelineSlice(IReadOnlyList<RecordedEvent> Events, long? ContinueFrom);
