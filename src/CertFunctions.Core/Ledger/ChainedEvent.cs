using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ledger;

/// <summary>An event with its entry in the ledger: stage 3 of its life. What it commits to is in <see cref="LedgerHash"/>.</summary>
public sealed record ChainedEvent
{
    /// <summary>0, 1, 2 … without a gap, per ledger.</summary>
    public required long Index { get; init; }

    /// <summary>Hash of the entry before, or the ledger's genesis.</summary>
    public required Digest PreviousHash { get; init; }

    public required Digest LeafHash { get; init; }

    public required Digest Hash { get; init; }

    /// <summary>HMAC-SHA-256 over <see cref="Hash"/> under <see cref="KeyId"/>.</summary>
    public required Digest Mac { get; init; }

    public required string KeyId { get; init; }

    public required RecordedEvent Event { get; init; }
}

/// <summary>
/// The last link of a ledger. <paramref name="Size"/> is the number of entries, so also the next index; <paramref name="Hash"/> the last entry's,
/// or genesis. <paramref name="Token"/> is the store's own for compare-and-swap and means nothing to anyone else.
/// </summary>
public sealed record LedgerHead(OrgId Ledger, long Size, Digest Hash, object? Token = null)
{
    /// <summary>Entries per segment: a store keeps a ledger in pieces of this length, so that no partition grows for ever.</summary>
    public const int SegmentLength = 65_536;

    /// <summary>The id of the key that the last entry's MAC is under, from a store's <see cref="ILedgerStore.CatchUpAsync"/> or append; null of an empty ledger, and where it is not known.</summary>
    public string? KeyId { get; init; }

    public static LedgerHead Empty(OrgId ledger, object? token = null) => new(ledger, 0, LedgerHash.Genesis(ledger), token);
}
