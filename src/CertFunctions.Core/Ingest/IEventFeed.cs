using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ingest;

/// <summary>
/// The events' change feed of a store that has no triggers of its own. The contract, by number:
/// <list type="number">
/// <item>Every event comes after finitely many reads from the beginning (position null), each once on the way, a subject's in seq order.</item>
/// <item>A position once passed hides nothing that is yet to come, whoever appends meanwhile.</item>
/// <item>Reading moves nothing; whoever reads keeps the position.</item>
/// </list>
/// </summary>
public interface IEventFeed
{
    /// <summary>The events past <paramref name="position"/> (null: all), about <paramref name="limit"/> (what was appended as one is not cut), and the position after them.</summary>
    Task<FeedBatch> ReadFeedAsync(string? position, int limit, CancellationToken cancellationToken);

    /// <summary>Returns once there may be more past <paramref name="position"/>, or when <paramref name="patience"/> has run out.</summary>
    Task WaitAsync(string? position, TimeSpan patience, CancellationToken cancellationToken);
}

/// <summary>A piece of the feed. <paramref name="Position"/> is in the feed's own words; null where the feed is still at its beginning.</summary>
public sealed record FeedBatch(IReadOnlyList<RecordedEvent> Events, string? Position);
