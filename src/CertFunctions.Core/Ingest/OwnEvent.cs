using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ingest;

/// <summary>
/// An event that the service itself has to tell: what a sweep found, what became of its own record. It goes through the same parser as everyone's, so that
/// the catalogue holds for us too, and its id follows from what it tells, so that telling it twice is one event.
/// </summary>
public static class OwnEvent
{
    /// <summary>The project of what concerns no project of the org's own: ledgers, keys, timers. Only the service writes there.</summary>
    public static readonly ProjectId Project = ProjectId.Parse("system");

    /// <summary>Stamps an event of type <paramref name="type"/> on <paramref name="address"/>; <paramref name="data"/> writes the members of its payload.</summary>
    public static StampedEvent Of(SubjectAddress address, string type, EventId id, DateTimeOffset now, RandomNumberGenerator random, Action<Utf8JsonWriter> data)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id.Value);
            json.WriteString("type"u8, type);
            json.WriteStartObject("actor"u8);
            json.WriteString("type"u8, "system"u8);
            json.WriteString("id"u8, "certfn"u8);
            json.WriteEndObject();
            json.WriteStartObject("data"u8);
            data(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(body.WrittenMemory);
        return EventParser.Parse(document.RootElement, address.Subject, now) switch
        {
            ParsedEvent.Accepted accepted => StampedEvent.Stamp(accepted.Event, address.Org, address.Project, traceparent: null, now, random),
            ParsedEvent.Refused refused => throw new InvalidOperationException($"{type} is not as the catalogue has it: {refused.Errors[0].Field} {refused.Errors[0].Mend}"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
