using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Verification;

/// <summary>
/// What <see cref="LedgerHealth"/> keeps, as JSON with a version. One that cannot be read counts as none: it is written anew by the next run. Texts are cut, so that a
/// document fits where positions are kept.
/// </summary>
static class HealthDocument
{
    const int Version = 1;
    const int LongestText = 500;
    const int LongestWitnessText = 200;

    static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Print(Action<Utf8JsonWriter> write)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output, Plain))
        {
            json.WriteStartObject();
            json.WriteNumber("v"u8, Version);
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static T? Read<T>(string? text, Func<JsonElement, T?> read)
        where T : class
    {
        if (text is null)
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.GetProperty("v"u8).GetInt32() == Version ? read(document.RootElement) : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    public static void Write(Utf8JsonWriter json, LedgerCheck check)
    {
        json.WriteString("verdict"u8, check.Verdict.ToString());
        json.WriteNumber("size"u8, check.Size);
        json.WriteNumber("entries"u8, check.Entries);
        if (check.FirstIndex is { } index)
            json.WriteNumber("first_index"u8, index);
        WriteText(json, "detail", check.Detail);
        json.WriteString("at"u8, Rfc3339.Format(check.At));
    }

    public static LedgerCheck? ReadCheck(OrgId ledger, CheckScope scope, JsonElement json) => Enum.TryParse<Verdict>(json.GetProperty("verdict"u8).GetString(), out var verdict)
        ? new LedgerCheck(
            ledger, scope, verdict, json.GetProperty("size"u8).GetInt64(), json.GetProperty("entries"u8).GetInt64(),
            json.TryGetProperty("first_index"u8, out var index) ? index.GetInt64() : null, Text(json, "detail"), Time(json, "at"))
        : null;

    public static void Write(Utf8JsonWriter json, OverdueEvents overdue)
    {
        json.WriteNumber("count"u8, overdue.Count);
        json.WriteString("since"u8, Rfc3339.Format(overdue.Since));
        json.WriteString("last_event_id"u8, overdue.LastId.Value);
        json.WriteString("last_due_at"u8, Rfc3339.Format(overdue.LastDueAt));
    }

    public static OverdueEvents? ReadOverdue(JsonElement json) =>
        new(json.GetProperty("count"u8).GetInt64(), Time(json, "since"), EventId.Parse(json.GetProperty("last_event_id"u8).GetString() ?? ""), Time(json, "last_due_at"));

    public static void Write(Utf8JsonWriter json, Publication publication)
    {
        json.WriteNumber("size"u8, publication.Size);
        WriteTime(json, "time", publication.Time);
        json.WriteString("at"u8, Rfc3339.Format(publication.At));
        WriteText(json, "error", publication.Error);
        WriteTime(json, "failing_since", publication.FailingSince);
    }

    public static Publication? ReadPublication(JsonElement json) =>
        new(json.GetProperty("size"u8).GetInt64(), OptionalTime(json, "time"), Time(json, "at"), Text(json, "error"), OptionalTime(json, "failing_since"));

    public static void Write(Utf8JsonWriter json, IReadOnlyList<WitnessStanding> standings)
    {
        json.WriteStartArray("witnesses"u8);
        foreach (var standing in standings)
        {
            json.WriteStartObject();
            json.WriteString("witness"u8, standing.Witness);
            json.WriteNumber("size"u8, standing.Size);
            json.WriteString("at"u8, Rfc3339.Format(standing.At));
            WriteText(json, "error", standing.Error, LongestWitnessText);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public static IReadOnlyList<WitnessStanding>? ReadWitnesses(JsonElement json) =>
        [.. json.GetProperty("witnesses"u8).EnumerateArray().Select(w => new WitnessStanding(w.GetProperty("witness"u8).GetString() ?? "", w.GetProperty("size"u8).GetInt64(), Time(w, "at"), Text(w, "error")))];

    static void WriteText(Utf8JsonWriter json, string name, string? text, int longest = LongestText)
    {
        if (text is null)
            return;
        if (text.Length > longest)
            text = text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)];
        json.WriteString(name, text);
    }

    static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at)
            json.WriteString(name, Rfc3339.Format(at));
    }

    static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var text) ? text.GetString() : null;

    static DateTimeOffset? OptionalTime(JsonElement json, string name) => json.TryGetProperty(name, out _) ? Time(json, name) : null;

    static DateTimeOffset Time(JsonElement json, string name) =>
        Rfc3339.TryParse(json.GetProperty(name).GetString(), out var time) ? time : throw new FormatException($"{name} is no time");
}
