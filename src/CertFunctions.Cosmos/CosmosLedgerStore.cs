using System.Collections.Concurrent;
using System.Net;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The ledgers in one container, a segment per logical partition. An append is one transactional batch: the segment's head with the etag it was read
/// with, and each entry as a new document. An index is taken once because it is a document's id; an event is chained once in a segment because the
/// container says so, and once in a ledger because <see cref="AppendAsync"/> looks into older segments whenever an event is old enough to be there.
/// </summary>
sealed class CosmosLedgerStore(Container container, Container events, CosmosState state, TimeProvider clock) : ILedgerStore
{
    /// <summary>How far the clocks of hosts and of the service may be apart; asked only for an event that comes without the time it was written at.</summary>
    static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(10);

    /// <summary>The highest segment seen of each ledger: where to look first, and no more than that.</summary>
    readonly ConcurrentDictionary<OrgId, long> segments = new();

    public int MaxAppend => 99;

    public async Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken)
    {
        // Head first: what is chained between the two reads moves the head, and then the append that follows is a conflict.
        var head = await ReadHeadAsync(ledger, cancellationToken).ConfigureAwait(false);
        var chained = head.Size == 0 ? [] : await ChainedAsync(ledger, candidates, cancellationToken).ConfigureAwait(false);
        return new LedgerStanding(head, [.. candidates.Where(e => !chained.Contains(Name(e)))]);
    }

    public async Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
    {
        var segment = expected.Size / LedgerHead.SegmentLength;
        if (entries.Count > MaxAppend || entries[^1].Index / LedgerHead.SegmentLength != segment)
            throw new ArgumentException($"an append holds at most {MaxAppend} entries, of one segment", nameof(entries));
        var opening = expected.Size % LedgerHead.SegmentLength == 0;
        var token = expected.Token as Token;
        if (expected.Size > 0 && token is null)
            return new LedgerAppendOutcome.Conflict();

        var newest = token?.Newest ?? 0;
        var newestBefore = opening ? newest : token!.NewestBefore;
        if (segment > 0 && await AnyInOlderSegmentsAsync(expected.Ledger, entries, newestBefore, cancellationToken).ConfigureAwait(false))
            return new LedgerAppendOutcome.Conflict();
        if (segment == 0 && opening)
            await state.AddLedgerAsync(expected.Ledger, cancellationToken).ConfigureAwait(false);

        var moved = new SegmentDocument
        {
            Id = SegmentDocument.HeadId,
            Org = expected.Ledger.Value,
            Segment = CosmosNames.Segment(segment),
            Event = SegmentDocument.HeadId,
            Size = entries[^1].Index + 1,
            Hash = entries[^1].Hash.ToString(),
            OpeningHash = opening ? expected.Hash.ToString() : token!.OpeningHash,
            KeyId = entries[^1].KeyId,
            Newest = Math.Max(newest, entries.Max(WrittenBy)),
            NewestBefore = newestBefore,
        };
        var batch = container.CreateTransactionalBatch(CosmosNames.Partition(expected.Ledger, segment));
        batch = opening ? batch.CreateItem(moved) : batch.ReplaceItem(SegmentDocument.HeadId, moved, new TransactionalBatchItemRequestOptions { IfMatchEtag = token!.Etag });
        foreach (var entry in entries)
            batch = batch.CreateItem(Document(entry, segment));

        return await CosmosFailure.GuardAsync<LedgerAppendOutcome>(async () =>
        {
            // Once sent it is carried through: giving up half-way would only leave us not knowing.
            using var response = await batch.ExecuteAsync(CancellationToken.None).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                segments[expected.Ledger] = segment;
                return new LedgerAppendOutcome.Appended(new LedgerHead(expected.Ledger, moved.Size, entries[^1].Hash, new Token(response[0].ETag, moved.Newest, moved.NewestBefore, moved.OpeningHash)) { KeyId = moved.KeyId });
            }

            // 409: an index, an event or a segment that is there. 412: the head moved, perhaps by this very batch, whose answer was lost.
            return response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound
                ? new LedgerAppendOutcome.Conflict()
                : throw CosmosFailure.Unavailable(response.StatusCode);
        }).ConfigureAwait(false);
    }

    public async Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken)
    {
        var documents = new List<EntryDocument>();
        while (documents.Count < limit)
        {
            var next = from + documents.Count;
            var found = await ReadSegmentAsync(ledger, next, limit - documents.Count, cancellationToken).ConfigureAwait(false);
            documents.AddRange(found);
            if (found.Count == 0 || (next + found.Count) % LedgerHead.SegmentLength != 0)
                break;
        }

        for (var i = 0; i < documents.Count; i++)
        {
            if (documents[i].Index != from + i)
                throw new InvalidDataException($"the ledger of {ledger} has no entry {from + i}: run 'certfn verify'");
        }

        var recorded = await EventsAsync(ledger, documents, cancellationToken).ConfigureAwait(false);
        return [.. documents.Select(d => Entry(d, recorded))];
    }

    public async Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        var sql = new QueryDefinition("SELECT VALUE c.index FROM c WHERE c.event = @event").WithParameter("@event", CosmosNames.Event(address, id));
        using var pages = container.GetItemQueryIterator<long>(sql, requestOptions: CosmosNames.Within(Ledger(address.Org)));
        while (pages.HasMoreResults)
        {
            foreach (var index in await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false))
                return new EventStanding.Chained(index);
        }

        using var read = await events.ReadItemStreamAsync(EventDocument.IdPrefix + id.Value, CosmosNames.Partition(address), cancellationToken: cancellationToken).ConfigureAwait(false);
        return read.StatusCode switch
        {
            HttpStatusCode.OK => new EventStanding.Unchained(),
            HttpStatusCode.NotFound => (EventStanding)new EventStanding.Unknown(),
            var other => throw CosmosFailure.Unavailable(other),
        };
    }).ConfigureAwait(false);

    public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => state.LedgersAsync(cancellationToken);

    async Task<List<EntryDocument>> ReadSegmentAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        var sql = new QueryDefinition($"SELECT TOP {limit} * FROM c WHERE c.index >= @from ORDER BY c.index ASC").WithParameter("@from", from);
        var options = CosmosNames.Within(CosmosNames.Partition(ledger, from / LedgerHead.SegmentLength), limit);
        var found = new List<EntryDocument>(Math.Min(limit, 1000));
        using var pages = container.GetItemQueryIterator<EntryDocument>(sql, requestOptions: options);
        while (pages.HasMoreResults && found.Count < limit)
            found.AddRange(await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false));
        return found;
    }).ConfigureAwait(false);

    /// <summary>The events of entries. One that is gone is an error here: what is forwarded or exported must be whole.</summary>
    async Task<Dictionary<string, RecordedEvent>> EventsAsync(OrgId ledger, List<EntryDocument> documents, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, RecordedEvent>(documents.Count);
        foreach (var chunk in documents.Chunk(500))
        {
            var items = chunk.Select(d => (EventDocument.IdPrefix + d.EventId, CosmosNames.Partition(ledger.Value, d.Project, d.Subject))).ToList();
            foreach (var document in await CosmosFailure.GuardAsync(() => events.ReadManyItemsAsync<EventDocument>(items, cancellationToken: cancellationToken)).ConfigureAwait(false))
            {
                var recorded = CosmosNames.Read(document);
                found[Name(recorded)] = recorded;
            }
        }

        return found;
    }

    async Task<LedgerHead> ReadHeadAsync(OrgId ledger, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        if (!segments.TryGetValue(ledger, out var segment))
            segment = await HighestSegmentAsync(ledger, cancellationToken).ConfigureAwait(false);
        LedgerHead? head = null;
        // The segment last seen may be full by now, and others may follow it.
        while (await ReadSegmentHeadAsync(ledger, segment, cancellationToken).ConfigureAwait(false) is { } found)
        {
            head = found;
            segments[ledger] = segment;
            if (found.Size < (segment + 1) * LedgerHead.SegmentLength)
                break;
            segment++;
        }

        return head ?? LedgerHead.Empty(ledger);
    }).ConfigureAwait(false);

    async Task<LedgerHead?> ReadSegmentHeadAsync(OrgId ledger, long segment, CancellationToken cancellationToken)
    {
        try
        {
            var read = await container.ReadItemAsync<SegmentDocument>(SegmentDocument.HeadId, CosmosNames.Partition(ledger, segment), cancellationToken: cancellationToken).ConfigureAwait(false);
            var document = read.Resource;
            return new LedgerHead(ledger, document.Size, CosmosNames.Digest(document.Hash), new Token(read.ETag, document.Newest, document.NewestBefore, document.OpeningHash)) { KeyId = document.KeyId };
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    async Task<long> HighestSegmentAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var sql = new QueryDefinition("SELECT VALUE c.segment FROM c WHERE c.id = @head").WithParameter("@head", SegmentDocument.HeadId);
        using var pages = container.GetItemQueryIterator<string>(sql, requestOptions: CosmosNames.Within(Ledger(ledger)));
        var highest = 0L;
        while (pages.HasMoreResults)
        {
            foreach (var segment in await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false))
                highest = Math.Max(highest, long.Parse(segment, System.Globalization.CultureInfo.InvariantCulture));
        }

        return highest;
    }

    /// <summary>
    /// An event is written once, so the time in its document never changes, and one newer than all that older segments hold is in none of them. No clock of
    /// ours takes part. One that comes without its time (it came from an append, or was erased and so written again) is always looked for.
    /// </summary>
    async Task<bool> AnyInOlderSegmentsAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, long newestBefore, CancellationToken cancellationToken)
    {
        var oldEnough = entries.Where(e => e.Event.Handle <= newestBefore).Select(e => e.Event).ToList();
        return oldEnough.Count > 0 && (await ChainedAsync(ledger, oldEnough, cancellationToken).ConfigureAwait(false)).Count > 0;
    }

    /// <summary>When an entry's event was written, at the latest.</summary>
    long WrittenBy(ChainedEvent entry) => entry.Event.Handle != 0 ? entry.Event.Handle : (clock.GetUtcNow() + ClockSkew).ToUnixTimeSeconds();

    /// <summary>The names of those events that are in the ledger, in whichever segment.</summary>
    async Task<HashSet<string>> ChainedAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        var chained = new HashSet<string>();
        foreach (var chunk in candidates.Select(Name).Chunk(200))
        {
            var sql = new QueryDefinition($"SELECT VALUE c.event FROM c WHERE c.event IN ({string.Join(", ", chunk.Select((_, i) => $"@e{i}"))})");
            for (var i = 0; i < chunk.Length; i++)
                sql = sql.WithParameter($"@e{i}", chunk[i]);
            using var pages = container.GetItemQueryIterator<string>(sql, requestOptions: CosmosNames.Within(Ledger(ledger)));
            while (pages.HasMoreResults)
                chained.UnionWith(await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false));
        }

        return chained;
    }).ConfigureAwait(false);

    /// <summary>All segments of a ledger: the first level of the key alone.</summary>
    static PartitionKey Ledger(OrgId ledger) => new PartitionKeyBuilder().Add(ledger.Value).Build();

    static string Name(RecordedEvent e) => CosmosNames.Event(e.Address, e.Id);

    static EntryDocument Document(ChainedEvent entry, long segment) => new()
    {
        Id = CosmosNames.Entry(entry.Index),
        Org = entry.Event.Address.Org.Value,
        Segment = CosmosNames.Segment(segment),
        Index = entry.Index,
        Event = Name(entry.Event),
        Project = entry.Event.Address.Project.Value,
        Subject = CosmosNames.Subject(entry.Event.Address.Subject),
        EventId = entry.Event.Id.Value,
        PreviousHash = entry.PreviousHash.ToString(),
        LeafHash = entry.LeafHash.ToString(),
        Hash = entry.Hash.ToString(),
        Mac = entry.Mac.ToString(),
        KeyId = entry.KeyId,
    };

    static ChainedEvent Entry(EntryDocument document, Dictionary<string, RecordedEvent> events) => new()
    {
        Index = document.Index,
        PreviousHash = CosmosNames.Digest(document.PreviousHash),
        LeafHash = CosmosNames.Digest(document.LeafHash),
        Hash = CosmosNames.Digest(document.Hash),
        Mac = CosmosNames.Digest(document.Mac),
        KeyId = document.KeyId,
        Event = events.TryGetValue(document.Event, out var recorded) ? recorded : throw new InvalidDataException($"the event of entry {document.Index} is gone: run 'certfn verify'"),
    };

    /// <summary>What compare-and-swap needs of a segment's head.</summary>
    sealed record Token(string Etag, long Newest, long NewestBefore, string OpeningHash);
}
