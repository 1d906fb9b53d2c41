using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Wire;

/// <summary>
/// A failure as RFC 9457 tells it. <paramref name="Kind"/> is the stable part of <c>type</c>, <c>urn:certfunctions:problem:KIND</c>;
/// <c>docs/problems.md</c> lists them all. <c>detail</c> says what to do, and never repeats a secret.
/// </summary>
public sealed record Problem(string Kind, int Status, string Title, string Detail) : IResult
{
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    public TimeSpan? RetryAfter { get; init; }

    public static Problem Unauthorized { get; } = new("unauthorized", 401, "No valid credential", "Send the header Authorization: Bearer KEY, with an API key of this service.");

    public static Problem Forbidden { get; } = new("forbidden", 403, "Not allowed", "This credential may not do that here: use one with the role the call needs, for this project.");

    public static Problem NotFound { get; } = new("not-found", 404, "Nothing here", "There is no such call: check method and path against the description of the API.");

    public static Problem NoSuchCertificate { get; } = new("no-such-certificate", 404, "No such certificate", "Nothing is recorded of it in this project, or was not at that point: check project and id, and the point asked for.");

    public static Problem ServiceOwned { get; } = new("service-owned", 403, "The service alone writes there", "The project system holds what the service says of itself: send events to a project of your own.");

    public static Problem NoSuchEvent { get; } = new("no-such-event", 404, "No such event", "The subject has no event of that id: check the subject and the id the event was recorded under.");

    public static Problem NoSuchSubject { get; } = new("no-such-subject", 404, "No such subject", "Nothing is recorded of it in this project: check project, kind and id.");

    public static Problem NotPublished { get; } = new("not-published", 404, "Not published yet", "No signed checkpoint covers it yet. One is made every minute: ask again after the time in Retry-After.") { RetryAfter = TimeSpan.FromSeconds(60) };

    public static Problem NoSuchTile { get; } = new("no-such-tile", 404, "No such tile", "The tree has no tile or bundle under that path, or none of that width: ask for those the newest checkpoint's size has; a partial one may have been replaced by the full one.");

    public static Problem NoSuchSink { get; } = new("no-such-sink", 404, "No such sink", "The service forwards to no sink of that name: GET /siem/sinks lists those there are.");

    public static Problem NoReplay(string reason) => new("no-replay", 409, "The sink takes nothing twice", reason);

    public static Problem Internal { get; } = new("internal", 500, "Something went wrong here", "The service met a fault of its own; its log has the details under the trace id. Whether a write took effect is not known: submit it again with the same id.");

    public static Problem StoreUnavailable { get; } = new("store-unavailable", 503, "The store did not answer", "Nothing is known of this request's effect: send it again with the same event ids.") { RetryAfter = TimeSpan.FromSeconds(1) };

    public static Problem StorageFull { get; } = new("storage-full", 507, "No room left", "Nothing was stored: whoever runs the service has to make room before a retry can help.") { RetryAfter = TimeSpan.FromSeconds(60) };

    public static Problem Busy(TimeSpan retryAfter) => new("busy", 503, "Too much at once", "Nothing was stored: send it again after the time in Retry-After.") { RetryAfter = retryAfter };

    public static Problem BrokenRequest(int status) => new("bad-request", status, "The request cannot be read", "It broke off, or is not HTTP as it should be: send it again.");

    public static Problem BodyTooLarge(long limit) => new("body-too-large", 413, "The body is too large", string.Create(CultureInfo.InvariantCulture, $"A body may have {limit} bytes: send fewer events in one request."));

    public static Problem TooManyEvents(int limit) => new("too-many-events", 413, "Too many events", string.Create(CultureInfo.InvariantCulture, $"One request may hold {limit} events: send several requests."));

    public static Problem UnsupportedMediaType(string accepted) => new("unsupported-media-type", 415, "Content type not understood", $"Send one of {accepted}, in UTF-8.");

    public static Problem MalformedBody(string detail) => new("malformed-body", 400, "The body cannot be read", detail);

    public static Problem InvalidEvent(IReadOnlyList<FieldError> errors) => new("invalid-event", 400, "The event is not right", "Nothing was stored. Mend each field named in errors, and send it again.") { Errors = errors };

    public static Problem InvalidParameter(params FieldError[] errors) => new("invalid-parameter", 400, "A parameter is not right", "Mend each parameter named in errors.") { Errors = errors };

    public static Problem IdTaken(EventId id, long seq) => new("id-taken", 409, "The id belongs to another event",
        string.Create(CultureInfo.InvariantCulture, $"Event {id} of this subject is recorded with other content, as seq {seq}. Nothing was stored: give a new event a new id."));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(output, JsonBytes.Plain))
            Write(json, httpContext.TraceIdentifier);
        var response = httpContext.Response;
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (Status == 401)
            response.Headers.WWWAuthenticate = "Bearer";
        return JsonBytes.SendAsync(response, Status, "application/problem+json", output.WrittenMemory);
    }

    /// <summary>Writes the problem as one JSON object, also as a part of a larger answer.</summary>
    public void Write(Utf8JsonWriter json, string? traceId = null)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, $"urn:certfunctions:problem:{Kind}");
        json.WriteString("title"u8, Title);
        json.WriteNumber("status"u8, Status);
        json.WriteString("detail"u8, Detail);
        if (Errors.Count > 0)
        {
            json.WriteStartArray("errors"u8);
            foreach (var error in Errors)
            {
                json.WriteStartObject();
                json.WriteString("field"u8, error.Field);
                json.WriteString("mend"u8, error.Mend);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        if (traceId is not null)
            json.WriteString("trace_id"u8, traceId);
        json.WriteEndObject();
    }
}
