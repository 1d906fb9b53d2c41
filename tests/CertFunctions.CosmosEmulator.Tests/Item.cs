using System.Text.Json.Serialization;

namespace CertFunctions.Emulation.Tests;

/// <summary>A document of the tests.</summary>
sealed record Item
{
    public required string Id { get; init; }

    public required string Pk { get; init; }

    public int Seq { get; init; }

    public string? Type { get; init; }

    public string[]? Tags { get; init; }

    public string? Text { get; init; }

    [JsonPropertyName("ttl")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? TimeToLive { get; init; }

    [JsonPropertyName("_etag")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ETag { get; init; }

    [JsonPropertyName("_ts")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Timestamp { get; init; }
}
