using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Receipts;

/// <summary>What became of a receipt's promise.</summary>
public abstract record ReceiptOutcome
{
    ReceiptOutcome()
    {
    }

    /// <summary>The ledger holds the very leaf, at this index.</summary>
    public sealed record Kept(long Index) : ReceiptOutcome;

    /// <summary>The promise was broken: its time has passed and the leaf is not there, or another stands in its place at <paramref name="Index"/>.</summary>
    public sealed record Broken(string Why, long? Index = null) : ReceiptOutcome;

    /// <summary>The leaf is not there, and need not be before <paramref name="DueAt"/>.</summary>
    public sealed record Pending(DateTimeOffset DueAt) : ReceiptOutcome;
}

/// <summary>
/// Looks for a receipt's leaf among the leaves of a ledger, from whatever source, in any order and in constant memory. Whether those leaves are the ledger's is
/// for verification to say.
/// </summary>
public sealed class ResolveReceipt(Receipt receipt)
{
    readonly byte[] idMember = [.. ",\"id\":\""u8, .. System.Text.Encoding.UTF8.GetBytes(receipt.Id.Value), (byte)'"'];
    ReceiptOutcome? found;
    bool begun;

    /// <summary>Takes one more leaf; false once there is no point in going on.</summary>
    public bool Push(long index, ReadOnlySpan<byte> leaf)
    {
        begun = true;
        // Most leaves do not even hold the id; one that is the promised one must.
        if (found is ReceiptOutcome.Kept || leaf.IndexOf(idMember) < 0)
            return found is not ReceiptOutcome.Kept;
        if (LedgerHash.Leaf(leaf) == receipt.LeafHash)
            found = new ReceiptOutcome.Kept(index);
        else if (LeafHeader.TryRead(leaf, out var header) && header.Address == receipt.Address && header.Id == receipt.Id)
            found = new ReceiptOutcome.Broken("another event stands in its place", index);
        return found is null;
    }

    /// <summary>The outcome, once there are no more leaves. <paramref name="asOf"/> is the time the ledger was looked at.</summary>
    public ReceiptOutcome Complete(DateTimeOffset asOf) => found
        ?? (receipt.DueAt > asOf ? new ReceiptOutcome.Pending(receipt.DueAt)
            : new ReceiptOutcome.Broken(begun ? "its time has passed, and the ledger does not hold it" : "its time has passed, and there is no ledger"));
}
