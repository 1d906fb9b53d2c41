using System.Text.Json;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Snapshots;

/// <summary>The lines of a snapshot and of its journal: one JSON object each, told apart by "t".</summary>
static class SnapshotRecord
{
    public static void Head(Utf8JsonWriter writer, long generation)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "head");
        writer.WriteNumber("version", 1);
        writer.WriteNumber("generation", generation);
        writer.WriteEndObject();
    }

    public static void Database(Utf8JsonWriter writer, Database database)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "database");
        writer.WriteNumber("number", database.Number);
        writer.WriteString("id", database.Id);
        writer.WriteNumber("ts", database.Timestamp);
        writer.WriteEndObject();
    }

    public static void DatabaseDeleted(Utf8JsonWriter writer, Database database)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "database-deleted");
        writer.WriteString("id", database.Id);
        writer.WriteEndObject();
    }

    public static void Container(Utf8JsonWriter writer, Database database, Container container)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "container");
        writer.WriteString("database", database.Id);
        writer.WriteNumber("number", container.Number);
        writer.WriteNumber("documents", container.Documents);
        writer.WriteNumber("tags", container.Tags);
        writer.WriteNumber("layout", container.Layout);
        WriteDefinition(writer, container.Definition);
        writer.WriteStartArray("ranges");
        foreach (var partition in container.Partitions) WriteRange(writer, partition);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void ContainerReplaced(Utf8JsonWriter writer, Container container)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "container-replaced");
        writer.WriteString("rid", container.Rid);
        WriteDefinition(writer, container.Definition);
        writer.WriteEndObject();
    }

    public static void ContainerDeleted(Utf8JsonWriter writer, Container container)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "container-deleted");
        writer.WriteString("rid", container.Rid);
        writer.WriteEndObject();
    }

    public static void Split(Utf8JsonWriter writer, Container container, PhysicalPartition parent)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "split");
        writer.WriteString("rid", container.Rid);
        writer.WriteString("range", parent.Id);
        writer.WriteEndObject();
    }

    public static void Commit(Utf8JsonWriter writer, Container container, Commit commit)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "commit");
        writer.WriteString("rid", container.Rid);
        writer.WriteNumber("lsn", commit.Lsn);
        writer.WriteStartArray("writes");
        foreach (var (before, after) in commit.Writes)
        {
            writer.WriteStartObject();
            if (after is null)
            {
                writer.WriteString("epk", before!.Epk);
                writer.WriteString("deleted", before.Id);
            }
            else
            {
                WriteDocument(writer, after);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Document(Utf8JsonWriter writer, Container container, StoredDocument document)
    {
        writer.WriteStartObject();
        writer.WriteString("t", "document");
        writer.WriteString("rid", container.Rid);
        writer.WriteNumber("lsn", document.Lsn);
        WriteDocument(writer, document);
        writer.WriteEndObject();
    }

    public static StoredDocument ReadDocument(JsonElement json, long lsn)
    {
        var root = json.GetProperty("json").Clone();
        return new StoredDocument
        {
            Id = root.GetProperty("id").GetString()!,
            Epk = json.GetProperty("epk").GetString()!,
            Number = json.GetProperty("number").GetUInt64(),
            ETag = root.GetProperty("_etag").GetString()!,
            Timestamp = root.GetProperty("_ts").GetInt64(),
            Lsn = lsn,
            LsnOrder = json.GetProperty("order").GetInt32(),
            ExpiresAt = json.TryGetProperty("expires", out var expires) ? expires.GetInt64() : null,
            Root = root,
        };
    }

    static void WriteDocument(Utf8JsonWriter writer, StoredDocument document)
    {
        writer.WriteString("epk", document.Epk);
        writer.WriteNumber("number", document.Number);
        writer.WriteNumber("order", document.LsnOrder);
        if (document.ExpiresAt is { } expires) writer.WriteNumber("expires", expires);
        writer.WritePropertyName("json");
        writer.WriteRawValue(document.Json, skipInputValidation: true);
    }

    static void WriteDefinition(Utf8JsonWriter writer, ContainerDefinition definition)
    {
        writer.WriteNumber("ts", definition.Timestamp);
        writer.WriteString("etag", definition.ETag);
        writer.WritePropertyName("definition");
        definition.Json.WriteTo(writer);
    }

    static void WriteRange(Utf8JsonWriter writer, PhysicalPartition partition)
    {
        writer.WriteStartObject();
        writer.WriteString("id", partition.Id);
        writer.WriteString("min", partition.Range.Min);
        writer.WriteString("max", partition.Range.Max);
        writer.WriteNumber("lsn", partition.Lsn);
        writer.WriteStartArray("parents");
        foreach (var parent in partition.Parents) writer.WriteStringValue(parent);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
