using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Witness;

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
    const string UnknownKey = "is signed with a key that the policy does not name, and that no entry read here leads to from one it names";

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

    /// <summary>
    /// Takes a checkpoint, and checks its signatures under the policy's keys. Those that say the same count once. One under another key is kept with its
    /// signatures: the log's leaves, once they are read, may tell that the key came into force.
    /// </summary>
    public void Add(SeenCheckpoint checkpoint)
    {
        IReadOnlyList<VerifierKey> signers = [];
        UInt128 witnesses = 0;
        byte[]? note = null;
        uint keyId = 0;
        if (policy is not null)
        {
            var size = checkpoint.Checkpoint.Size.ToString(CultureInfo.InvariantCulture);
            if (checkpoint.Checkpoint.Origin != policy.Origin)
                Refuse(Verdict.Unverifiable, Layer.Signature, null, $"{checkpoint.Source} is of the log {checkpoint.Checkpoint.Origin}, not of {policy.Origin}");
            else
            {
                var check = checkpoint.Note.Check(policy.LogKeys);
                if (check.Wrong.Count > 0)
                    Refuse(Verdict.Tampered, Layer.Signature, null, $"{checkpoint.Source} (size {size}) names a pinned key, and its signature is not that key's");
                signers = check.Good;
                if (signers.Count != 1)
                    (note, keyId) = (checkpoint.Note.ToBytes(), checkpoint.Note.Signatures.FirstOrDefault(s => s.KeyName == policy.Origin)?.KeyId ?? 0);
            }

            witnesses = Cosigners(checkpoint.Note);
        }

        // One that a witness of the policy has cosigned says what the witness saw, wherever it was kept.
        var layer = witnesses > 0 && checkpoint.Layer == Layer.Pin ? Layer.Witness : checkpoint.Layer;
        var next = new Held(checkpoint.Source, layer, checkpoint.Checkpoint.Size, checkpoint.Checkpoint.Root, checkpoint.Checkpoint.Chain, signers is [var one, ..] ? one : null, keyId, witnesses, note);
        if (held.Count == 0 || !held[^1].SaysTheSameAs(next))
            held.Add(next);
    }

    /// <summary>Takes the newest checkpoint that each of the policy's witnesses has cosigned, as far as an archive has them.</summary>
    public async Task AddCosignedAsync(IArchive archive, OrgId ledger, CancellationToken cancellationToken)
    {
        foreach (var witness in policy?.Witnesses ?? [])
        {
            // A witness vouches for what came before its newest checkpoint too, so that this one is enough.
            if (await CosignedCheckpoints.LatestAsync(archive, ledger, witness, cancellationToken).ConfigureAwait(false) is { } latest)
                Add(new SeenCheckpoint($"the checkpoint that {witness.Name} cosigned", Layer.Witness, latest.Note, latest.Checkpoint));
        }
    }

    /// <summary>The policy's witnesses that have rightly signed a note, a bit for each; none where one's name and id stand over another's signature.</summary>
    UInt128 Cosigners(SignedNote note)
    {
        var check = note.Check(policy!.Witnesses);
        return check.Wrong.Count > 0 ? 0 : policy.Witnesses.Index().Where(w => check.Good.Contains(w.Item)).Aggregate((UInt128)0, (mask, w) => mask | (UInt128)1 << w.Index);
    }

    /// <summary>The verdict with what the checkpoints say. <paramref name="whyNoTree"/> says why roots are missing, where they are.</summary>
    public VerifyReport Apply(VerifyReport report, string? whyNoTree = null)
    {
        // What is wrong in itself needs no checkpoint to be wrong; which of two histories is the true one is of no matter then.
        if (report.Verdict is Verdict.Tampered or Verdict.Truncated)
            return Any ? report with { NotChecked = [.. report.NotChecked, new Unchecked("checkpoints", "the entries are wrong in themselves")] } : report;
        var keys = new FollowedKeys(policy?.LogKeys ?? [], report.Rotations);
        Judge(keys);
        if (refused is not null)
            return Found(report, refused.Verdict, refused.FoundBy, refused.FirstIndex, refused.Detail!);
        if (EarlyMac(report, keys) is { } early)
            return early;
        var roots = report.Roots.ToDictionary(r => r.Size, r => r.Root);
        var notChecked = report.NotChecked.ToList();
        long agreed = 0;
        Held? signed = null, unknown = null;
        var seenBy = new long[policy?.Witnesses.Count ?? 0];
        var archived = false;
        foreach (var checkpoint in held.OrderBy(h => h.Size))
        {
            if (checkpoint.Size > report.Size)
            {
                if (checkpoint.IsBelieved(policy))
                    return Found(report, Verdict.Truncated, checkpoint.Layer, report.Size, $"{checkpoint.Source} names {Number(checkpoint.Size)} entries and {Number(report.Size)} are there");
            }
            else if (!roots.TryGetValue(checkpoint.Size, out var root))
                notChecked.Add(new Unchecked($"{checkpoint.Source} (size {Number(checkpoint.Size)})", whyNoTree ?? "it lies before where verification began"));
            else if (!Agrees(checkpoint, root, report))
            {
                if (checkpoint.IsBelieved(policy))
                    return Fork(report, checkpoint, agreed);
            }
            else
            {
                archived |= checkpoint.Layer == Layer.Archive;
                if (checkpoint.IsBelieved(policy))
                    agreed = checkpoint.Size;
                if (policy is not null && checkpoint.Signer is not null)
                    signed = checkpoint;
                for (var i = 0; i < seenBy.Length; i++)
                    seenBy[i] = (checkpoint.Witnesses >> i & 1) != 0 ? checkpoint.Size + 1 : seenBy[i];
            }

            if (policy is not null && checkpoint.Signer is null)
                unknown ??= checkpoint;
        }

        // Who cosigned a size vouches for all before it: so many entries as the least of the best quorum has seen, and one more to tell none from nothing.
        var witnessed = policy is { Quorum: > 0 } && seenBy.OrderDescending().ElementAt(policy.Quorum - 1) is > 0 and var seen ? seen - 1 : (long?)null;
        if (report.Verdict == Verdict.Pruned && agreed <= report.FirstIndex)
            return Found(report, Verdict.Tampered, Layer.Chain, 0, $"the entries before {Number(report.FirstIndex ?? 0)} are gone, and no checkpoint at hand commits to them and to what follows");
        if (policy is not null && report.Size < policy.MinSize)
            return Found(report, Verdict.Truncated, Layer.Pin, report.Size, $"the policy knows of {Number(policy.MinSize)} entries and {Number(report.Size)} are there");
        if (unknown is not null && signed is not null)
            notChecked.Add(new Unchecked($"{unknown.Source} (size {Number(unknown.Size)})", $"it {UnknownKey}"));
        Explain(notChecked, report, signed, witnessed);
        var reached = report with
        {
            CheckpointSize = signed?.Size,
            LogKey = signed?.Signer?.ToString(),
            NotChecked = notChecked,
            Guarantees = report.Guarantees | (signed is null ? 0 : Guarantees.Signed) | (witnessed is null ? 0 : Guarantees.Witnessed) | (archived ? Guarantees.Archived : 0),
        };
        return report.Verdict is Verdict.Valid or Verdict.Pruned && policy is not null && whyNoTree is null ? Lacking(reached, signed, witnessed, unknown) : reached;
    }

    /// <summary>The report, or unverifiable where something that the policy asks for is not at hand.</summary>
    VerifyReport Lacking(VerifyReport report, Held? signed, long? witnessed, Held? unknown)
    {
        if (signed is null)
        {
            return Found(report, Verdict.Unverifiable, Layer.Signature, null, unknown is null ? "there is no checkpoint under the policy's key to hold the entries against"
                : $"{unknown.Source} (size {Number(unknown.Size)}) {UnknownKey}");
        }

        return policy!.Quorum > 0 && witnessed is null
            ? Found(report, Verdict.Unverifiable, Layer.Witness, null, $"no checkpoint at hand is cosigned by {Number(policy.Quorum)} of the policy's witnesses")
            : report;
    }

    void Explain(List<Unchecked> notChecked, VerifyReport report, Held? signed, long? witnessed)
    {
        if (policy is null)
            notChecked.Add(new Unchecked("signed", "no policy pins the log's key (--trust)"));
        else if (signed is not null && signed.Size < report.Size)
            notChecked.Add(new Unchecked($"signed: entries {Number(signed.Size)} to {Number(report.Size - 1)}", "no checkpoint covers them yet"));
        if (witnessed < report.Size)
            notChecked.Add(new Unchecked($"witnessed: entries {Number(witnessed.Value)} to {Number(report.Size - 1)}", "not enough witnesses have cosigned them yet"));
        if (policy is not { Quorum: > 0 })
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

    /// <summary>Settles who signed what was under a key that no policy names, and whether each key was in force at that size (R35).</summary>
    void Judge(FollowedKeys keys)
    {
        if (policy is null)
            return;
        for (var i = 0; i < held.Count; i++)
        {
            var checkpoint = held[i];
            if (checkpoint.Note is { } bytes && (checkpoint.Signer is not null || keys.All.Count > policy.LogKeys.Count) && SignedNote.TryParse(bytes, out var note, out _))
            {
                var check = note.Check(keys.All);
                if (check.Wrong.Count > 0)
                    Refuse(Verdict.Tampered, Layer.Signature, null, $"{checkpoint.Source} (size {Number(checkpoint.Size)}) names a key of the log, and its signature is not that key's");
                else if (check.Good.Count > 0)
                    held[i] = checkpoint = checkpoint with { Signer = check.Good.FirstOrDefault(k => keys.Of(k, checkpoint.Size) == KeyStanding.InForce) ?? check.Good[0], Note = null };
            }

            if (checkpoint.Signer is { } signer && keys.Of(signer, checkpoint.Size) == KeyStanding.OutOfForce)
            {
                var at = keys.ChangedAt(signer, checkpoint.Size);
                Refuse(Verdict.Tampered, Layer.Signature, at, $"{checkpoint.Source} (size {Number(checkpoint.Size)}) is signed with a key that {(checkpoint.Size > at ? "gave way" : "came into force")} with entry {Number(at)}: the log did not sign it, someone who has that key did");
            }
        }
    }

    /// <summary>An entry whose MAC is under a key that only a later entry brings in.</summary>
    static VerifyReport? EarlyMac(VerifyReport report, FollowedKeys keys) =>
        report.MacKeys.Where(k => !keys.MayMac(k.Key, k.Value)).OrderBy(k => k.Value).Select(k => Found(report, Verdict.Tampered, Layer.Mac, k.Value, $"its MAC is under the key '{k.Key}', which came into force only later")).FirstOrDefault();

    void Refuse(Verdict verdict, Layer layer, long? index, string detail) =>
        refused ??= new VerifyReport { Verdict = verdict, FoundBy = layer, FirstIndex = index, Detail = detail, Ledger = "", Entries = 0, HeadHash = "", MacsChecked = false };

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What is kept of a checkpoint. Signer: the log's key that signed it, as far as is known; KeyId and Note: of one under a key that is not known yet, or under several.</summary>
    sealed record Held(string Source, Layer Layer, long Size, Digest Root, Digest? Chain, VerifierKey? Signer, uint KeyId, UInt128 Witnesses, byte[]? Note)
    {
        /// <summary>Whether what it says counts against entries that say otherwise.</summary>
        public bool IsBelieved(TrustPolicy? policy) => policy is null || Signer is not null || Witnesses > 0 || Layer == Layer.Archive;

        public bool SaysTheSameAs(Held other) => this with { Source = "", Note = null } == other with { Source = "", Note = null };
    }
}
