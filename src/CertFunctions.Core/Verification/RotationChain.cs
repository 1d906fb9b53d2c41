using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Verification;

/// <summary>
/// Follows the log's key through the log (R35): from one key that is pinned, over each rotation that the key in force signed, to the key that must have signed a
/// checkpoint of a given size. Leaves are pushed in index order, once it is known that the log holds them there; most cost a comparison of their last bytes.
/// A key that gave way signs nothing larger any more: who still holds it can sign another history only from before the rotation.
/// </summary>
public sealed class RotationChain
{
    readonly List<(VerifierKey Key, long From)> keys;
    readonly IReadOnlyList<VerifierKey> retired;
    readonly Dictionary<string, long> macKeys = [];
    long next;

    /// <param name="first">The log's first key, or the one pinned.</param>
    /// <param name="since">From which size on <paramref name="first"/> is trusted; nothing is known of smaller checkpoints.</param>
    /// <param name="retired">Keys known to have been in force before it: none comes back.</param>
    public RotationChain(VerifierKey first, long since = 0, IEnumerable<VerifierKey>? retired = null)
    {
        keys = [(first, since)];
        this.retired = [.. retired ?? []];
        next = since;
    }

    /// <summary>The key in force after all that was pushed.</summary>
    public VerifierKey Current => keys[^1].Key;

    /// <summary>Every key that was in force, in order, with the smallest checkpoint it may sign.</summary>
    public IReadOnlyList<(VerifierKey Key, long FromSize)> Keys => keys;

    /// <summary>Takes the leaf at an index. Leaves that tell of no rotation may be left out.</summary>
    public RotationStep Push(long index, ReadOnlySpan<byte> leaf)
    {
        if (index < next)
            throw new ArgumentOutOfRangeException(nameof(index), $"leaf {index} comes after leaf {next - 1}");
        next = index + 1;
        if (!KeyRotation.MayBe(leaf) || KeyRotation.TryRead(leaf) is not var (rotation, note))
            return new RotationStep.None();
        if (note.Check(Current).IsRefused)
            return new RotationStep.Refused(index, "it is not signed with the log's key in force");
        return rotation.Kind == RotatedKey.Signing ? Sign(index, rotation) : Mac(index, rotation);
    }

    /// <summary>Whether a checkpoint of <paramref name="size"/> may be signed with <paramref name="key"/>, as far as leaves were pushed.</summary>
    public bool IsTrusted(VerifierKey key, long size) => KeyFor(size) is { } inForce && inForce.Equals(key);

    /// <summary>The key that must have signed a checkpoint of this size; null for one from before the first key is trusted.</summary>
    public VerifierKey? KeyFor(long size) => keys.FindLast(k => k.From <= size).Key;

    /// <summary>Whether an entry's MAC may be under that key id: false for a key that a later entry, or this one, brought in.</summary>
    public bool MayMac(string keyId, long index) => !macKeys.TryGetValue(keyId, out var broughtIn) || index > broughtIn;

    RotationStep Sign(long index, KeyRotation rotation)
    {
        if (rotation.OldKey != Current.ToString())
            return new RotationStep.Refused(index, "the key it replaces is not the one in force");
        if (!VerifierKey.TryParse(rotation.NewKey, out var key, out var why) || key.Name != Current.Name)
            return new RotationStep.Refused(index, $"its new key is none for this log: {why ?? "it has another name"}");
        if (keys.Exists(k => k.Key.Equals(key)) || retired.Contains(key))
            return new RotationStep.Refused(index, "its new key was in force before");
        // The entry is in checkpoints from index + 1 on.
        keys.Add((key, index + 1));
        return new RotationStep.Rotated(index, rotation);
    }

    RotationStep Mac(long index, KeyRotation rotation)
    {
        var id = rotation.NewKey.Split(' ')[0];
        return macKeys.TryAdd(id, index) ? new RotationStep.Rotated(index, rotation) : new RotationStep.Refused(index, "its new key was brought in before");
    }
}

/// <summary>What a leaf did to the keys.</summary>
public abstract record RotationStep
{
    RotationStep()
    {
    }

    /// <summary>It tells of no rotation.</summary>
    public sealed record None : RotationStep;

    /// <summary>The key gave way.</summary>
    public sealed record Rotated(long Index, KeyRotation Rotation) : RotationStep;

    /// <summary>It claims a rotation that the log's key did not sign, or that does not fit; nothing changed.</summary>
    public sealed record Refused(long Index, string Why) : RotationStep;
}
