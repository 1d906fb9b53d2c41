namespace CertFunctions.Core.Ledger;

/// <summary>
/// Where a document goes that is in the feed and cannot be chained: with its bytes, so that nothing is lost, and in sight, so that someone looks.
/// The events after it go on.
/// </summary>
public interface IQuarantine
{
    /// <summary>Keeps a document, durably when this returns. The same document again changes nothing.</summary>
    Task AddAsync(QuarantinedDocument document, CancellationToken cancellationToken);

    /// <summary>What is kept, at most <paramref name="limit"/> of it.</summary>
    Task<IReadOnlyList<QuarantinedDocument>> ListAsync(int limit, CancellationToken cancellationToken);
}

/// <summary>A document that could not be chained, as it came, and why.</summary>
public sealed record QuarantinedDocument(string Document, string Reason);
