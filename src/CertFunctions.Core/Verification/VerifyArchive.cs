using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;

namespace CertFunctions.Core.Verification;

/// <summary>
/// Verifies a ledger's archive by itself: the leaves of the entry bundles give the hashes of the tiles, these the tiles above them, all of them the roots of
/// the checkpoints. Only what is under a checkpoint is looked at: tiles beyond the newest may be those of a publisher at work. Stretches are checked side
/// by side, in constant memory but for what is kept of each checkpoint.
/// </summary>
public sealed class VerifyArchive(IArchive archive, TrustPolicy? policy)
{
    /// <summary>Leaves that one thread checks at a time: a multiple of a bundle's, and a power of two.</summary>
    const int StretchLeaves = 16_384;

    /// <summary>Threads that check at once.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The ledgers that the archive holds something of.</summary>
    public async Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken)
    {
        var ledgers = new List<OrgId>();
        foreach (var child in await archive.ListAsync("", null, int.MaxValue, cancellationToken).ConfigureAwait(false))
        {
            if (child.EndsWith('/') && OrgId.TryParse(child[..^1], out var org))
                ledgers.Add(org);
        }

        return ledgers;
    }

    /// <summary>Adds every checkpoint of the ledger, and the newest that each of the policy's witnesses cosigned, to what a ledger is held against.</summary>
    /// <returns>What is wrong with the archive's checkpoints themselves; null where nothing is.</returns>
    public async Task<string?> AddCheckpointsAsync(OrgId org, CheckpointChecks checks, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var name in ArchivedCheckpoints.ListAsync(archive, org, cancellationToken).ConfigureAwait(false))
            {
                var found = await ArchivedCheckpoints.ReadAsync(archive, org, name, cancellationToken).ConfigureAwait(false);
                checks.Add(new SeenCheckpoint($"the archive's {name}", Layer.Archive, found.Note, found.Checkpoint));
            }

            await checks.AddCosignedAsync(archive, org, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (ArchiveDamagedException e)
        {
            return e.Message;
        }
    }

    /// <summary>Verifies all that is archived of a ledger, up to its largest checkpoint.</summary>
    /// <param name="org">Whose ledger.</param>
    /// <param name="seenElsewhere">Checkpoints from other places that the archive must agree with.</param>
    /// <param name="progress">Hears leaves done and leaves there are.</param>
    /// <param name="cancellationToken">Stops between two bundles.</param>
    public async Task<VerifyReport> RunAsync(OrgId org, IEnumerable<SeenCheckpoint>? seenElsewhere = null, Action<long, long>? progress = null, CancellationToken cancellationToken = default)
    {
        var checks = new CheckpointChecks(policy);
        var damage = await AddCheckpointsAsync(org, checks, cancellationToken).ConfigureAwait(false);
        var largest = await LargestAsync(org, cancellationToken).ConfigureAwait(false);
        var size = largest ?? 0;
        foreach (var seen in seenElsewhere ?? [])
            checks.Add(seen);
        if (damage is not null)
            return Report(org, new Walk(0), size, Verdict.Tampered, null, damage);
        if (largest is null)
            return Report(org, new Walk(0), 0, Verdict.Incomplete, null, "there is no checkpoint in it");
        var sizes = checks.Sizes;
        var walk = await Task.Run(() => Run(org, size, sizes, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        var report = walk.Fault is { } fault ? Report(org, walk, fault.Index, fault.Verdict, fault.Index, fault.Detail)
            : walk.Pruned > 0 ? Report(org, walk, size, Verdict.Pruned, walk.Pruned, $"the entries before {walk.Pruned.ToString(CultureInfo.InvariantCulture)} were removed; their hashes are there, and the checkpoints commit to them")
            : Report(org, walk, size, Verdict.Valid, null, null);
        // What is not whole in itself is held against nothing.
        if (walk.Fault is null)
            report = checks.Apply(report);
        return report with { NotChecked = [.. report.NotChecked, new Unchecked("chain and MACs", "an archive holds leaves and their tree alone")] };
    }

    async Task<long?> LargestAsync(OrgId org, CancellationToken cancellationToken)
    {
        try
        {
            return (await ArchivedCheckpoints.LatestAsync(archive, org, cancellationToken).ConfigureAwait(false))?.Checkpoint.Size;
        }
        catch (ArchiveDamagedException)
        {
            return null;
        }
    }

    static VerifyReport Report(OrgId org, Walk walk, long size, Verdict verdict, long? index, string? detail) => new()
    {
        Verdict = verdict,
        Ledger = org.Value,
        Entries = walk.Leaves,
        FirstIndex = index,
        Detail = detail,
        FoundBy = verdict == Verdict.Valid ? Layer.None : Layer.Archive,
        HeadHash = "",
        Size = size,
        RootHash = walk.Tree.Root().ToString(),
        Roots = walk.Tree.Roots,
        Rotations = walk.Rotations.All,
        MacsChecked = false,
    };

    Walk Run(OrgId org, long size, IReadOnlyList<long> wanted, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var whole = new Walk(0) { Tree = new LeafTree(wanted.Where(s => s == 0)) };
        var levels = new ArchiveJoin(archive, org, size, whole);
        var joined = new OrderedJoin<Walk>(levels.Join, stretch => progress?.Invoke(Math.Min(size, stretch.Start + stretch.Tree.Size), size));
        var stretches = (size + StretchLeaves - 1) / StretchLeaves;
        long taken = -1;
        Spread.Run(
            () =>
            {
                for (long n; (n = Interlocked.Increment(ref taken)) < stretches && joined.IsWhole;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var stretch = new Walk(n * StretchLeaves) { Tree = new LeafTree(wanted, n * StretchLeaves) };
                    new ArchiveStretch(archive, org, stretch).Read(Math.Min(size, (n + 1) * StretchLeaves));
                    joined.Add(n, stretch);
                }
            },
            (int)Math.Clamp(stretches, 1, Threads));
        if (whole.Fault is null)
            levels.CheckEdge();
        return whole;
    }
}

/// <summary>What was found out about some leaves of an archive.</summary>
sealed class Walk(long start)
{
    public long Start => start;

    public LeafTree Tree { get; init; } = new();

    /// <summary>The roots of the full tiles of level 0, in order.</summary>
    public List<Digest> TileRoots { get; } = [];

    /// <summary>Leaves that are there and right.</summary>
    public long Leaves { get; set; }

    /// <summary>The index of the first leaf that is there, where none before it are; else 0.</summary>
    public long Pruned { get; set; }

    /// <summary>Those of the leaves that tell of rotated keys.</summary>
    public RotationLeaves Rotations { get; } = new();

    public (Verdict Verdict, long Index, string Detail)? Fault { get; set; }
}
