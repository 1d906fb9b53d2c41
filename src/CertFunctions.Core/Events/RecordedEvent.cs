using System.Text.Json;

namespace CertFunctions.Core.Events;

/// <summary>An event that is durable: its place among its subject's events is fixed. Stage 2 of its life.</summary>
public sealed record RecordedEvent
{
    public required SubjectAddress Address { get; init; }

    public required EventId Id { get; init; }

    /// <summary>1, 2, 3 … without a gap, per subject.</summary>
    public required long Seq { get; init; }

    /// <summary>The bytes that are hashed: see <c>docs/ledger-format.md</c>.</summary>
    public required ReadOnlyMemory<byte> Leaf { get; init; }

    /// <summary>32 bytes; empty once the person's data was erased.</summary>
    public ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>Canonical JSON; empty once the person's data was erased.</summary>
    public ReadOnlyMemory<byte> Personal { get; init; }

    /// <summary>Where its own store keeps it. Means nothing to anyone else.</summary>
    public long Handle { get; init; }

    /// <summary>
    /// Whether <paramref name="again"/> is the same submission sent once more: every member that the producer decides is equal, the personal
    /// ones included. What the service adds (seq, time of recording, salt, trace) may differ, and so may an occurred_at that was left out both times.
    /// </summary>
    public bool IsSameSubmission(StampedEvent again)
    {
        if (!Personal.IsEmpty && !Personal.Span.SequenceEqual(again.Submitted.Personal.Span))
            return false;
        using var here = JsonDocument.Parse(Leaf);
        using var there = JsonDocument.Parse(again.Leaf(Seq));
        return Decided(here.RootElement).SequenceEqual(Decided(there.RootElement)) && SameTime(here.RootElement, again);
    }

    static IEnumerable<(string, string)> Decided(JsonElement leaf) =>
        from member in leaf.EnumerateObject()
        where member.Name is not ("personal" or "recorded_at" or "seq" or "traceparent" or "occurred_at")
        select (member.Name, member.Value.GetRawText());

    static bool SameTime(JsonElement leaf, StampedEvent again)
    {
        var occurredAt = leaf.GetProperty("occurred_at").GetString();
        return again.Submitted.OccurredAt is { } named ? occurredAt == Rfc3339.Format(named) : occurredAt == leaf.GetProperty("recorded_at").GetString();
    }
}
