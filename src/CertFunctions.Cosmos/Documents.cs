using System.Text.Json;
using System.Text.Json.Serialization;

namespace CertFunctions.Cosmos;

/// <summary>An event as a document: written once. <c>id</c> is the event's id after <c>e.</c>, which makes it unique per subject.</summary>
sealed record EventDocument
{
    public const string IdPrefix = "e.";

    public required string Id { get; init; }

    public required string Org { get; init; }

    public required string Project { get; init; }

    /// <summary><c>kind:id</c>.</summary>
    public required string Subject { get; init; }

    public required long Seq { get; init; }

    public required string Type { get; init; }

    /// <summary>Time of occurrence, UTC, with seven digits of fraction: sorts as text.</summary>
    public required string At { get; init; }

    /// <summary>The leaf's UTF-8 as text. A JSON string gives back exactly the characters it was given, so exactly those bytes.</summary>
    public required string Leaf { get; init; }

    /// <summary>64 hex digits; null once erased.</summary>
    public string? Salt { get; init; }

    /// <summary>The personal part's UTF-8 as text; null once erased.</summary>
    public string? Personal { get; init; }

    /// <summary>The service's own clock, seconds since 1970, when it was written.</summary>
    [JsonPropertyName("_ts")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Timestamp { get; init; }
}

/// <summary>
/// A subject's head, in the same logical partition as its events. Its <c>last_seq</c> moves with them in one transaction; of a certificate, so does what its
/// events come to. The members from <see cref="Due"/> on are there to be queried, and say what <see cref="State"/> says; a certificate of which nothing is known
/// has none of them.
/// </summary>
sealed record SubjectDocument
{
    public const string HeadId = "head";

    public required string Id { get; init; }

    public required string Org { get; init; }

    public required string Project { get; init; }

    public required string Subject { get; init; }

    public required long LastSeq { get; init; }

    /// <summary>A certificate's state, with its version; null of other subjects, and of heads that were written before there was one.</summary>
    public JsonElement? State { get; init; }

    /// <summary>When a sweep is to look at it.</summary>
    public string? Due { get; init; }

    /// <summary>End of validity; the highest time there is where there is no validity.</summary>
    public string? NotAfter { get; init; }

    /// <summary>The certificate's id: certificates of one end are listed in its order. Not <c>subject</c>, for which events would pay too.</summary>
    public string? Cert { get; init; }

    public string? Status { get; init; }

    public string? Issuer { get; init; }

    public IReadOnlyList<string>? Names { get; init; }
}

/// <summary>A ledger entry as a document: written once. <c>id</c> is the index, so an index is taken once; <c>event</c> names the event, by unique key once per segment.</summary>
sealed record EntryDocument
{
    public const string IdPrefix = "i.";

    public required string Id { get; init; }

    public required string Org { get; init; }

    /// <summary>Segment number, as ten digits.</summary>
    public required string Segment { get; init; }

    public required long Index { get; init; }

    public required string Event { get; init; }

    public required string Project { get; init; }

    public required string Subject { get; init; }

    public required string EventId { get; init; }

    public required string PreviousHash { get; init; }

    public required string LeafHash { get; init; }

    public required string Hash { get; init; }

    public required string Mac { get; init; }

    public required string KeyId { get; init; }
}

/// <summary>The head of one segment, moved with its entries in one transaction. The ledger's head is that of its highest segment.</summary>
sealed record SegmentDocument
{
    public const string HeadId = "head";

    public required string Id { get; init; }

    public required string Org { get; init; }

    public required string Segment { get; init; }

    /// <summary>Fills the place the unique key asks every document for.</summary>
    public required string Event { get; init; }

    public required long Size { get; init; }

    public required string Hash { get; init; }

    public required string OpeningHash { get; init; }

    /// <summary>Of the last entry's MAC.</summary>
    public string? KeyId { get; init; }

    /// <summary>No event of the ledger, up to <see cref="Size"/>, was written later than this; the service's clock, seconds since 1970.</summary>
    public required long Newest { get; init; }

    /// <summary><see cref="Newest"/> when the segment was opened: an event written later is in no older segment.</summary>
    public required long NewestBefore { get; init; }

    [JsonPropertyName("_etag")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Etag { get; init; }
}

/// <summary>Something the service remembers of itself, by kind.</summary>
sealed record StateDocument
{
    public const string PositionKind = "position", LedgerKind = "ledger", QuarantineKind = "quarantine", KeyKind = "key", LeaseKind = "lease";

    public required string Id { get; init; }

    public required string Kind { get; init; }

    /// <summary>A reader's place in its feed, in the feed's own words; of a MAC key, its check value; of a lease, its holder.</summary>
    public string? Position { get; init; }

    /// <summary>A quarantined document's bytes, as it came.</summary>
    public string? Document { get; init; }

    public string? Reason { get; init; }

    public string? At { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
// The SDK reads pages as arrays, and writes query parameters by their own types.
[JsonSerializable(typeof(EventDocument[]))]
[JsonSerializable(typeof(EntryDocument[]))]
[JsonSerializable(typeof(StateDocument[]))]
[JsonSerializable(typeof(SubjectDocument[]))]
[JsonSerializable(typeof(long[]))]
[JsonSerializable(typeof(JsonElement[]))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(EventDocument))]
[JsonSerializable(typeof(SubjectDocument))]
[JsonSerializable(typeof(EntryDocument))]
[JsonSerializable(typeof(SegmentDocument))]
[JsonSerializable(typeof(StateDocument))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(long))]
sealed partial class CosmosJson : JsonSerializerContext;
