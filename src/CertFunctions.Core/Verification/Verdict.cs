using CertFunctions.Core.Evidence;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>What verification has to say of a ledger, an archive or a bundle (R33). <c>docs/verification.md</c> says when which is given.</summary>
public enum Verdict
{
    /// <summary>Every entry follows from the one before, up to the head, and agrees with every checkpoint at hand.</summary>
    Valid,

    /// <summary>An entry is not what was chained: edited, moved, dropped from the middle, put in, or its MAC is wrong.</summary>
    Tampered,

    /// <summary>There are fewer entries than the head, or a checkpoint that is trusted, names.</summary>
    Truncated,

    /// <summary>The entries hold together, and are another history than a checkpoint that is trusted commits to.</summary>
    Forked,

    /// <summary>The chain holds from a documented point on, and what came before was removed by the retention policy: a signed record says so.</summary>
    Pruned,

    /// <summary>The chain holds, but something belongs to it that is not there: an export that begins or ends in the middle.</summary>
    Incomplete,

    /// <summary>The chain holds as far as it could be checked, but not all of it could: a key is not at hand, or an entry is of an unknown version.</summary>
    Unverifiable,
}

/// <summary>How far the guarantee reaches that a verification gives: each is more than the one before, and none includes another.</summary>
[Flags]
public enum Guarantees
{
    None = 0,

    /// <summary>The entries hang together, and with a MAC key they were made by someone who has it. Whoever has the database and that key can forge both.</summary>
    Chained = 1,

    /// <summary>A checkpoint under the log's pinned key commits to all of them, or to all but the newest.</summary>
    Signed = 2,

    /// <summary>Every checkpoint in an archive that cannot be rewritten is a beginning of this ledger.</summary>
    Archived = 4,

    /// <summary>Enough witnesses of the policy saw this history and no other.</summary>
    Witnessed = 8,

    /// <summary>A time-stamp authority saw the checkpoint at a time it vouches for.</summary>
    TimeStamped = 16,
}

/// <summary>Which check a verdict other than valid comes from: without that check it would not have been found here.</summary>
public enum Layer
{
    None,

    /// <summary>The hashes of the entries, their order and the head.</summary>
    Chain,

    /// <summary>The MACs.</summary>
    Mac,

    /// <summary>What the leaf commits to of the personal part.</summary>
    Commitment,

    /// <summary>The store's columns and numbering, held against the leaves.</summary>
    Store,

    /// <summary>The log's signature over a checkpoint, and the tree's root in it.</summary>
    Signature,

    /// <summary>What the policy pins: a minimum size, an earlier checkpoint.</summary>
    Pin,

    /// <summary>The archive's checkpoints and tiles.</summary>
    Archive,

    /// <summary>Witnesses' cosignatures.</summary>
    Witness,

    /// <summary>A time stamp.</summary>
    TimeStamp,

    /// <summary>A bundle's own frame: its manifest, its proofs.</summary>
    Bundle,
}

/// <summary>The tree's root over the first so many leaves.</summary>
public readonly record struct SizeAndRoot(long Size, Digest Root);

/// <summary>Something verification could have looked at and did not, and why.</summary>
public sealed record Unchecked(string What, string Why);

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

    /// <summary>The check that the verdict comes from; <see cref="Layer.None"/> of a valid ledger.</summary>
    public Layer FoundBy { get; init; }

    /// <summary>How far the guarantee reaches.</summary>
    public Guarantees Guarantees { get; init; }

    /// <summary>Hash of the last entry found right, 64 hex digits; empty where the source has no chain.</summary>
    public required string HeadHash { get; init; }

    /// <summary>The number of entries up to the last one found right, with those a verification that went on from an earlier one did not read again.</summary>
    public long Size { get; init; }

    /// <summary>The tree's root over those entries, 64 hex digits; null where it was not computed.</summary>
    public string? RootHash { get; init; }

    /// <summary>The size of the largest checkpoint under the log's key that these entries were held against; null where there was none.</summary>
    public long? CheckpointSize { get; init; }

    /// <summary>The log's key that this checkpoint is signed with; null where there was none.</summary>
    public string? LogKey { get; init; }

    /// <summary>Whether the MACs were checked too; without keys the chain alone is.</summary>
    public required bool MacsChecked { get; init; }

    /// <summary>Entries whose personal part was erased.</summary>
    public long Erased { get; init; }

    /// <summary>Events that are recorded and not yet chained; 0 where the source does not say.</summary>
    public long Pending { get; init; }

    /// <summary>The roots that were asked for, by size, ascending, as far as the entries were found right.</summary>
    public IReadOnlyList<SizeAndRoot> Roots { get; init; } = [];

    /// <summary>Entries found right that tell of rotated keys, in index order.</summary>
    public IReadOnlyList<RotationLeaf> Rotations { get; init; } = [];

    /// <summary>The ids of the keys that MACs were made under, each with the first entry that has one.</summary>
    public IReadOnlyDictionary<string, long> MacKeys { get; init; } = new Dictionary<string, long>();

    /// <summary>What an evidence bundle says it is of; null of anything else.</summary>
    public EvidenceManifest? Evidence { get; init; }

    /// <summary>When a time-stamp authority saw the checkpoint; null where there is no good stamp.</summary>
    public DateTimeOffset? StampedAt { get; init; }

    /// <summary>What was not looked at, and why.</summary>
    public IReadOnlyList<Unchecked> NotChecked { get; init; } = [];
}
