using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Evidence;

/// <summary>
/// Verifies an evidence bundle (R36), line by line in constant memory, with nothing but the bundle and the policy. Every line is checked by itself, in
/// order, and the first fault is the verdict; the digest at the end finds what no other check can place.
/// </summary>
public sealed class VerifyEvidence(TrustPolicy? policy, ReadTimeStamp? readTimeStamp = null) : IDisposable
{
    readonly IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly List<Unchecked> notChecked = [];
    readonly RotationLeaves rotations = new();
    EvidenceManifest? manifest;
    Checkpoint? checkpoint;
    SignedNote? note;
    VerifyReport? fault;
    Guarantees guarantees;
    (Layer Layer, string Detail)? unverifiable;
    byte[] carry = new byte[64 * 1024];
    int carried, line;
    long nextSeq, lastIndex = -1, erased, events;
    DateTimeOffset? stampedAt;
    bool ended, held;

    /// <summary>Takes more bytes, cut anywhere. False once there is no point in reading on.</summary>
    public bool Push(ReadOnlySpan<byte> bytes)
    {
        while (fault is null)
        {
            var end = bytes.IndexOf((byte)'\n');
            var piece = end < 0 ? bytes : bytes[..end];
            if (carried + piece.Length > EvidenceLines.MaxBytes)
                return Fail(Verdict.Tampered, "a line is longer than any of a bundle");
            if (end < 0 || carried > 0)
            {
                if (carried + piece.Length > carry.Length)
                    Array.Resize(ref carry, Math.Max(carried + piece.Length, 2 * carry.Length));
                piece.CopyTo(carry.AsSpan(carried));
                carried += piece.Length;
                if (end < 0)
                    break;
                piece = carry.AsSpan(0, carried);
                carried = 0;
            }

            PushLine(piece);
            bytes = bytes[(end + 1)..];
        }

        return fault is null;
    }

    /// <summary>The report, once there are no more bytes.</summary>
    public VerifyReport Complete()
    {
        if (fault is null && carried > 0)
            Fail(Verdict.Incomplete, "the last line is cut off");
        if (fault is null && manifest is null)
            Fail(Verdict.Incomplete, "there is no whole line in it");
        if (fault is null && checkpoint is null)
            Fail(Verdict.Incomplete, "it has no checkpoint");
        if (fault is null)
            HoldAgainstPolicy();
        if (fault is null && nextSeq <= manifest!.LastSeq)
            Missing(nextSeq);
        if (fault is null && !ended)
            Fail(Verdict.Incomplete, "its last line, the digest of the others, is missing");
        if (fault is not null)
            return fault;
        var report = Report(Verdict.Valid, Layer.None, null, null) with { Guarantees = guarantees };
        if (manifest!.FirstSeq > 1)
            report = report with { Verdict = Verdict.Incomplete, FoundBy = Layer.Bundle, Detail = $"it begins at seq {Number(manifest.FirstSeq)}: what came before is not in it" };
        else if (unverifiable is { } hole)
            report = report with { Verdict = Verdict.Unverifiable, FoundBy = hole.Layer, Detail = hole.Detail };
        return report;
    }

    public void Dispose() => whole.Dispose();

    void PushLine(ReadOnlySpan<byte> text)
    {
        line++;
        if (ended)
            Fail(Verdict.Tampered, "something follows its last line");
        else if (line == 1)
            ReadManifest(text);
        else if (line == 2)
            ReadCheckpoint(text);
        else if (EvidenceLines.TryReadEnd(text, out var stated))
            ReadEnd(stated);
        else if (line == 3 && text.StartsWith("{\"time_stamp\":"u8))
            ReadStamp(text);
        else if (!held && text.StartsWith("{\"rotation\":"u8))
            ReadRotation(text);
        else
            ReadEvent(text);
        whole.AppendData(text);
        whole.AppendData("\n"u8);
    }

    void ReadManifest(ReadOnlySpan<byte> text)
    {
        if (!EvidenceLines.TryRead(text, out manifest))
            Fail(Verdict.Tampered, "its first line is not the manifest of a bundle");
        else if (manifest.FirstSeq < 1 || manifest.LastSeq < manifest.FirstSeq || manifest.Count != manifest.LastSeq - manifest.FirstSeq + 1)
            Fail(Verdict.Tampered, $"its manifest does not add up: {Number(manifest.Count)} events from seq {Number(manifest.FirstSeq)} to {Number(manifest.LastSeq)}");
        nextSeq = manifest?.FirstSeq ?? 0;
    }

    void ReadCheckpoint(ReadOnlySpan<byte> text)
    {
        if (!EvidenceLines.TryRead(text, out note, out var keys, out var why))
            Fail(Verdict.Tampered, why);
        else if (!Checkpoint.TryParse(note.Text.Span, out checkpoint, out why))
            Fail(Verdict.Tampered, $"its checkpoint is not one: {why}");
        else if (checkpoint.Origin != manifest!.Origin || checkpoint.Size != manifest.Size)
            Fail(Verdict.Tampered, "its manifest names another log or size than its checkpoint");
        else
            CheckSignatures(keys);
    }

    void CheckSignatures(IReadOnlyList<VerifierKey> keys)
    {
        // The bundle's own keys prove nothing, but a signature that is not theirs shows that something was altered.
        var own = note!.Check(keys);
        if (own.Wrong.Count > 0)
        {
            Fail(Verdict.Tampered, $"its checkpoint's signature by {own.Wrong[0].Name} is not that key's", Layer.Signature);
            return;
        }

        if (policy is null)
        {
            if (own.Good.Count == 0)
                unverifiable = (Layer.Signature, "none of the keys it names has signed its checkpoint");
            notChecked.Add(new Unchecked("signed", "the key comes from the bundle itself: no policy pins the log's key (--trust)"));
        }
    }

    /// <summary>An entry by which the log's key gave way: it is in the log, as the checkpoint commits to it, and whether the key before signed it the policy's key tells.</summary>
    void ReadRotation(ReadOnlySpan<byte> text)
    {
        if (!EvidenceLines.TryRead(text, out EvidenceRotation? e))
            Fail(Verdict.Tampered, $"line {Number(line)} begins as a rotation of the log's key, and is none");
        else if (KeyRotation.TryRead(e.Leaf.Span) is not ({ Kind: RotatedKey.Signing } rotation, _) || rotation.Ledger != manifest!.Address.Org || e.Leaf.Length > RotationLeaves.MaxBytes)
            Fail(Verdict.Tampered, $"line {Number(line)} tells of no rotation of this log's key", index: e.Index);
        else if (rotations.All is [.., var last] && e.Index <= last.Index)
            Fail(Verdict.Tampered, $"the rotation in line {Number(line)} comes again, or out of its order", index: e.Index);
        else if (rotations.All.Count == RotationLeaves.Most)
            Fail(Verdict.Tampered, $"line {Number(line)} is one rotation more than any log has");
        else if (!TreeProof.IsIncluded(LedgerHash.Leaf(e.Leaf.Span), e.Index, checkpoint!.Size, [.. e.Proof], checkpoint.Root))
            Fail(Verdict.Tampered, $"the rotation in line {Number(line)} is not the one its checkpoint commits to: event, index or proof was altered", index: e.Index);
        else
            rotations.See(e.Index, e.Leaf.Span);
    }

    /// <summary>The checkpoint's signature under the policy's keys and those that the rotations lead to. Once, when these are read.</summary>
    void HoldAgainstPolicy()
    {
        if (held)
            return;
        held = true;
        if (policy is null)
            return;
        if (checkpoint!.Origin != policy.Origin)
        {
            unverifiable = (Layer.Signature, $"it is of the log {checkpoint.Origin}, not of {policy.Origin}");
            return;
        }

        var keys = new FollowedKeys(policy.LogKeys, rotations.All);
        var check = note!.Check(keys.All);
        if (check.Wrong.Count > 0)
            Fail(Verdict.Tampered, "its checkpoint names a pinned key, and its signature is not that key's", Layer.Signature);
        else if (check.Good.Count == 0)
            unverifiable = (Layer.Signature, "its checkpoint is signed with a key that the policy does not name, and that no rotation in it leads to from one it names");
        else if (!check.Good.Any(k => keys.Of(k, checkpoint.Size) == KeyStanding.InForce))
            Fail(Verdict.Tampered, "its checkpoint is signed with a key that was not in force at its size: the log did not sign it, someone who has that key did", Layer.Signature, keys.ChangedAt(check.Good[0], checkpoint.Size));
        else
            CheckPins(policy);
    }

    void CheckPins(TrustPolicy pinned)
    {
        guarantees |= Guarantees.Signed;
        if (pinned.Earlier is { } earlier)
        {
            if (earlier.Checkpoint.Size == checkpoint!.Size && earlier.Checkpoint.Root != checkpoint.Root)
                Fail(Verdict.Forked, "the policy's checkpoint of the same size has another root", Layer.Pin);
            else if (earlier.Checkpoint.Size != checkpoint.Size)
                notChecked.Add(new Unchecked("the policy's checkpoint", "a bundle has no proof from one checkpoint to another: verify the ledger or its archive for that"));
        }

        if (checkpoint!.Size < pinned.MinSize)
            notChecked.Add(new Unchecked("the policy's minimum size", $"the bundle's checkpoint is older: {Number(checkpoint.Size)} entries"));
        if (pinned.Quorum == 0)
            notChecked.Add(new Unchecked("witnessed", "no policy names witnesses"));
        else if (note!.Check(pinned.Witnesses).Good.Count >= pinned.Quorum)
            guarantees |= Guarantees.Witnessed;
        else
            unverifiable = (Layer.Witness, $"its checkpoint is not cosigned by {Number(pinned.Quorum)} of the policy's witnesses");
    }

    void ReadStamp(ReadOnlySpan<byte> text)
    {
        if (!EvidenceLines.TryReadTimeStamp(text, out var token))
            Fail(Verdict.Tampered, "its time stamp's line is not one", Layer.TimeStamp);
        else if (readTimeStamp is null)
            notChecked.Add(new Unchecked("time-stamped", "time stamps cannot be read here"));
        else
        {
            var reading = readTimeStamp(token, note!.Text);
            stampedAt = reading.Time;
            if (reading.Time is null)
                Fail(Verdict.Tampered, $"its time stamp is not one over its checkpoint: {reading.Why}", Layer.TimeStamp);
            else if (reading.IsTrusted)
                guarantees |= Guarantees.TimeStamped;
            else
                notChecked.Add(new Unchecked("time-stamped", reading.Why ?? "no policy names the authority"));
        }
    }

    void ReadEvent(ReadOnlySpan<byte> text)
    {
        HoldAgainstPolicy();
        if (fault is not null)
            return;
        if (!EvidenceLines.TryRead(text, out EvidenceEvent? e))
        {
            Fail(Verdict.Tampered, $"line {Number(line)}, where the event with seq {Number(nextSeq)} belongs, is not an event's");
            return;
        }

        if (!LeafHeader.TryRead(e.Leaf.Span, out var header))
            Fail(Verdict.Tampered, $"line {Number(line)} holds no event", index: e.Index);
        else if (header.Address != manifest!.Address)
            Fail(Verdict.Tampered, $"the event in line {Number(line)} is not one of the manifest's subject", index: e.Index);
        else if (!TreeProof.IsIncluded(LedgerHash.Leaf(e.Leaf.Span), e.Index, checkpoint!.Size, [.. e.Proof], checkpoint.Root))
            Fail(Verdict.Tampered, $"the event in line {Number(line)} (seq {Number(header.Seq)}) is not the one its checkpoint commits to: event, index or proof was altered", index: e.Index);
        else if (!e.Personal.IsEmpty && !IsCommitted(e, header))
            Fail(Verdict.Tampered, $"the personal part or salt of seq {Number(header.Seq)} is not the one its event commits to", Layer.Commitment, e.Index);
        else if (header.Seq > nextSeq)
            Missing(nextSeq);
        else if (header.Seq < nextSeq || e.Index <= lastIndex)
            Fail(Verdict.Tampered, $"seq {Number(header.Seq)} comes again, or out of its order", index: e.Index);
        else if (header.Seq > manifest.LastSeq)
            Fail(Verdict.Tampered, $"its manifest ends with seq {Number(manifest.LastSeq)}, and seq {Number(header.Seq)} follows", index: e.Index);
        if (fault is not null)
            return;
        (lastIndex, nextSeq) = (e.Index, nextSeq + 1);
        events++;
        erased += e.Personal.IsEmpty ? 1 : 0;
    }

    static bool IsCommitted(EvidenceEvent e, in LeafHeader header)
    {
        Digest committed = default;
        PersonalPart.Commit(e.Salt.Span, e.Personal.Span, committed.Bytes);
        return committed.AsSpan().SequenceEqual(header.Personal.Span);
    }

    void ReadEnd(Digest stated)
    {
        ended = true;
        HoldAgainstPolicy();
        if (nextSeq <= manifest!.LastSeq)
            Missing(nextSeq);
        else if (new Digest(whole.GetCurrentHash()) != stated)
            Fail(Verdict.Tampered, "its digest is not that of its lines: the file was damaged or altered where no proof reaches");
    }

    void Missing(long seq) => Fail(Verdict.Incomplete, $"the event with seq {Number(seq)} is missing");

    bool Fail(Verdict verdict, string detail, Layer layer = Layer.Bundle, long? index = null)
    {
        fault ??= Report(verdict, layer, index, detail);
        return false;
    }

    VerifyReport Report(Verdict verdict, Layer layer, long? index, string? detail) => new()
    {
        Verdict = verdict,
        Ledger = manifest?.Address.Org.Value ?? "",
        Entries = events,
        FirstIndex = index,
        Detail = detail,
        FoundBy = layer,
        HeadHash = "",
        Size = checkpoint?.Size ?? 0,
        RootHash = checkpoint?.Root.ToString(),
        CheckpointSize = guarantees.HasFlag(Guarantees.Signed) ? checkpoint?.Size : null,
        MacsChecked = false,
        Erased = erased,
        Evidence = manifest,
        StampedAt = stampedAt,
        NotChecked = [.. notChecked],
    };

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
