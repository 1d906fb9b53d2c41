using System.Collections.Concurrent;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The events in one container. A subject is one logical partition; its appends go through a lane of its own, which writes what waits together in
/// one transactional batch, so that many writers on one subject do not fight over its head.
/// </summary>
sealed class CosmosEventStore(Container container, CertificateHeads heads) : IEventStore
{
    readonly ConcurrentDictionary<SubjectAddress, SubjectLane> lanes = new();

    public async Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken)
    {
        var outcomes = new AppendOutcome[events.Count];
        var subjects = Enumerable.Range(0, events.Count).GroupBy(i => events[i].Address);
        await Task.WhenAll(subjects.Select(async group =>
        {
            var places = group.ToList();
            var appended = await AppendToAsync(group.Key, [.. places.Select(i => events[i])]).ConfigureAwait(false);
            for (var i = 0; i < places.Count; i++)
                outcomes[places[i]] = appended[i];
        })).ConfigureAwait(false);
        return outcomes;
    }

    async Task<IReadOnlyList<AppendOutcome>> AppendToAsync(SubjectAddress address, IReadOnlyList<StampedEvent> events)
    {
        while (true)
        {
            var lane = lanes.GetOrAdd(address, a => new SubjectLane(container, heads, a, closed => lanes.TryRemove(new KeyValuePair<SubjectAddress, SubjectLane>(a, closed))));
            // A lane that ran empty closes itself; whoever comes too late for it opens the next.
            if (lane.TryEnqueue(events, out var done))
                return await done.ConfigureAwait(false);
        }
    }

    public async Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken)
    {
        var down = query.Order == TimelineOrder.NewestFirst;
        var sql = new QueryDefinition($"SELECT TOP {limit + 1} * FROM c WHERE c.seq {(down ? "<" : ">")} @from{Filter(query)} ORDER BY c.seq {(down ? "DESC" : "ASC")}")
            .WithParameter("@from", fromSeq ?? (down ? long.MaxValue >> 11 : 0));
        if (query.After is { } after)
            sql = sql.WithParameter("@after", CosmosNames.Time(after));
        if (query.Before is { } before)
            sql = sql.WithParameter("@before", CosmosNames.Time(before));
        for (var i = 0; i < query.Types.Count; i++)
            sql = sql.WithParameter($"@type{i}", query.Types[i]);

        var documents = await CosmosFailure.GuardAsync(async () =>
        {
            var found = new List<JsonElement>(limit + 1);
            using var pages = container.GetItemQueryIterator<JsonElement>(sql, requestOptions: CosmosNames.Within(CosmosNames.Partition(query.Address), limit + 1));
            while (pages.HasMoreResults && found.Count <= limit)
                found.AddRange(await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false));
            return found;
        }).ConfigureAwait(false);

        // A document that is no event is in quarantine, or will be; it takes a place on the page and hides nobody.
        var events = documents.Select(d => FeedDocuments.Read(d, out var recorded) is null ? recorded : null).OfType<RecordedEvent>().Take(limit).ToList();
        if (documents.Count <= limit)
            return new TimelineSlice(events, null);
        return events.Count > 0 ? new TimelineSlice(events, events[^1].Seq) : throw new InvalidDataException($"{query.Address} holds a page of documents that are no events: look into the quarantine");
    }

    static string Filter(TimelineQuery query) =>
        (query.Types.Count == 0 ? "" : $" AND c.type IN ({string.Join(", ", query.Types.Select((_, i) => $"@type{i}"))})")
        + (query.After is null ? "" : " AND c.at > @after") + (query.Before is null ? "" : " AND c.at < @before");
}
