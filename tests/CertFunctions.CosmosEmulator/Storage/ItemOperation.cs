namespace CertFunctions.Emulation.Storage;

enum ItemVerb
{
    Create,
    Read,
    Replace,
    Upsert,
    Delete,
}

/// <summary>One operation on one document, from a point request or from a batch.</summary>
sealed record ItemOperation
{
    public required ItemVerb Verb { get; init; }

    /// <summary>The id in the path; a create or an upsert has it in its body only.</summary>
    public string? Id { get; init; }

    /// <summary>The partition key header, or the batch operation's.</summary>
    public required string? PartitionKey { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    public string? IfMatch { get; init; }

    public string? IfNoneMatch { get; init; }

    public bool Minimal { get; init; }
}

/// <summary>What came of it. The document is there when the answer carries one.</summary>
sealed record ItemOutcome(int Status, double Charge, StoredDocument? Document = null, string? ETag = null, string? Message = null, int SubStatus = 0, string? Code = null);
