using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Http.Wire;
using Microsoft.Net.Http.Headers;

namespace CertFunctions.Http.Ingest;

/// <summary>What a body of events turned out to be.</summary>
abstract record EventBody
{
    EventBody()
    {
    }

    /// <summary>The events one by one, right or wrong, in the order they came. <paramref name="Single"/>: the body was one event, not a list.</summary>
    public sealed record Read(IReadOnlyList<ParsedEvent> Events, bool Single) : EventBody;

    /// <summary>Nothing of it can be told apart.</summary>
    public sealed record Unreadable(Problem Problem) : EventBody;

    const string Accepted = "application/json, application/x-ndjson, application/cloudevents+json and application/cloudevents-batch+json";

    static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Disallow, AllowTrailingCommas = false };

    /// <summary>Reads a body by its content type. None means JSON.</summary>
    public static EventBody Parse(string? contentType, ReadOnlyMemory<byte> body, Subject? implied, DateTimeOffset now)
    {
        MediaTypeHeaderValue? mediaType = null;
        if (!string.IsNullOrEmpty(contentType) && (!MediaTypeHeaderValue.TryParse(contentType, out mediaType)
            || (mediaType.Charset.HasValue && !HeaderUtilities.RemoveQuotes(mediaType.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))))
            return new Unreadable(Problem.UnsupportedMediaType(Accepted));
        // A byte order mark says nothing in UTF-8 and is not JSON (RFC 8259, 8.1): it is passed over.
        if (body.Span.StartsWith("\uFEFF"u8))
            body = body[3..];
        return mediaType?.MediaType.Value?.ToLowerInvariant() switch
        {
            null or "application/json" => Json(body, item => EventParser.Parse(item, implied, now), null),
            "application/x-ndjson" or "application/ndjson" or "application/jsonl" => Lines(body, implied, now),
            "application/cloudevents+json" => Json(body, item => CloudEvent.Parse(item, implied, now), JsonValueKind.Object),
            "application/cloudevents-batch+json" => Json(body, item => CloudEvent.Parse(item, implied, now), JsonValueKind.Array),
            _ => new Unreadable(Problem.UnsupportedMediaType(Accepted)),
        };
    }

    static EventBody Json(ReadOnlyMemory<byte> body, Func<JsonElement, ParsedEvent> parse, JsonValueKind? needed)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Strict);
            var root = json.RootElement;
            if (needed is { } kind && root.ValueKind != kind)
                return new Unreadable(Problem.MalformedBody(kind == JsonValueKind.Array ? "This content type holds a JSON array of CloudEvents." : "This content type holds one CloudEvent, a JSON object."));
            if (root.ValueKind != JsonValueKind.Array)
                return new Read([parse(root)], Single: true);
            if (root.GetArrayLength() > IngestEvents.MaxBatch)
                return new Unreadable(Problem.TooManyEvents(IngestEvents.MaxBatch));
            var events = new List<ParsedEvent>(root.GetArrayLength());
            foreach (var item in root.EnumerateArray())
                events.Add(parse(item));
            return events.Count == 0 ? new Unreadable(Problem.MalformedBody("The array is empty: send at least one event.")) : new Read(events, Single: false);
        }
        catch (JsonException e)
        {
            return new Unreadable(Problem.MalformedBody(body.IsEmpty ? "The body is empty: send an event as JSON." : Explain(e)));
        }
    }

    static EventBody Lines(ReadOnlyMemory<byte> body, Subject? implied, DateTimeOffset now)
    {
        var events = new List<ParsedEvent>();
        while (!body.IsEmpty)
        {
            var end = body.Span.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
                continue;
            if (events.Count == IngestEvents.MaxBatch)
                return new Unreadable(Problem.TooManyEvents(IngestEvents.MaxBatch));
            events.Add(Line(line, implied, now));
        }

        return events.Count == 0 ? new Unreadable(Problem.MalformedBody("The body holds no line: send one event per line.")) : new Read(events, Single: false);
    }

    static ParsedEvent Line(ReadOnlyMemory<byte> line, Subject? implied, DateTimeOffset now)
    {
        try
        {
            using var json = JsonDocument.Parse(line, Strict);
            return EventParser.Parse(json.RootElement, implied, now);
        }
        catch (JsonException e)
        {
            return new ParsedEvent.Refused([new FieldError("", Explain(e))]);
        }
    }

    static string Explain(JsonException e) => string.Create(CultureInfo.InvariantCulture,
        $"Not valid JSON at line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}: {Reason(e.Message)}");

    /// <summary>The parser's own sentence, without the position it repeats at its end.</summary>
    static string Reason(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
