using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Verification;

/// <summary>A checkpoint that someone kept, and where: a policy, an archive, a witness, the source itself.</summary>
/// <param name="Source">For a message: "the policy's checkpoint".</param>
/// <param name="Layer">Which check it belongs to.</param>
/// <param name="Note">With its signatures, which are not checked yet.</param>
/// <param name="Checkpoint">The note's text, read.</param>
public sealed record SeenCheckpoint(string Source, Layer Layer, SignedNote Note, Checkpoint Checkpoint)
{
    public static bool TryParse(ReadOnlySpan<byte> bytes, string source, Layer layer, [NotNullWhen(true)] out SeenCheckpoint? seen, [NotNullWhen(false)] out string? why)
    {
        seen = null;
        if (!SignedNote.TryParse(bytes, out var note, out why) || !Checkpoint.TryParse(note.Text.Span, out var checkpoint, out why))
            return false;
        seen = new SeenCheckpoint(source, layer, note, checkpoint);
        return true;
    }
}

/// <summary>
/// Holds entries that were found right in themselves against checkpoints: signatures under pinned keys, the pinned minimum, and each checkpoint's root
/// against the one computed over as many leaves. A checkpoint under a key nobody pinned proves nothing and accuses nobody, unless it lay where it could
/// not be changed.
/// </summary>
public sealed class CheckpointChecks
{
    readonly TrustPolicy? policy;
    readonly List<SeenCheckpoint> seen;

    public CheckpointChecks(TrustPolicy? policy, IEnumerable<SeenCheckpoint> checkpoints)
    {
        this.policy = policy;
        seen = [.. checkpoints];
        if (policy?.Earlier is { } earlier)
            seen.Add(earlier);
        seen.Sort((a, b) => a.Checkpoint.Size.CompareTo(b.Checkpoint.Size));
        Sizes = [.. seen.Select(s => s.Checkpoint.Size).Distinct()];
    }

    /// <summary>The sizes whose roots verification must compute, ascending.</summary>
    public IReadOnlyList<long> Sizes { get; }

    /// <summary>Whether there is anything to hold a ledger against.</summary>
    public bool Any => policy is not null || seen.Count > 0;

    /// <summary>The verdict with what the checkpoints say. <paramref name="whyNoTree"/> says why roots are missing, where they are.</summary>
    public VerifyReport Apply(VerifyReport report, string? whyNoTree = null)
    {
        // What is wrong in itself needs no checkpoint to be wrong; which of two histories is the true one is of no matter then.
        if (report.Verdict is Verdict.Tampered)
            return report with { NotChecked = [.. report.NotChecked, new Unchecked("checkpoints", "the entries are wrong in themselves")] };
        var roots = report.Roots.ToDictionary(r => r.Size, r => r.Root);
        var notChecked = report.NotChecked.ToList();
        long agreed = 0;
        long? signed = null;
        var witnessed = false;
        VerifyReport? unverifiable = null;
        foreach (var checkpoint in seen)
        {
            var size = checkpoint.Checkpoint.Size;
            var signature = Signature(checkpoint);
            if (signature == Trust.Forged)
                return Found(report, Verdict.Tampered, Layer.Signature, null, $"{checkpoint.Source} (size {Number(size)}) names a pinned key, and its signature is not that key's");
            if (signature == Trust.OtherLog)
                return Found(report, Verdict.Unverifiable, checkpoint.Layer, null, $"{checkpoint.Source} is of the log {checkpoint.Checkpoint.Origin}, not of {policy!.Origin}");
            var believed = signature == Trust.Signed || Witnesses(checkpoint) > 0 || checkpoint.Layer == Layer.Archive || policy is null;
            if (size > report.Size)
            {
                if (believed)
                    return Found(report, Verdict.Truncated, checkpoint.Layer, report.Size, $"{checkpoint.Source} names {Number(size)} entries and {Number(report.Size)} are there");
            }
            else if (!roots.TryGetValue(size, out var root))
                notChecked.Add(new Unchecked($"{checkpoint.Source} (size {Number(size)})", whyNoTree ?? "its size lies before where verification began"));
            else if (root != checkpoint.Checkpoint.Root || (size == report.Size && checkpoint.Checkpoint.Chain is { } chain && report.HeadHash.Length > 0 && chain.ToString() != report.HeadHash))
            {
                if (believed)
                {
                    return Found(report, Verdict.Forked, checkpoint.Layer, agreed, string.Create(CultureInfo.InvariantCulture,
                        $"{checkpoint.Source} (size {size}) is of another history: they part at an entry from {agreed} to {Math.Max(agreed, size - 1)}"));
                }
            }
            else if (signature == Trust.Signed)
            {
                (agreed, signed) = (size, size);
                witnessed |= policy!.Quorum > 0 && Witnesses(checkpoint) >= policy.Quorum;
            }
            else if (believed && policy is null)
                agreed = size;
            if (signature == Trust.UnknownKey)
                unverifiable ??= Found(report, Verdict.Unverifiable, Layer.Signature, null, $"{checkpoint.Source} (size {Number(size)}) is signed with a key that the policy does not name");
        }

        if (policy is not null && report.Size < policy.MinSize)
            return Found(report, Verdict.Truncated, Layer.Pin, report.Size, $"the policy knows of {Number(policy.MinSize)} entries and {Number(report.Size)} are there");
        Explain(notChecked, report, signed, witnessed);
        var reached = report with
        {
            CheckpointSize = signed,
            NotChecked = notChecked,
            Guarantees = report.Guarantees | (signed is null ? 0 : Guarantees.Signed) | (witnessed ? Guarantees.Witnessed : 0),
        };
        if (report.Verdict is not (Verdict.Valid or Verdict.Pruned))
            return reached;
        if (unverifiable is not null && signed is null)
            return unverifiable with { NotChecked = notChecked };
        if (policy is not null && signed is null && whyNoTree is null)
            return Found(reached, Verdict.Unverifiable, Layer.Signature, null, "there is no checkpoint under the policy's key to hold the entries against");
        return policy is { Quorum: > 0 } && !witnessed && whyNoTree is null
            ? Found(reached, Verdict.Unverifiable, Layer.Witness, null, string.Create(CultureInfo.InvariantCulture, $"no checkpoint at hand is cosigned by {policy.Quorum} of the policy's witnesses"))
            : reached;
    }

    void Explain(List<Unchecked> notChecked, VerifyReport report, long? signed, bool witnessed)
    {
        if (policy is null)
            notChecked.Add(new Unchecked("signed", "no policy pins the log's key (--trust)"));
        else if (signed is { } size && size < report.Size)
            notChecked.Add(new Unchecked(string.Create(CultureInfo.InvariantCulture, $"signed: entries {size} to {report.Size - 1}"), "no checkpoint covers them yet"));
        if (!witnessed && policy is not { Quorum: > 0 })
            notChecked.Add(new Unchecked("witnessed", "no policy names witnesses"));
    }

    enum Trust
    {
        /// <summary>Nobody pinned a key.</summary>
        NotAsked,
        Signed,
        UnknownKey,
        Forged,
        OtherLog,
    }

    Trust Signature(SeenCheckpoint checkpoint)
    {
        if (policy is null)
            return Trust.NotAsked;
        if (checkpoint.Checkpoint.Origin != policy.Origin)
            return Trust.OtherLog;
        var check = checkpoint.Note.Check(policy.LogKeys);
        return check.Wrong.Count > 0 ? Trust.Forged : check.Good.Count > 0 ? Trust.Signed : Trust.UnknownKey;
    }

    int Witnesses(SeenCheckpoint checkpoint) => policy is null ? 0 : checkpoint.Note.Check(policy.Witnesses).Good.Count;

    static VerifyReport Found(VerifyReport report, Verdict verdict, Layer layer, long? index, string detail) => report with
    {
        Verdict = verdict,
        FoundBy = layer,
        FirstIndex = index,
        Detail = detail,
        Guarantees = verdict == Verdict.Unverifiable ? report.Guarantees : Guarantees.None,
    };

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
