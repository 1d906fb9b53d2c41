using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>What a container was declared as, parsed and as JSON with the service's defaults filled in.</summary>
sealed class ContainerDefinition
{
    public required string Id { get; init; }

    public required JsonElement Json { get; init; }

    public required PartitionKeyDefinition PartitionKey { get; init; }

    public required IndexingPolicy Indexing { get; init; }

    public required IReadOnlyList<UniqueKey> UniqueKeys { get; init; }

    /// <summary>Null: documents never expire. -1: only those that say so themselves. Otherwise seconds.</summary>
    public required int? DefaultTimeToLive { get; init; }

    public required string ETag { get; init; }

    public required long Timestamp { get; init; }

    public static ContainerDefinition Parse(JsonElement json, long timestamp, long version) =>
        Parse(json, timestamp, string.Create(CultureInfo.InvariantCulture, $"\"{version:x8}-0000-0000-0000-{timestamp:x12}\""));

    public static ContainerDefinition Parse(JsonElement json, long timestamp, string etag)
    {
        var id = json.TryGetProperty("id", out var name) ? name.GetString() : null;
        if (!ResourceName.IsValid(id)) throw ServiceException.BadRequest("The input name is invalid: an id is 1 to 255 characters without '/', '\\', '?' and '#'.");

        Refuse(json, "vectorEmbeddingPolicy", "vector search");
        Refuse(json, "fullTextPolicy", "full text search");
        Refuse(json, "changeFeedPolicy", "the all-versions-and-deletes change feed");
        Refuse(json, "computedProperties", "computed properties");
        return new ContainerDefinition
        {
            Id = id!,
            Json = WithDefaults(json),
            PartitionKey = PartitionKeyDefinition.Parse(json),
            Indexing = IndexingPolicy.Parse(json),
            UniqueKeys = UniqueKey.ParsePolicy(json),
            DefaultTimeToLive = json.TryGetProperty("defaultTtl", out var ttl) && ttl.ValueKind == JsonValueKind.Number ? ttl.GetInt32() : null,
            ETag = etag,
            Timestamp = timestamp,
        };
    }

    static void Refuse(JsonElement json, string property, string feature)
    {
        if (json.TryGetProperty(property, out var value) && value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.Array || p.Value.GetArrayLength() > 0),
            JsonValueKind.Array => value.GetArrayLength() > 0,
            _ => false,
        })
            throw ServiceException.NotEmulated(feature);
    }

    static JsonElement WithDefaults(JsonElement json)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in json.EnumerateObject())
                if (!property.Name.StartsWith('_') && property.Name != "partitionKey")
                    property.WriteTo(writer);

            if (!json.TryGetProperty("indexingPolicy", out _))
            {
                writer.WritePropertyName("indexingPolicy");
                writer.WriteRawValue("""{"indexingMode":"consistent","automatic":true,"includedPaths":[{"path":"/*"}],"excludedPaths":[{"path":"/\"_etag\"/?"}]}""");
            }

            writer.WriteStartObject("partitionKey");
            foreach (var property in json.GetProperty("partitionKey").EnumerateObject()) property.WriteTo(writer);
            if (!json.GetProperty("partitionKey").TryGetProperty("kind", out _)) writer.WriteString("kind", "Hash");
            if (!json.GetProperty("partitionKey").TryGetProperty("version", out _)) writer.WriteNumber("version", 2);
            writer.WriteEndObject();

            if (!json.TryGetProperty("conflictResolutionPolicy", out _))
            {
                writer.WritePropertyName("conflictResolutionPolicy");
                writer.WriteRawValue("""{"mode":"LastWriterWins","conflictResolutionPath":"/_ts","conflictResolutionProcedure":""}""");
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(buffer.ToArray());
    }
}
