using CertFunctions.Core.Events.Catalogue;

namespace CertFunctions.Core.Events;

/// <summary>
/// An event as a producer sent it, parsed and found right: stage 1 of its life. Nothing of it is durable. Its payload is already split: what may
/// be hashed for ever, and what is personal.
/// </summary>
public sealed record SubmittedEvent
{
    /// <summary>The producer's own id; without one each submission is a new event.</summary>
    public EventId? Id { get; init; }

    public required EventType Type { get; init; }

    /// <summary>The name it came under where that was an alias of <see cref="Type"/>.</summary>
    public string? SubmittedType { get; init; }

    public required Subject Subject { get; init; }

    /// <summary>When it happened, by the producer's clock; null means "now", which becomes the time it is recorded.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    public required ActorType ActorType { get; init; }

    public required EventStatus Status { get; init; }

    public required Severity Severity { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>RFC 8785 JSON object: the payload without its personal fields.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>RFC 8785 JSON object <c>{"actor":{"id","name"?},"data":{…}?}</c>: who did it, and the personal fields of the payload.</summary>
    public required ReadOnlyMemory<byte> Personal { get; init; }
}
