using System.Text;
using System.Text.Json;

namespace CertFunctions.Core.Events;

/// <summary>What a leaf says of itself: the members by which records are found, filtered and held against their store.</summary>
public readonly record struct LeafHeader
{
    public required SubjectAddress Address { get; init; }

    public required EventId Id { get; init; }

    public required long Seq { get; init; }

    public required string Type { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The commitment to the personal part, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Personal { get; init; }

    /// <summary>Reads a leaf of any version known; false for bytes that are not one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> leaf, out LeafHeader header)
    {
        header = default;
        try
        {
            return Read(leaf, out header);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            return false;
        }
    }

    static bool Read(ReadOnlySpan<byte> leaf, out LeafHeader header)
    {
        string? org = null, project = null, kind = null, subjectId = null, id = null, type = null, personal = null, occurredAt = null, recordedAt = null;
        long seq = 0, version = 0;
        header = default;
        var reader = new Utf8JsonReader(leaf);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Take(ref reader, "org_id"u8))
                org = reader.GetString();
            else if (Take(ref reader, "project_id"u8))
                project = reader.GetString();
            else if (Take(ref reader, "id"u8))
                id = reader.GetString();
            else if (Take(ref reader, "type"u8))
                type = reader.GetString();
            else if (Take(ref reader, "personal"u8))
                personal = reader.GetString();
            else if (Take(ref reader, "occurred_at"u8))
                occurredAt = reader.GetString();
            else if (Take(ref reader, "recorded_at"u8))
                recordedAt = reader.GetString();
            else if (Take(ref reader, "seq"u8))
                seq = reader.GetInt64();
            else if (Take(ref reader, "v"u8))
                version = reader.GetInt64();
            else if (Take(ref reader, "subject"u8))
                (kind, subjectId) = ReadSubject(ref reader);
            else
                reader.Skip();
        }

        if (reader.TokenType != JsonTokenType.EndObject || reader.Read() || version != StampedEvent.LeafVersion || seq < 1
            || !OrgId.TryParse(org, out var orgId) || !ProjectId.TryParse(project, out var projectId) || !EventId.TryParse(id, out var eventId)
            || !Subject.TryParse(kind, subjectId, out var subject) || type is null || !Rfc3339.TryParse(occurredAt, out var time)
            || !Rfc3339.TryParse(recordedAt, out var recorded) || personal is not { Length: 64 })
            return false;
        header = new LeafHeader
        {
            Address = new SubjectAddress(orgId, projectId, subject),
            Id = eventId,
            Seq = seq,
            Type = type,
            OccurredAt = time,
            RecordedAt = recorded,
            Personal = Convert.FromHexString(personal),
        };
        return true;
    }

    static bool Take(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) => reader.ValueTextEquals(name) && reader.Read();

    static (string? Kind, string? Id) ReadSubject(ref Utf8JsonReader reader)
    {
        string? kind = null, id = null;
        if (reader.TokenType != JsonTokenType.StartObject)
            return default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Take(ref reader, "kind"u8))
                kind = reader.GetString();
            else if (Take(ref reader, "id"u8))
                id = reader.GetString();
            else
                reader.Skip();
        }

        return (kind, id);
    }
}
