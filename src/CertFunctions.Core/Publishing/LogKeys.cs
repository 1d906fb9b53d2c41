using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// A log's keys, oldest first (R35): earlier ones whose signatures still count, and those at hand, of which one is in force and signs. Keys after it wait: each
/// comes into force once every ledger says so, one after the other (<see cref="BringInKeys"/>). Shared by the threads of a process.
/// </summary>
public sealed class LogKeys
{
    readonly IReadOnlyList<ILogKey> held;
    readonly IReadOnlyList<VerifierKey> earlier;
    volatile int inForce;

    /// <summary>One key that signs, and earlier ones of which the public half is known.</summary>
    public LogKeys(ILogKey current, params IEnumerable<VerifierKey> earlier)
        : this([current], earlier)
    {
    }

    /// <param name="held">Keys at hand, oldest first, at least one. Until told otherwise the last one is in force.</param>
    /// <param name="earlier">Those before them, oldest first.</param>
    public LogKeys(IReadOnlyList<ILogKey> held, IEnumerable<VerifierKey> earlier)
    {
        (this.held, this.earlier) = (held, [.. earlier]);
        inForce = held.Count - 1;
    }

    /// <summary>Signs the checkpoints of an origin.</summary>
    public INoteSigner Signer(string origin) => held[inForce].Named(origin);

    /// <summary>The keys whose signature makes a checkpoint of this origin the log's own, the one in force first.</summary>
    public IReadOnlyList<VerifierKey> Known(string origin)
    {
        var at = inForce;
        return [held[at].Named(origin).Verifier, .. earlier.Select(k => k.Named(origin)), .. held.Where((_, i) => i != at).Select(k => k.Named(origin).Verifier)];
    }

    /// <summary>The signer of this very key; null where it is not at hand.</summary>
    internal INoteSigner? SignerOf(VerifierKey key) => IndexOf(key) is var i and >= 0 ? held[i].Named(key.Name) : null;

    /// <summary>The key that is to follow this one, if there is one that the log is to be told of; null where nothing is to be done.</summary>
    internal VerifierKey? After(VerifierKey key) => IndexOf(key) is var i and >= 0 && i < Math.Min(inForce + 1, held.Count - 1) ? held[i + 1].Named(key.Name).Verifier : null;

    /// <summary>The key in force, that signs.</summary>
    internal ILogKey Current => held[inForce];

    /// <summary>The key that comes into force after the one that is; null where there is none.</summary>
    internal ILogKey? Next => inForce + 1 is var next && next < held.Count ? held[next] : null;

    /// <summary>The keys at hand that were in force before this one.</summary>
    internal IEnumerable<VerifierKey> Before(VerifierKey key) => held.Take(Math.Max(IndexOf(key), 0)).Select(k => k.Named(key.Name).Verifier);

    /// <summary>Whether a newer key than the one in force is at hand.</summary>
    public bool IsWaiting => Next is not null;

    /// <summary>Whether only the public half of a key of this name, <see cref="KeysOnRecord.NameOf(VerifierKey)"/>, is at hand.</summary>
    internal bool IsPublicOnly(string name) => earlier.Any(k => KeysOnRecord.NameOf(k) == name);

    /// <summary>The keys at hand, oldest first.</summary>
    internal IReadOnlyList<ILogKey> Held => held;

    /// <summary>From here on the key at this place among those at hand signs.</summary>
    internal void PutInForce(int index) => inForce = index;

    /// <summary>From here on this one of those at hand does.</summary>
    internal void PutInForce(ILogKey key) => inForce = held.ToList().IndexOf(key);

    int IndexOf(VerifierKey key)
    {
        for (var i = 0; i < held.Count; i++)
        {
            if (held[i].Named(key.Name).Verifier.Equals(key))
                return i;
        }

        return -1;
    }
}
