using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using CertFunctions.Core.Ledger;
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
/// not be changed. Of each checkpoint no more is kept than these checks need: an archive may hold very many.
/// </summary>
public sealed class CheckpointChecks
{
    readonly TrustPolicy? policy;
    readonly List<Held> held = [];
    VerifyReport? refused;

    public CheckpointChecks(TrustPolicy? policy)
    {
        this.policy = policy;
        if (policy?.Earlier is { } earlier)
            Add(earlier);
    }

    /// <summary>The sizes whose roots verification must compute, ascending.</summary>
    public IReadOnlyList<long> Sizes => [.. held.Select(h => h.Size).Distinct().Order()];

    /// <summary>Whether there is anything to hold a ledger against.</summary>
    public bool Any => policy is not null || held.Count > 0;

    /// <summary>The largest size that is believed; null where there is none.</summary>
    public long? LargestBelieved => held.Where(h => h.Believed).Select(h => (long?)h.Size).Max();

    /// <summary>Takes a checkpoint, and checks its signatures. Those that say the same count once.</summary>
    public void Add(SeenCheckpoint checkpoint)
    {
        var (trust, witnesses) = (Trust.NotAsked, 0);
        if (policy is not null)
        {
            trust = checkpoint.Checkpoint.Origin != policy.Origin ? Trust.OtherLog : Of(checkpoint.Note.Check(policy.LogKeys));
            witnesses = policy.Witnesses.Count == 0 ? 0 : checkpoint.Note.Check(policy.Witnesses).Good.Count;
        }

        var size = checkpoint.Checkpoint.Size.ToString(CultureInfo.InvariantCulture);
        if (trust == Trust.Forged)
            Refuse(Verdict.Tampered, Layer.Signature, $"{checkpoint.Source} (size {size}) names a pinned key, and its signature is not that key's");
        else if (trust == Trust.OtherLog)
            Refuse(Verdict.Unverifiable, Layer.Signature, $"{checkpoint.Source} is of the log {checkpoint.Checkpoint.Origin}, not of {policy!.Origin}");
        var believed = trust is Trust.Signed or Trust.NotAsked || witnesses > 0 || checkpoint.Layer == Layer.Archive;
        // One that a witness of the policy has cosigned says what the witness saw, wherever it was kept.
        var layer = witnesses > 0 && checkpoint.Layer == Layer.Pin ? Layer.Witness : checkpoint.Layer;
        var next = new Held(checkpoint.Source, layer, checkpoint.Checkpoint.Size, checkpoint.Checkpoint.Root, checkpoint.Checkpoint.Chain, trust, witnesses, believed);
        if (held.Count == 0 || held[^1] with { Source = "" } != next with { Source = "" })
            held.Add(next);
    }

    /// <summary>The verdict with what the checkpoints say. <paramref name="whyNoTree"/> says why roots are missing, where they are.</summary>
    public VerifyReport Apply(VerifyReport report, string? whyNoTree = null)
    {
        // What is wrong in itself needs no checkpoint to be wrong; which of two histories is the true one is of no matter then.
        if (report.Verdict is Verdict.Tampered or Verdict.Truncated)
            return Any ? report with { NotChecked = [.. report.NotChecked, new Unchecked("checkpoints", "the entries are wrong in themselves")] } : report;
        if (refused is not null)
            return Found(report, refused.Verdict, refused.FoundBy, null, refused.Detail!);
        var roots = report.Roots.ToDictionary(r => r.Size, r => r.Root);
        var notChecked = report.NotChecked.ToList();
        long agreed = 0;
        Held? signed = null, witnessed = null, unknown = null;
        var archived = false;
        foreach (var checkpoint in held.OrderBy(h => h.Size))
        {
            if (checkpoint.Size > report.Size)
            {
                if (checkpoint.Believed)
                    return Found(report, Verdict.Truncated, checkpoint.Layer, report.Size, $"{checkpoint.Source} names {Number(checkpoint.Size)} entries and {Number(report.Size)} are there");
            }
            else if (!roots.TryGetValue(checkpoint.Size, out var root))
                notChecked.Add(new Unchecked($"{checkpoint.Source} (size {Number(checkpoint.Size)})", whyNoTree ?? "it lies before where verification began"));
            else if (!Agrees(checkpoint, root, report))
            {
                if (checkpoint.Believed)
                    return Fork(report, checkpoint, agreed);
            }
            else
            {
                archived |= checkpoint.Layer == Layer.Archive;
                if (checkpoint.Believed)
                    agreed = checkpoint.Size;
                if (checkpoint.Trust == Trust.Signed)
                    signed = checkpoint;
                if (policy is { Quorum: > 0 } && checkpoint.Witnesses >= policy.Quorum)
                    witnessed = checkpoint;
            }

            if (checkpoint.Trust == Trust.UnknownKey)
                unknown ??= checkpoint;
        }

        if (report.Verdict == Verdict.Pruned && agreed <= report.FirstIndex)
            return Found(report, Verdict.Tampered, Layer.Chain, 0, $"the entries before {Number(report.FirstIndex ?? 0)} are gone, and no checkpoint at hand commits to them and to what follows");
        if (policy is not null && report.Size < policy.MinSize)
            return Found(report, Verdict.Truncated, Layer.Pin, report.Size, $"the policy knows of {Number(policy.MinSize)} entries and {Number(report.Size)} are there");
        if (unknown is not null && signed is not null)
            notChecked.Add(new Unchecked($"{unknown.Source} (size {Number(unknown.Size)})", "it is signed with a key that the policy does not name"));
        Explain(notChecked, report, signed, witnessed);
        var reached = report with
        {
            CheckpointSize = signed?.Size,
            NotChecked = notChecked,
            Guarantees = report.Guarantees | (signed is null ? 0 : Guarantees.Signed) | (witnessed is null ? 0 : Guarantees.Witnessed) | (archived ? Guarantees.Archived : 0),
        };
        return report.Verdict is Verdict.Valid or Verdict.Pruned && policy is not null && whyNoTree is null ? Lacking(reached, signed, witnessed, unknown) : reached;
    }

    /// <summary>The report, or unverifiable where something that the policy asks for is not at hand.</summary>
    VerifyReport Lacking(VerifyReport report, Held? signed, Held? witnessed, Held? unknown)
    {
        if (signed is null)
        {
            return Found(report, Verdict.Unverifiable, Layer.Signature, null, unknown is null ? "there is no checkpoint under the policy's key to hold the entries against"
                : $"{unknown.Source} (size {Number(unknown.Size)}) is signed with a key that the policy does not name");
        }

        return policy!.Quorum > 0 && witnessed is null
            ? Found(report, Verdict.Unverifiable, Layer.Witness, null, $"no checkpoint at hand is cosigned by {Number(policy.Quorum)} of the policy's witnesses")
            : report;
    }

    void Explain(List<Unchecked> notChecked, VerifyReport report, Held? signed, Held? witnessed)
    {
        if (policy is null)
            notChecked.Add(new Unchecked("signed", "no policy pins the log's key (--trust)"));
        else if (signed is not null && signed.Size < report.Size)
            notChecked.Add(new Unchecked($"signed: entries {Number(signed.Size)} to {Number(report.Size - 1)}", "no checkpoint covers them yet"));
        if (witnessed is null && policy is not { Quorum: > 0 })
            notChecked.Add(new Unchecked("witnessed", "no policy names witnesses"));
        if (!held.Exists(h => h.Layer == Layer.Archive))
            notChecked.Add(new Unchecked("archived", "no archive was named (--archive)"));
    }

    static bool Agrees(Held checkpoint, Digest root, VerifyReport report) =>
        root == checkpoint.Root && (checkpoint.Size != report.Size || checkpoint.Chain is not { } chain || report.HeadHash.Length == 0 || chain.ToString() == report.HeadHash);

    static VerifyReport Fork(VerifyReport report, Held checkpoint, long agreed) => Found(report, Verdict.Forked, checkpoint.Layer, agreed, string.Create(CultureInfo.InvariantCulture,
        $"{checkpoint.Source} (size {checkpoint.Size}) commits to another history: the two part at an entry from {agreed} to {Math.Max(agreed, checkpoint.Size - 1)}"));

    static VerifyReport Found(VerifyReport report, Verdict verdict, Layer layer, long? index, string detail) => report with
    {
        Verdict = verdict,
        FoundBy = layer,
        FirstIndex = index,
        Detail = detail,
        Guarantees = verdict == Verdict.Unverifiable ? report.Guarantees : Guarantees.None,
    };

    void Refuse(Verdict verdict, Layer layer, string detail) => refused ??= new VerifyReport { Verdict = verdict, FoundBy = layer, Detail = detail, Ledger = "", Entries = 0, HeadHash = "", MacsChecked = false };

    static Trust Of(NoteCheck check) => check.Wrong.Count > 0 ? Trust.Forged : check.Good.Count > 0 ? Trust.Signed : Trust.UnknownKey;

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    enum Trust
    {
        /// <summary>Nobody pinned a key.</summary>
        NotAsked,
        Signed,
        UnknownKey,
        Forged,
        OtherLog,
    }

    /// <summary>What is kept of a checkpoint. Believed: whether what it says counts against entries that say otherwise.</summary>
    sealed record Held(string Source, Layer Layer, long Size, Digest Root, Digest? Chain, Trust Trust, int Witnesses, bool Believed);
}
