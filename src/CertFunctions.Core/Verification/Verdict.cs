namespace CertFunctions.Core.Verification;

/// <summary>What verification has to say of a ledger (R33).</summary>
public enum Verdict
{
    /// <summary>Every entry follows from the one before, up to the head.</summary>
    Valid,

    /// <summary>An entry is not what was chained: edited, moved, dropped from the middle, put in, or its MAC is wrong.</summary>
    Tampered,

    /// <summary>The head names more entries than there are.</summary>
    Truncated,

    /// <summary>The chain holds, but something belongs to it that is not there: an export that begins or ends in the middle.</summary>
    Incomplete,

    /// <summary>The chain holds as far as it could be checked, but not all of it could: a MAC's key is not at hand, or an entry is of an unknown version.</summary>
    Unverifiable,
}

/// <summary>
/// The outcome of one verification. <see cref="FirstIndex"/> is the first ledger index concerned (null where no one index is), and
/// <see cref="Detail"/> says what is wrong there in a sentence.
/// </summary>
public sealed record VerifyReport
{
    public required Verdict Verdict { get; init; }

    public required string Ledger { get; init; }

    /// <summary>Entries that were checked and found right.</summary>
    public required long Entries { get; init; }

    public long? FirstIndex { get; init; }

    public string? Detail { get; init; }

    /// <summary>Hash of the last entry found right, 64 hex digits.</summary>
    public required string HeadHash { get; init; }

    /// <summary>Whether the MACs were checked too; without keys the chain alone is.</summary>
    public required bool MacsChecked { get; init; }

    /// <summary>Entries whose personal part was erased.</summary>
    public long Erased { get; init; }

    /// <summary>Events that are recorded and not yet chained; 0 where the source does not say.</summary>
    public long Pending { get; init; }
}
