using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Http.Ingest;

/// <summary>
/// CloudEvents 1.0 in structured JSON, rewritten as an event of ours and then read like any other. What identifies a CloudEvent is source and id
/// together, so our id is derived from both: <c>ce-</c> and the first 32 hex digits of SHA-256(source ‖ 0x00 ‖ id).
/// <c>subject</c> is <c>KIND/ID</c>; who did it comes in the extension attributes <c>actortype</c>, <c>actorid</c>, <c>actorname</c>.
/// </summary>
static class CloudEvent
{
    /// <summary>Our members by the attribute they come from, so that a fault is told in the sender's own words.</summary>
    static readonly (string Attribute, string Member)[] Renamed =
    [
        ("time", "occurred_at"), ("correlationid", "correlation_id"), ("actortype", "actor.type"), ("actorid", "actor.id"), ("actorname", "actor.name"),
        ("subject", "subject.kind"), ("subject", "subject.id"),
    ];

    public static ParsedEvent Parse(JsonElement json, Subject? implied, DateTimeOffset now)
    {
        var errors = new FieldErrors();
        if (json.ValueKind != JsonValueKind.Object)
        {
            errors.Add("", "must be a JSON object: one CloudEvent");
            return new ParsedEvent.Refused(errors.All);
        }

        var ours = new ArrayBufferWriter<byte>(512);
        if (!Rewrite(json, ours, errors))
            return new ParsedEvent.Refused(errors.All);
        using var document = JsonDocument.Parse(ours.WrittenMemory);
        var parsed = EventParser.Parse(document.RootElement, implied, now);
        return parsed is ParsedEvent.Refused refused ? new ParsedEvent.Refused([.. refused.Errors.Select(e => InTheirWords(e, document.RootElement))]) : parsed;
    }

    static FieldError InTheirWords(FieldError error, JsonElement ours)
    {
        // What is missing is asked for in the form it has here.
        if (error.Field == "actor" && !ours.TryGetProperty("actor"u8, out _))
            return new FieldError("actortype", "is missing: who did it, in actortype, actorid and optionally actorname");
        if (error.Field == "subject" && !ours.TryGetProperty("subject"u8, out _))
            return new FieldError("subject", "is missing: what the event is about, as KIND/ID, such as certificate/42");
        foreach (var (attribute, member) in Renamed)
        {
            if (error.Field == member)
                return error with { Field = attribute };
        }

        return error;
    }

    static bool Rewrite(JsonElement json, ArrayBufferWriter<byte> output, FieldErrors errors)
    {
        string? version = null, source = null, id = null;
        string? actorType = null, actorId = null, actorName = null;
        var seen = new HashSet<string>();
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartObject();
        foreach (var attribute in json.EnumerateObject())
        {
            if (!HasName(attribute))
            {
                errors.Add("", "has an attribute whose name is not well-formed text");
                return false;
            }

            if (!seen.Add(attribute.Name))
            {
                errors.Add(attribute.Name, "comes more than once: send each attribute once");
                continue;
            }

            // Null is "not set", says the JSON format (3.1).
            if (attribute.Value.ValueKind == JsonValueKind.Null)
                continue;
            switch (attribute.Name)
            {
                case "specversion": version = Text(attribute); break;
                case "source": source = Text(attribute); break;
                case "id": id = Text(attribute); break;
                case "actortype": actorType = Text(attribute, errors); break;
                case "actorid": actorId = Text(attribute, errors); break;
                case "actorname": actorName = Text(attribute, errors); break;
                case "subject": WriteSubject(writer, Text(attribute, errors), errors); break;
                case "type": Copy(writer, "type", attribute.Value); break;
                case "time": Copy(writer, "occurred_at", attribute.Value); break;
                case "severity": Copy(writer, "severity", attribute.Value); break;
                case "status": Copy(writer, "status", attribute.Value); break;
                case "correlationid": Copy(writer, "correlation_id", attribute.Value); break;
                case "data": Copy(writer, "data", attribute.Value); break;
                case "datacontenttype":
                    if (Text(attribute)?.Contains("json", StringComparison.OrdinalIgnoreCase) != true)
                        errors.Add("datacontenttype", "must be application/json, or left out");
                    break;
                case "data_base64":
                    errors.Add("data_base64", "is not accepted: send data as a JSON object");
                    break;
                case "dataschema" or "traceparent" or "tracestate":
                    break;
                default:
                    errors.Add(FieldErrors.Short(attribute.Name),
                        "is not an attribute this service knows: its own are actortype, actorid, actorname, severity, status and correlationid; put anything else under data.ext");
                    break;
            }
        }

        if (version != "1.0")
            errors.Add("specversion", "must be the text 1.0");
        if (!IsIdentifying(source))
            errors.Add("source", "must be the URI-reference of whoever sends it, text without control characters");
        if (!IsIdentifying(id))
            errors.Add("id", "must be text without control characters, unique within its source");
        if (errors.Any)
            return false;
        writer.WriteString("id"u8, "ce-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{source}\0{id}")))[..32]);
        if (actorType is not null || actorId is not null)
        {
            writer.WriteStartObject("actor"u8);
            if (actorType is not null)
                writer.WriteString("type"u8, actorType);
            if (actorId is not null)
                writer.WriteString("id"u8, actorId);
            if (actorName is not null)
                writer.WriteString("name"u8, actorName);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
        return true;
    }

    static void WriteSubject(Utf8JsonWriter writer, string? subject, FieldErrors errors)
    {
        if (subject is null)
            return;
        var slash = subject.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            errors.Add("subject", "must be KIND/ID, such as certificate/42");
            return;
        }

        writer.WriteStartObject("subject"u8);
        writer.WriteString("kind"u8, subject[..slash]);
        writer.WriteString("id"u8, subject[(slash + 1)..]);
        writer.WriteEndObject();
    }

    static bool HasName(JsonProperty attribute)
    {
        try
        {
            return attribute.Name is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    static void Copy(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }

    static string? Text(JsonProperty attribute, FieldErrors errors)
    {
        var text = Text(attribute);
        if (text is null)
            errors.Add(attribute.Name, "must be well-formed text");
        return text;
    }

    /// <summary>The attribute's text; null where it is something else, or not well-formed.</summary>
    static string? Text(JsonProperty attribute)
    {
        try
        {
            return attribute.Value.ValueKind == JsonValueKind.String ? attribute.Value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>CloudEvents allows no control characters; a zero byte here would also blur where the source ends and the id begins.</summary>
    static bool IsIdentifying(string? text) => !string.IsNullOrEmpty(text) && !text.Any(char.IsControl);
}
