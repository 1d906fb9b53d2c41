using System.Net;
using System.Text;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// Appends to one subject: {the head with the etag it was read with, each event as a new document} in one transactional batch. A conflict, and an
/// answer that was lost, end in the same place: the head is read again, the ids are looked for, and what is not there is tried anew.
/// </summary>
sealed class SubjectAppender(Container container, CertificateHeads heads, SubjectAddress address)
{
    // The service takes 100 operations and 2 MB in a batch. One operation is the head; a document holds its event as text inside a string, where a quote takes
    // two bytes and an emoji, four bytes in the leaf, is written as twelve.
    const int BatchEvents = 99;
    const int BatchBytes = 1_800_000;
    const int BytesPerByte = 3;
    const int DocumentBytes = 1024;
    const int Attempts = 30;

    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    static readonly (HttpStatusCode, string?) Throttled = (HttpStatusCode.TooManyRequests, null);

    readonly PartitionKey partition = CosmosNames.Partition(address);
    Head? head;

    /// <summary>One outcome per event, in order. Throws <see cref="CosmosUnavailableException"/> when nothing is known of what was under way.</summary>
    public async Task<List<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events)
    {
        var outcomes = new AppendOutcome?[events.Count];
        var firsts = new Dictionary<EventId, int>();
        for (var i = 0; i < events.Count; i++)
            firsts.TryAdd(events[i].Id, i);
        var pending = firsts.Values.Order().ToList();
        await AppendAsync(events, pending, outcomes).ConfigureAwait(false);

        // A repetition inside the call meets what the first of its kind became.
        for (var i = 0; i < events.Count; i++)
            outcomes[i] ??= Repeat(outcomes[firsts[events[i].Id]]!, events[i]);
        return [.. outcomes.Select(o => o!)];
    }

    async Task AppendAsync(IReadOnlyList<StampedEvent> events, List<int> pending, AppendOutcome?[] outcomes)
    {
        for (var attempt = 0; pending.Count > 0; attempt++)
        {
            if (attempt == Attempts)
                throw new CosmosUnavailableException($"{Attempts} others were faster each time on this subject");
            var known = head is not null;
            var there = await ReadHeadAsync().ConfigureAwait(false);
            if (there && events[pending[0]].Follows is { } follows && follows != head!.Seq)
            {
                await SettleMovedAsync(events, pending, known, outcomes).ConfigureAwait(false);
                attempt = -1;
                continue;
            }

            var batch = there ? Take(events, pending, head!.Seq) : [];
            var (status, etag) = there ? await WriteAsync(events, batch).ConfigureAwait(false) : Throttled;
            switch (status)
            {
                case HttpStatusCode.OK:
                    head!.State = After(events, batch);
                    foreach (var i in batch)
                    {
                        var seq = ++head.Seq;
                        outcomes[i] = new AppendOutcome.Appended(events[i].Record(seq, events[i].Leaf(seq)));
                    }

                    head.Etag = etag;
                    pending.RemoveRange(0, batch.Count);
                    attempt = -1;
                    break;
                case HttpStatusCode.TooManyRequests:
                    head = null;
                    foreach (var i in pending)
                        outcomes[i] = new AppendOutcome.Busy(RetryAfter);
                    return;
                default:
                    // 409 and 412: someone else was here, or it was we, and the answer was lost. Timeouts and the like: the same question.
                    head = null;
                    await LookForAsync(events, pending, outcomes).ConfigureAwait(false);
                    if (attempt > 0)
                        await Task.Delay(Random.Shared.Next(5, 20 * attempt)).ConfigureAwait(false);
                    break;
            }
        }
    }

    /// <summary>
    /// The first of the pending was to follow another seq than the head's. What is remembered of the head may be of old; the service's word counts, and before it
    /// the id's: an event that is there is there.
    /// </summary>
    async Task SettleMovedAsync(IReadOnlyList<StampedEvent> events, List<int> pending, bool known, AppendOutcome?[] outcomes)
    {
        if (known)
        {
            head = null;
            return;
        }

        List<int> first = [pending[0]];
        await LookForAsync(events, first, outcomes).ConfigureAwait(false);
        if (first.Count > 0)
            outcomes[first[0]] = new AppendOutcome.Moved(head!.Seq);
        pending.RemoveAt(0);
    }

    /// <summary>What goes into one batch: as much as the service takes, and nothing that would not follow the seq it asks for.</summary>
    static List<int> Take(IReadOnlyList<StampedEvent> events, List<int> pending, long seq)
    {
        var batch = new List<int>(BatchEvents);
        long bytes = 0;
        foreach (var i in pending)
        {
            bytes += BytesPerByte * events[i].Weight + DocumentBytes;
            if (batch.Count == BatchEvents || (batch.Count > 0 && bytes > BatchBytes) || (events[i].Follows is { } follows && follows != seq + batch.Count))
                break;
            batch.Add(i);
        }

        return batch;
    }

    async Task<(HttpStatusCode Status, string? Etag)> WriteAsync(IReadOnlyList<StampedEvent> events, List<int> batch)
    {
        var write = container.CreateTransactionalBatch(partition);
        var moved = heads.Document(address, head!.Seq + batch.Count, After(events, batch));
        write = head.Etag is null ? write.CreateItem(moved) : write.ReplaceItem(SubjectDocument.HeadId, moved, new TransactionalBatchItemRequestOptions { IfMatchEtag = head.Etag });
        for (var n = 0; n < batch.Count; n++)
            write = write.CreateItem(Document(events[batch[n]], head.Seq + 1 + n));
        try
        {
            using var response = await write.ExecuteAsync().ConfigureAwait(false);
            return (response.StatusCode, response.IsSuccessStatusCode ? response[0].ETag : null);
        }
        catch (CosmosException e)
        {
            return (e.StatusCode, null);
        }
        catch (HttpRequestException)
        {
            return (HttpStatusCode.ServiceUnavailable, null);
        }
    }

    /// <summary>The certificate's state with the batch's events; null where the subject is no certificate.</summary>
    CertificateState? After(IReadOnlyList<StampedEvent> events, List<int> batch) =>
        head!.State is { } state ? batch.Aggregate(state, (s, i) => s.Apply(events[i].Change!)) : null;

    /// <summary>Settles those of the pending events that are there, and leaves the rest pending.</summary>
    async Task LookForAsync(IReadOnlyList<StampedEvent> events, List<int> pending, AppendOutcome?[] outcomes)
    {
        var found = new Dictionary<string, EventDocument>();
        foreach (var chunk in pending.Chunk(100))
        {
            var there = await CosmosFailure.GuardAsync(() => container.ReadManyItemsAsync<EventDocument>(
                [.. chunk.Select(i => (EventDocument.IdPrefix + events[i].Id.Value, partition))])).ConfigureAwait(false);
            foreach (var document in there)
                found[document.Id] = document;
        }

        pending.RemoveAll(i =>
        {
            if (!found.TryGetValue(EventDocument.IdPrefix + events[i].Id.Value, out var document))
                return false;
            var existing = CosmosNames.Read(document);
            outcomes[i] = existing.IsSameSubmission(events[i]) ? new AppendOutcome.Duplicate(existing) : new AppendOutcome.Conflict(existing);
            return true;
        });
    }

    static AppendOutcome Repeat(AppendOutcome first, StampedEvent again) => first switch
    {
        AppendOutcome.Appended a => Meet(a.Event, again),
        AppendOutcome.Duplicate d => Meet(d.Event, again),
        AppendOutcome.Conflict c => Meet(c.Existing, again),
        _ => first,
    };

    static AppendOutcome Meet(RecordedEvent existing, StampedEvent again) =>
        existing.IsSameSubmission(again) ? new AppendOutcome.Duplicate(existing) : new AppendOutcome.Conflict(existing);

    /// <summary>Learns the head where it is not known; false when the service is too busy to tell.</summary>
    async Task<bool> ReadHeadAsync() => head is not null || await CosmosFailure.GuardAsync(async () =>
    {
        try
        {
            var response = await container.ReadItemAsync<SubjectDocument>(SubjectDocument.HeadId, partition).ConfigureAwait(false);
            head = new Head { Seq = response.Resource.LastSeq, Etag = response.ETag, State = await heads.StateAsync(address, response.Resource, CancellationToken.None).ConfigureAwait(false) };
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            head = new Head { State = CertificateHeads.IsCertificate(address) ? CertificateState.None : null };
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.TooManyRequests)
        {
            return false;
        }

        return true;
    }).ConfigureAwait(false);

    EventDocument Document(StampedEvent e, long seq) => new()
    {
        Id = EventDocument.IdPrefix + e.Id.Value,
        Org = address.Org.Value,
        Project = address.Project.Value,
        Subject = CosmosNames.Subject(address.Subject),
        Seq = seq,
        Type = e.Submitted.Type.Name,
        At = CosmosNames.Time(e.OccurredAt),
        Leaf = Encoding.UTF8.GetString(e.Leaf(seq)),
        Salt = Convert.ToHexStringLower(e.Salt.Span),
        Personal = Encoding.UTF8.GetString(e.Submitted.Personal.Span),
    };

    sealed class Head
    {
        public long Seq { get; set; }

        /// <summary>Null for a subject without events.</summary>
        public string? Etag { get; set; }

        /// <summary>Null for a subject that is no certificate.</summary>
        public CertificateState? State { get; set; }
    }
}
