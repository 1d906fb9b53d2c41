using CertFunctions.Core.Notes;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// Which key a ledger's next checkpoint must be signed with, as a publisher goes along its entries: the one that signed the last checkpoint, until an entry says
/// that it gave way. An entry that brings back a key that gave way is void here as it is for whoever verifies. So no checkpoint past a rotation is under the retired key, by an instance that was not told of it, and none is under a key nobody brought in.
/// </summary>
sealed class KeyInForce
{
    readonly List<RotationChain> chains;
    readonly VerifierKey? first;

    /// <param name="keys">The log's, as this process has them.</param>
    /// <param name="origin">The ledger's.</param>
    /// <param name="last">Its newest checkpoint, signed with one of them; null where there is none.</param>
    public KeyInForce(LogKeys keys, string origin, ArchivedCheckpoint? last)
    {
        var known = keys.Known(origin);
        if (last is not null)
        {
            // Signed with several, it is as good as with any: the one that is in force here comes first.
            var signer = last.Note.Check(known).Good[0];
            chains = [new RotationChain(signer, last.Checkpoint.Size, keys.Before(signer))];
            return;
        }

        // Nothing is signed yet: any key may begin a ledger, unless entries lead from one of ours to another.
        first = known[0];
        chains = [.. known.Select(k => new RotationChain(k, 0, keys.Before(k)))];
    }

    /// <summary>The key in force after the entries that were pushed.</summary>
    public VerifierKey Key => (first is null ? chains[0] : chains.Find(c => c.Keys.Count > 1))?.Current ?? first!;

    /// <summary>The index of the entry that brought it in, where one did.</summary>
    public long? Since => chains.Find(c => c.Keys.Count > 1)?.Keys[^1].FromSize - 1;

    /// <summary>Takes the next entry's leaf.</summary>
    public void Push(long index, ReadOnlySpan<byte> leaf)
    {
        if (!KeyRotation.MayBe(leaf))
            return;
        foreach (var chain in chains)
            chain.Push(index, leaf);
    }
}
