using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ingest;

/// <summary>
/// The events' change feed of a store that has no triggers of its own. The contract, by number:
/// <list type="number">
/// <item>Every event comes after finitely many reads from position 0, each once on the way, a subject's in seq order.</item>
/// <item>An event whose append was answered stands before every event appended after that: a position once passed hides nothing that is yet to come.</item>
/// <item>Reading moves nothing; whoever reads keeps the position.</item>
/// </list>
/// </summary>
public interface IEventFeed
{
    /// <summary>The events past <paramref name="position"/> (0: all), at most <paramref name="limit"/>, and the position after them.</summary>
    Task<FeedBatch> ReadFeedAsync(long position, int limit, CancellationToken cancellationToken);

    /// <summary>Returns once there may be more past <paramref name="position"/>, or when <paramref name="patience"/> has run out.</summary>
    Task WaitAsync(long position, TimeSpan patience, CancellationToken cancellationToken);
}

/// <summary>A piece of the feed.</summary>
public sealed record FeedBatch(IReadOnlyList<RecordedEvent> Events, long Position);
