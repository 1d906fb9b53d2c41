using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Verification;

/// <summary>A leaf that tells of a rotated key, found at its place in the ledger. Whether the log's key signed it is not known yet.</summary>
public sealed record RotationLeaf(long Index, ReadOnlyMemory<byte> Leaf);

/// <summary>
/// The leaves that tell of rotated keys, of entries found right, in index order. Bounded: a log rotates its keys some hundred times in its life, and a forged
/// ledger may claim any number.
/// </summary>
public sealed class RotationLeaves
{
    /// <summary>Leaves that are kept; what comes after them is passed over, and a checkpoint under a key they brought in is then under an unknown one.</summary>
    public const int Most = 1000;

    /// <summary>Bytes of the longest leaf that is looked at: vkeys and a signature, of post-quantum length at that.</summary>
    public const int MaxBytes = 16 * 1024;

    readonly List<RotationLeaf> leaves = [];

    public IReadOnlyList<RotationLeaf> All => leaves;

    /// <summary>Takes a leaf if it claims to tell of a rotation. Nearly all cost a comparison of their last bytes.</summary>
    public void See(long index, ReadOnlySpan<byte> leaf)
    {
        if (KeyRotation.MayBe(leaf) && leaf.Length <= MaxBytes && leaves.Count < Most && KeyRotation.TryRead(leaf) is not null)
            leaves.Add(new RotationLeaf(index, leaf.ToArray()));
    }

    /// <summary>Takes those of the stretch that comes next.</summary>
    public void Join(RotationLeaves stretch) => leaves.AddRange(stretch.leaves.Take(Most - leaves.Count));
}

/// <summary>What a key's signature over a checkpoint of some size is worth.</summary>
public enum KeyStanding
{
    /// <summary>The key is not the log's, as far as is known here.</summary>
    Unknown,

    /// <summary>The key was in force at that size.</summary>
    InForce,

    /// <summary>The key had given way by then, or had not come into force: the log did not sign this.</summary>
    OutOfForce,
}

/// <summary>
/// The log's keys as far as a policy's lead (R35): each pinned one, and those that followed it by entries of the log. Of a pinned key that no followed entry brought
/// in, it is not known when it came into force; it is believed for every size up to where it gave way.
/// </summary>
public sealed class FollowedKeys
{
    readonly List<RotationChain> chains = [];
    readonly Dictionary<VerifierKey, (long From, long? Until)> spans = [];

    /// <param name="pinned">The policy's keys, in any order.</param>
    /// <param name="rotations">From the leaves of the ledger, in index order.</param>
    public FollowedKeys(IReadOnlyList<VerifierKey> pinned, IReadOnlyList<RotationLeaf> rotations)
    {
        foreach (var key in pinned)
        {
            var chain = new RotationChain(key);
            foreach (var rotation in rotations)
                chain.Push(rotation.Index, rotation.Leaf.Span);
            chains.Add(chain);
            for (var i = 0; i < chain.Keys.Count; i++)
            {
                var (inForce, from) = chain.Keys[i];
                // A pinned key's own chain begins with it at 0; where another pinned key led to it, that entry says from when on.
                var known = spans.GetValueOrDefault(inForce);
                spans[inForce] = (Math.Max(from, known.From), i + 1 < chain.Keys.Count ? chain.Keys[i + 1].FromSize : known.Until);
            }
        }
    }

    /// <summary>Every key that is known.</summary>
    public IReadOnlyCollection<VerifierKey> All => spans.Keys;

    /// <summary>What a key's right signature over a checkpoint of this size is worth.</summary>
    public KeyStanding Of(VerifierKey key, long size) =>
        !spans.TryGetValue(key, out var span) ? KeyStanding.Unknown : size >= span.From && !(size >= span.Until) ? KeyStanding.InForce : KeyStanding.OutOfForce;

    /// <summary>The index of the entry that speaks against a key's signature at that size: it replaced the key, or brought it in only later.</summary>
    public long ChangedAt(VerifierKey key, long size) => spans[key] is var span && size >= span.Until ? span.Until.Value - 1 : span.From - 1;

    /// <summary>Whether an entry's MAC may be under that key id: false where a later entry, or this one, brought the key in.</summary>
    public bool MayMac(string keyId, long index) => chains.TrueForAll(c => c.MayMac(keyId, index));
}
