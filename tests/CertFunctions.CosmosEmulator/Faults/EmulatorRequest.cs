using System.Text;

namespace CertFunctions.Emulation;

/// <summary>The facts of one request that a fault can choose by.</summary>
public sealed record EmulatorRequest
{
    /// <summary>What is asked for.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path, decoded, without a leading slash.</summary>
    public required string Path { get; init; }

    /// <summary>The database's name, where the path has one.</summary>
    public string? Database { get; init; }

    /// <summary>The container's name (or resource id), where the path has one.</summary>
    public string? Container { get; init; }

    /// <summary>The document's id, where the path has one.</summary>
    public string? DocumentId { get; init; }

    /// <summary>The partition key header: a JSON array.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>The partition key range header.</summary>
    public string? PartitionKeyRangeId { get; init; }

    /// <summary>The request's body as sent.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>True for every operation that can change a document.</summary>
    public bool IsWrite => Kind is OperationKind.CreateDocument or OperationKind.ReplaceDocument or OperationKind.UpsertDocument
        or OperationKind.DeleteDocument or OperationKind.TransactionalBatch or OperationKind.BulkBatch;

    /// <summary>Whether the body holds this text, which finds an id in a batch as well as in a document or a query.</summary>
    public bool Mentions(string text) => Body.Span.IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;
}
