using CertFunctions.Core.Notes;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Receipts;

/// <summary>
/// Whether a receipt is signed by the log: with a key that is pinned, or with one that the ledger's entries lead to from there (R35). A receipt is bound to no size of
/// the ledger, so every key counts that was ever in force. Leaves are pushed as they come; most cost a comparison of their last bytes.
/// </summary>
public sealed class ReceiptSigner
{
    readonly SignedNote note;
    readonly List<RotationChain> chains;
    long next;

    public ReceiptSigner(SignedNote note, IReadOnlyList<VerifierKey> pinned)
    {
        this.note = note;
        chains = [.. pinned.Select(k => new RotationChain(k))];
        Look(pinned);
    }

    /// <summary>A key of the log signed it.</summary>
    public bool IsTheLogs { get; private set; }

    /// <summary>It claims a key of the log that did not sign it.</summary>
    public bool IsForged { get; private set; }

    /// <summary>Takes one more leaf; false once there is no point in going on. One out of order is passed over.</summary>
    public bool Push(long index, ReadOnlySpan<byte> leaf)
    {
        if (index >= next && KeyRotation.MayBe(leaf) && leaf.Length <= RotationLeaves.MaxBytes)
        {
            next = index + 1;
            foreach (var chain in chains)
            {
                if (chain.Push(index, leaf) is RotationStep.Rotated)
                    Look([chain.Current]);
            }
        }

        return !IsTheLogs && !IsForged;
    }

    void Look(IReadOnlyList<VerifierKey> keys)
    {
        var check = note.Check(keys);
        IsForged |= check.Wrong.Count > 0;
        IsTheLogs |= !check.IsRefused;
    }
}
