using System.Text.Json;
using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Partitioning;

/// <summary>The paths a container partitions by: one, or up to three for a hierarchical key.</summary>
sealed class PartitionKeyDefinition
{
    const int MostLevels = 3;

    PartitionKeyDefinition(IReadOnlyList<JsonPath> paths) => Paths = paths;

    public IReadOnlyList<JsonPath> Paths { get; }

    public bool IsHierarchical => Paths.Count > 1;

    public static PartitionKeyDefinition Parse(JsonElement container)
    {
        if (!container.TryGetProperty("partitionKey", out var definition) || !definition.TryGetProperty("paths", out var paths))
            throw ServiceException.BadRequest("A container needs a partition key definition: {\"partitionKey\":{\"paths\":[\"/id\"],\"kind\":\"Hash\"}}.");

        var kind = definition.TryGetProperty("kind", out var k) ? k.GetString() : "Hash";
        var version = definition.TryGetProperty("version", out var v) ? v.GetInt32() : 2;
        if (kind is not ("Hash" or "MultiHash")) throw ServiceException.NotEmulated($"partition key kind '{kind}'");
        if (version != 2) throw ServiceException.NotEmulated($"partition key definition version {version} (only version 2, the SDK's default, is)");

        var parsed = paths.EnumerateArray().Select(path => JsonPath.Parse(path.GetString() ?? string.Empty)).ToArray();
        if (parsed.Length is 0 or > MostLevels)
            throw ServiceException.BadRequest($"The number of paths in the partition key definition must be between 1 and {MostLevels}; it is {parsed.Length}.");
        if (parsed.Length > 1 && kind != "MultiHash")
            throw ServiceException.BadRequest("A partition key definition with several paths must be of kind MultiHash.");

        return new PartitionKeyDefinition(parsed);
    }
}
