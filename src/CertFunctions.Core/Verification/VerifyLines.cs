using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>
/// Verifies ledger lines (<see cref="LedgerLine"/>) as they come in: an export, a sink's file, or a service's answers, in constant memory. Lines that
/// begin in the middle of a ledger are checked from there, and the verdict is then <see cref="Verdict.Incomplete"/> at best.
/// </summary>
public sealed class VerifyLines(LedgerKeys? keys) : IDisposable
{
    /// <summary>The sizes, ascending, whose roots the report is to name; null where no tree is wanted. Asked once, with the ledger of the first line.</summary>
    public Func<OrgId, IReadOnlyList<long>?>? RootsAt { get; init; }

    /// <summary>A head, checked before, from which to go on: entries before it are passed over.</summary>
    public Func<OrgId, VerifiedBefore?>? Since { get; init; }

    LedgerVerifier? verifier;
    OrgId ledger;
    long first, skipped, passed;
    bool stopped, passing;
    byte[] carry = new byte[64 * 1024];
    int carried;

    /// <summary>Entries found right so far.</summary>
    public long Entries => verifier is null ? 0 : verifier.NextIndex - Math.Max(first, skipped);

    /// <summary>The index of the next entry wanted.</summary>
    public long NextIndex => verifier?.NextIndex ?? 0;

    /// <summary>Takes more bytes, cut anywhere. False once there is no point in reading on.</summary>
    public bool Push(ReadOnlySpan<byte> bytes)
    {
        while (!stopped)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0)
            {
                Carry(bytes);
                break;
            }

            if (carried > 0)
            {
                Carry(bytes[..end]);
                PushLine(carry.AsSpan(0, carried));
                carried = 0;
            }
            else
                PushLine(bytes[..end]);
            bytes = bytes[(end + 1)..];
        }

        return !stopped;
    }

    /// <summary>The report, once there are no more bytes. <paramref name="head"/> as the source claims it; null where it claims none.</summary>
    public VerifyReport Complete(LedgerHead? head)
    {
        if (verifier is null)
        {
            verifier = new LedgerVerifier(head?.Ledger ?? default, keys, tree: new LeafTree([0]));
            return stopped ? verifier.Report(Verdict.Tampered, 0, "the first line is not a ledger line")
                : head is { Size: 0 } ? verifier.Complete(head)
                : verifier.Report(Verdict.Incomplete, head is null ? null : 0, "there is no whole line in it");
        }

        var report = verifier.Complete(head);
        return report switch
        {
            { Verdict: not Verdict.Valid } => report,
            _ when passing && passed < skipped => verifier.Report(Verdict.Truncated, passed, $"verification was to go on from {skipped} entries and {passed} are there"),
            _ when carried > 0 => verifier.Report(Verdict.Incomplete, verifier.NextIndex, "the last line is cut off"),
            _ when first > 0 => verifier.Report(Verdict.Incomplete, 0, $"it begins at entry {first}: what came before is not in it"),
            _ => report,
        };
    }

    public void Dispose() => verifier?.Dispose();

    void Carry(ReadOnlySpan<byte> bytes)
    {
        if (carried + bytes.Length > LedgerLine.MaxBytes)
        {
            Stop("the line is longer than any ledger line");
            return;
        }

        if (carried + bytes.Length > carry.Length)
            Array.Resize(ref carry, Math.Max(carried + bytes.Length, Math.Min(2 * carry.Length, LedgerLine.MaxBytes)));
        bytes.CopyTo(carry.AsSpan(carried));
        carried += bytes.Length;
    }

    void PushLine(ReadOnlySpan<byte> text)
    {
        if (stopped)
            return;
        if (!LedgerLine.TryRead(text, out var line))
        {
            Stop("it is not a ledger line");
            return;
        }

        verifier ??= Begin(line);
        if (passing && line.LedgerId == ledger && line.EntryIndex < skipped)
        {
            passed = line.EntryIndex + 1;
            return;
        }

        passing = false;
        if (line.LedgerId != ledger)
            Stop($"it belongs to the ledger of {line.LedgerId}, not of {ledger}");
        else if (!verifier.Push(line.ToRow()) || !Belongs(line))
            stopped = true;
    }

    /// <summary>At the first line: from genesis, from where it begins, or from the head that was checked before.</summary>
    LedgerVerifier Begin(ParsedLedgerLine line)
    {
        ledger = line.LedgerId;
        first = line.EntryIndex;
        var wanted = RootsAt?.Invoke(ledger);
        if (Since?.Invoke(ledger) is { } since && since.Head.Size >= first)
        {
            // Nothing is missing before it, and lines up to it are passed over.
            first = 0;
            passing = true;
            skipped = since.Head.Size;
            return new LedgerVerifier(ledger, keys, since.Head, wanted is null ? null : since.Tree(wanted));
        }

        return new LedgerVerifier(ledger, keys, first == 0 ? null : new LedgerHead(ledger, first, line.PreviousHash), wanted is null || first > 0 ? null : new LeafTree(wanted));
    }

    /// <summary>Whether the event is one of this ledger's org.</summary>
    bool Belongs(ParsedLedgerLine line) =>
        (LeafMembers.TryRead(line.ToRow().Leaf, out var members) && Ascii.Equals(members.Org, ledger.Value))
        || (LeafHeader.TryRead(line.ToRow().Leaf, out var header) && header.Address.Org == ledger)
        || verifier!.Break(line.EntryIndex, "its event is not one of this org's");

    void Stop(string detail)
    {
        stopped = true;
        verifier?.Break(verifier.NextIndex, detail);
    }
}
