using System.Buffers;
using System.Text.Json;
using CertFunctions.Core.Events.Catalogue;

namespace CertFunctions.Core.Events;

/// <summary>An event's <c>data</c>: held against its type, and split into what is hashed for ever and what is personal.</summary>
static class Payload
{
    /// <summary>
    /// Writes the payload without its personal fields to <paramref name="data"/>, and <c>{"actor":{…},"data":{…}}</c> with them to
    /// <paramref name="personal"/>, both canonical. Faults go to <paramref name="errors"/>; what was written then is worthless.
    /// </summary>
    public static void Split(EventType type, JsonElement? payload, string actorId, string? actorName, ArrayBufferWriter<byte> data, ArrayBufferWriter<byte> personal, FieldErrors errors)
    {
        List<(string Name, JsonElement Value)> members = [];
        string? twice = null;
        if (payload is { } json && !CanonicalJson.TryGetMembers(json, out members, out twice))
        {
            errors.Add(twice is null ? "data" : $"data.{twice}", twice is null ? CanonicalJson.IllFormedName : "comes more than once: send each member once");
            return;
        }

        personal.Write("{\"actor\":{\"id\":"u8);
        CanonicalJson.WriteString(actorId, personal);
        if (actorName is not null)
        {
            personal.Write(",\"name\":"u8);
            CanonicalJson.WriteString(actorName, personal);
        }

        personal.Write("}"u8);
        data.Write("{"u8);
        bool firstData = true, firstPersonal = true;
        foreach (var (name, value) in members)
        {
            var field = type.Field(name);
            if (!Fits(type, field, name, value, errors))
                continue;
            if (field is { Personal: true })
                WriteMember(name, value, personal, ref firstPersonal, ",\"data\":{"u8, errors);
            else
                WriteMember(name, value, data, ref firstData, default, errors);
        }

        data.Write("}"u8);
        personal.Write(firstPersonal ? "}"u8 : "}}"u8);
        foreach (var field in type.Fields)
        {
            if (field.Required && !members.Exists(m => m.Name == field.Name))
                errors.Add($"data.{field.Name}", $"is missing: {type.Name} needs {field.Shape.Grammar}");
        }

        CheckValidity(members, errors);
    }

    static bool Fits(EventType type, PayloadField? field, string name, JsonElement value, FieldErrors errors)
    {
        if (field is null)
        {
            if (type.IsOpen)
                return true;
            if (name == EventType.Extra && value.ValueKind == JsonValueKind.Object)
                return true;
            errors.Add($"data.{FieldErrors.Short(name)}", name == EventType.Extra
                ? "must be an object"
                : $"is not a field of {type.Name}: it has {string.Join(", ", type.Fields.Select(f => f.Name))}; put anything else under data.{EventType.Extra}");
            return false;
        }

        if (field.Shape.Fits(value) || (value.ValueKind == JsonValueKind.Null && !field.Required))
            return true;
        errors.Add($"data.{name}", $"must be {field.Shape.Grammar}");
        return false;
    }

    static void WriteMember(string name, JsonElement value, IBufferWriter<byte> output, ref bool first, ReadOnlySpan<byte> opening, FieldErrors errors)
    {
        if (!first)
            output.Write(","u8);
        else if (!opening.IsEmpty)
            output.Write(opening);
        first = false;
        CanonicalJson.WriteString(name, output);
        output.Write(":"u8);
        CanonicalJson.TryWrite(value, output, $"data.{name}", errors);
    }

    /// <summary>A certificate that ends before it begins is a mistake of the producer's, whatever its type.</summary>
    static void CheckValidity(List<(string Name, JsonElement Value)> members, FieldErrors errors)
    {
        if (Time(members, "not_before") is { } notBefore && Time(members, "not_after") is { } notAfter && notAfter < notBefore)
            errors.Add("data.not_after", "must not be earlier than data.not_before");
    }

    static DateTimeOffset? Time(List<(string Name, JsonElement Value)> members, string name)
    {
        foreach (var member in members)
        {
            if (member.Name == name)
                return member.Value.ValueKind == JsonValueKind.String && CanonicalJson.TryGetText(member.Value, out var text) && Rfc3339.TryParse(text, out var time) ? time : null;
        }

        return null;
    }
}
