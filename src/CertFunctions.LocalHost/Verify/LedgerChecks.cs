using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Verify;

/// <summary>
/// What each ledger of a source is held against: the policy, the checkpoints and the archive that were named, and the source's own newest checkpoint,
/// which is believed only as far as the policy's key goes.
/// </summary>
sealed class LedgerChecks(VerifySetup setup, DataFolder? folder)
{
    readonly Dictionary<OrgId, (CheckpointChecks Checks, VerifyReport? Archived)> ledgers = [];
    readonly Dictionary<OrgId, SeenCheckpoint> published = [];
    readonly IArchive? own = folder is not null && Directory.Exists(folder.Archive) ? new FolderArchive(folder.Archive) : null;

    /// <summary>The sizes whose roots are needed; null where there is nothing to hold them against.</summary>
    public IReadOnlyList<long>? RootsAt(OrgId ledger) => Of(ledger).Checks is { Any: true } checks ? checks.Sizes : null;

    /// <summary>Where to go on from, with the tree's subtrees where an archive has them.</summary>
    public VerifiedBefore? Since(OrgId ledger) => setup.Since is not { } since ? null : Before(new LedgerHead(ledger, since.Size, since.Hash), since.Root);

    /// <summary>The same for a ledger whose first entries were pruned; its root there nobody signed, so the next checkpoint's must come out right.</summary>
    public VerifiedBefore? Pruned(LedgerHead head) => Before(head, null) is { Subtrees: not null } before ? before : null;

    /// <summary>Takes the newest checkpoint that a ledger's source gives of it, before anything else is asked of this ledger.</summary>
    public void Publishes(OrgId ledger, SeenCheckpoint newest) => published[ledger] = newest;

    /// <summary>The reports with what checkpoints and archive say. <paramref name="leafHashes"/> gives a ledger's leaf hashes, to find where histories part.</summary>
    public IReadOnlyList<VerifyReport> Apply(IReadOnlyList<VerifyReport> reports, Func<OrgId, IEnumerable<Digest>>? leafHashes)
    {
        if (setup.Policy is { Ledger: null } && reports.Count > 1)
            throw new MendableException("There are several ledgers, and the policy does not say which it is for: give it the member 'ledger'.", exitCode: ExitCode.Usage);
        // A ledger that is gone with all that names it has no report of its own.
        if (setup.Policy is { } policy && (reports.Count == 0 || (policy.Ledger is { } named && reports.All(r => r.Ledger != named.Value))))
            reports = [.. reports, Gone(policy)];
        return [.. reports.Select(r => Apply(r, leafHashes))];
    }

    VerifyReport Apply(VerifyReport report, Func<OrgId, IEnumerable<Digest>>? leafHashes)
    {
        if (!OrgId.TryParse(report.Ledger, out var ledger))
            return report.Ledger.Length == 0 && setup.Policy is not null && report.Verdict == Verdict.Valid ? setup.ChecksFor(default).Apply(report) : report;
        var (checks, archived) = Of(ledger);
        // What came before where verification began, an archive that is whole in itself has.
        if (setup.Since is { } since && archived is { Verdict: Verdict.Valid or Verdict.Pruned })
            report = report with { Rotations = [.. archived.Rotations.Where(r => r.Index < since.Size), .. report.Rotations.Where(r => r.Index >= since.Size)] };
        var applied = checks.Apply(report, checks.Any && report.RootHash is null ? "the tree is not known where verification began: name the archive" : null);
        if (archived is { Verdict: not (Verdict.Valid or Verdict.Pruned) } fault && applied.Verdict is Verdict.Valid or Verdict.Pruned)
            return applied with { Verdict = fault.Verdict, FoundBy = Layer.Archive, FirstIndex = fault.FirstIndex, Detail = $"the archive: {fault.Detail}", Guarantees = applied.Guarantees & ~Guarantees.Archived };
        return applied.Verdict == Verdict.Forked && setup.Archive is { } archive && leafHashes is not null ? FindFork(applied, archive, ledger, leafHashes(ledger)) : applied;
    }

    (CheckpointChecks Checks, VerifyReport? Archived) Of(OrgId ledger)
    {
        if (ledgers.TryGetValue(ledger, out var known))
            return known;
        var checks = setup.ChecksFor(ledger);
        if (published.TryGetValue(ledger, out var newest))
            checks.Add(newest);
        VerifyReport? archived = null;
        try
        {
            if (setup.Archive is { } archive)
            {
                // The archive by itself first: that its tiles are its leaves' is what lets them say where a fork begins.
                var verify = new VerifyArchive(archive, null);
                archived = verify.RunAsync(ledger).GetAwaiter().GetResult();
                _ = verify.AddCheckpointsAsync(ledger, checks, CancellationToken.None).GetAwaiter().GetResult();
            }

            // What a witness signed proves itself, wherever it lies.
            if (own is not null)
                checks.AddCosignedAsync(own, ledger, CancellationToken.None).GetAwaiter().GetResult();
            if (own is not null && ArchivedCheckpoints.LatestAsync(own, ledger, CancellationToken.None).GetAwaiter().GetResult() is { } latest)
                checks.Add(new SeenCheckpoint("the data folder's newest checkpoint", Layer.Signature, latest.Note, latest.Checkpoint));
        }
        catch (ArchiveDamagedException)
        {
            // The folder's own archive is no one's witness: what is wrong with it is told when it is verified.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MendableException($"The archive cannot be read: {e.Message}", e);
        }

        return ledgers[ledger] = (checks, archived);
    }

    VerifiedBefore Before(LedgerHead head, Digest? root)
    {
        if ((setup.Archive ?? own) is not { } archive || head.Size == 0)
            return head.Size == 0 ? VerifiedBefore.Nothing(head.Ledger) : new VerifiedBefore(head, null);
        try
        {
            var largest = ArchivedCheckpoints.LatestAsync(archive, head.Ledger, CancellationToken.None).GetAwaiter().GetResult()?.Checkpoint.Size ?? 0;
            return largest < head.Size ? new VerifiedBefore(head, null)
                : VerifiedBefore.LoadAsync(head, root, new ArchiveTiles(archive, head.Ledger, largest), CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (ArchiveDamagedException)
        {
            return new VerifiedBefore(head, null);
        }
    }

    /// <summary>The first leaf that the archive has otherwise: an event that was altered, put in or left out after it was archived.</summary>
    static VerifyReport FindFork(VerifyReport report, IArchive archive, OrgId ledger, IEnumerable<Digest> leafHashes)
    {
        var size = ArchivedCheckpoints.LatestAsync(archive, ledger, CancellationToken.None).GetAwaiter().GetResult()?.Checkpoint.Size ?? 0;
        var tiles = new ArchiveTiles(archive, ledger, size);
        long index = 0;
        ReadOnlyMemory<byte>? tile = null;
        foreach (var hash in leafHashes)
        {
            if (!TileId.TryFind(0, index / TileId.FullWidth, size, out var id) || index >= size)
                break;
            if (index % TileId.FullWidth == 0)
                tile = tiles.ReadAsync(id, CancellationToken.None).GetAwaiter().GetResult();
            var at = (int)(index % TileId.FullWidth) * Digest.Length;
            if (tile is not { } hashes || hashes.Length < at + Digest.Length)
                break;
            if (!hashes.Span.Slice(at, Digest.Length).SequenceEqual(hash.AsSpan()))
                return report with { FirstIndex = index, FoundBy = Layer.Archive, Detail = FormattableString.Invariant($"the archive holds another event as entry {index}") };
            index++;
        }

        return report;
    }

    static VerifyReport Gone(TrustPolicy policy) => new()
    {
        Verdict = Verdict.Valid,
        Ledger = policy.Ledger?.Value ?? "",
        Entries = 0,
        HeadHash = "",
        RootHash = TreeHash.Empty.ToString(),
        Roots = [new SizeAndRoot(0, TreeHash.Empty)],
        MacsChecked = false,
    };
}

/// <summary>The leaf hashes of a file of ledger lines, up to the first line that is none.</summary>
static class LineLeaves
{
    public static IEnumerable<Digest> Of(string path)
    {
        foreach (var text in File.ReadLines(path))
        {
            if (!LedgerLine.TryRead(System.Text.Encoding.UTF8.GetBytes(text), out var line))
                yield break;
            yield return LedgerHash.Leaf(line.ToRow().Leaf);
        }
    }
}
