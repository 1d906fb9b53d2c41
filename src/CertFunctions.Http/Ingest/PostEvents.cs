using System.Diagnostics;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Receipts;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ingest;

/// <summary>
/// <c>POST …/events</c>: one event, an array, NDJSON or CloudEvents. A single event answers 201 (new), 200 (the same submission came before),
/// 409 (other content under its id) or a problem. A list answers per item, in order: 201 when all are new, 200 when all are stored, 207 when some
/// were not, and a problem when none was. 2xx for an item means it is durable. With <c>?receipt=true</c> each stored item carries a signed receipt (R34).
/// </summary>
public sealed class PostEvents(Door door, IngestEvents handler, SignReceipts receipts, TimeProvider clock)
{
    /// <summary>Events whose subject stands in the body.</summary>
    public Task<IResult> HandleAsync(HttpContext http, string project) => EnterAsync(http, project, (caller, id) => IngestAsync(http, caller.Org, id, null));

    /// <summary>Events of the subject in the path.</summary>
    public Task<IResult> HandleAsync(HttpContext http, string project, string kind, string subjectId) =>
        EnterAsync(http, project, (caller, id) => Subject.TryParse(kind, subjectId, out var subject)
            ? IngestAsync(http, caller.Org, id, subject)
            : Task.FromResult<IResult>(SubjectProblem.Of(kind)));

    /// <summary>What the service says of its own record, nobody else may seem to have said.</summary>
    Task<IResult> EnterAsync(HttpContext http, string project, Func<Caller, ProjectId, Task<IResult>> inside) =>
        door.EnterAsync(http, Access.Access.Ingest, project, (caller, id) => id == OwnEvent.Project ? Task.FromResult<IResult>(Problem.ServiceOwned) : inside(caller, id));

    async Task<IResult> IngestAsync(HttpContext http, OrgId org, ProjectId project, Subject? implied)
    {
        // Asked before anything is stored: who wants a receipt and would get none must hear of it.
        if (http.Request.Query.TryGetValue("receipt", out var wanted) && wanted is not ["true"] and not ["false"])
            return Problem.InvalidParameter(new FieldError("receipt", "must be true or false, once"));
        using var body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        if (body is null)
            return Problem.BodyTooLarge(RequestBody.MaxBytes);
        switch (EventBody.Parse(http.Request.ContentType, body.Memory, implied, clock.GetUtcNow()))
        {
            case EventBody.Unreadable unreadable:
                return unreadable.Problem;
            case EventBody.Read read:
                // From here on the caller's going away changes nothing: what the store takes, it carries through.
                var outcomes = await handler.HandleAsync(org, project, read.Events, Traceparent(http.Request), CancellationToken.None).ConfigureAwait(false);
                var items = outcomes.Select(Item.Of).ToList();
                if (wanted is ["true"])
                    await AddReceiptsAsync(items, outcomes).ConfigureAwait(false);
                return read.Single ? One(items[0]) : Many(items);
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>If this fails the events are durable all the same; sent again, they are duplicates, and get the same promise.</summary>
    async Task AddReceiptsAsync(List<Item> items, IReadOnlyList<IngestOutcome> outcomes)
    {
        for (var i = 0; i < items.Count; i++)
        {
            var recorded = outcomes[i] is IngestOutcome.Appended { Outcome: var stored }
                ? stored switch { AppendOutcome.Appended a => a.Event, AppendOutcome.Duplicate d => d.Event, _ => null }
                : null;
            if (recorded is not null)
                items[i] = items[i] with { Receipt = (await receipts.HandleAsync(recorded, CancellationToken.None).ConfigureAwait(false)).ToBytes() };
        }
    }

    static IResult One(Item item) => item.Problem is { } problem ? problem : JsonBytes.Of(item.Write, item.Status);

    static IResult Many(List<Item> items)
    {
        var stored = items.Count(i => i.Problem is null);
        // Nothing stored, and at least one event that only has to come again: that is the request's own answer, and the client backs off as with a single event.
        if (stored == 0 && items.Find(i => i.Problem!.Status >= 500) is { Problem: { } again })
            return again;
        var status = stored == 0 ? 400 : stored < items.Count ? 207 : items.TrueForAll(i => i.Status == 201) ? 201 : 200;
        return JsonBytes.Of(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("stored"u8, stored);
            json.WriteNumber("refused"u8, items.Count - stored);
            json.WriteStartArray("results"u8);
            foreach (var item in items)
                item.Write(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }, status);
    }

    /// <summary>The W3C trace context a request came under, kept with its events; one that is not well-formed is no context.</summary>
    static string? Traceparent(HttpRequest request)
    {
        var header = request.Headers.TraceParent.ToString();
        return header.Length == 55 && ActivityContext.TryParse(header, null, out _) ? header : null;
    }

    /// <summary>One event's answer.</summary>
    readonly record struct Item(int Status, EventId Id, long Seq, Problem? Problem)
    {
        /// <summary>The signed note; null where none was asked for.</summary>
        public byte[]? Receipt { get; init; }

        public static Item Of(IngestOutcome outcome) => outcome switch
        {
            IngestOutcome.Refused refused => Wrong(Problem.InvalidEvent(refused.Errors)),
            IngestOutcome.Appended { Outcome: var stored } => stored switch
            {
                AppendOutcome.Appended a => new Item(201, a.Event.Id, a.Event.Seq, null),
                AppendOutcome.Duplicate d => new Item(200, d.Event.Id, d.Event.Seq, null),
                AppendOutcome.Conflict c => Wrong(Problem.IdTaken(c.Existing.Id, c.Existing.Seq)),
                AppendOutcome.Busy b => Wrong(Problem.Busy(b.RetryAfter)),
                AppendOutcome.Full => Wrong(Problem.StorageFull),
                _ => throw new UnreachableException(),
            },
            _ => throw new UnreachableException(),
        };

        static Item Wrong(Problem problem) => new(problem.Status, default, 0, problem);

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteNumber("status"u8, Status);
            if (Problem is { } problem)
            {
                json.WritePropertyName("problem"u8);
                problem.Write(json);
            }
            else
            {
                json.WriteString("result"u8, Status == 201 ? "recorded"u8 : "duplicate"u8);
                json.WriteString("id"u8, Id.Value);
                json.WriteNumber("seq"u8, Seq);
                if (Receipt is not null)
                    json.WriteString("receipt"u8, Receipt);
            }

            json.WriteEndObject();
        }
    }
}
