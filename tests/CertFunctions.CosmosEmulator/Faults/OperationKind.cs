namespace CertFunctions.Emulation;

/// <summary>What a request asks for, as counters and faults name it.</summary>
public enum OperationKind
{
    /// <summary>Reading the account.</summary>
    Account,

    /// <summary>Anything about databases themselves.</summary>
    Database,

    /// <summary>Anything about containers themselves.</summary>
    Container,

    /// <summary>The list of partition key ranges.</summary>
    PartitionKeyRanges,

    /// <summary>Creating one document.</summary>
    CreateDocument,

    /// <summary>A point read.</summary>
    ReadDocument,

    /// <summary>Replacing one document.</summary>
    ReplaceDocument,

    /// <summary>Creating or replacing one document.</summary>
    UpsertDocument,

    /// <summary>Deleting one document.</summary>
    DeleteDocument,

    /// <summary>An atomic batch.</summary>
    TransactionalBatch,

    /// <summary>A batch of independent operations, as <c>AllowBulkExecution</c> sends.</summary>
    BulkBatch,

    /// <summary>One page of a query.</summary>
    Query,

    /// <summary>A query plan, which the SDK asks for when it does not plan natively.</summary>
    QueryPlan,

    /// <summary>One page of all documents.</summary>
    ReadFeed,

    /// <summary>One page of the change feed.</summary>
    ChangeFeed,

    /// <summary>Something this emulator refuses.</summary>
    Unsupported,
}
