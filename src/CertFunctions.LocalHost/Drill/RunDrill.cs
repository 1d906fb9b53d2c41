using CertFunctions.Core.Events;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Verify;

namespace CertFunctions.LocalHost.Drill;

/// <summary>What verification made of one mutation in one way of verifying, and whether that was what it should.</summary>
sealed record DrillCell(string Relying, Finding Found, Finding Expected)
{
    public bool AsExpected => Found == Expected;

    /// <summary>Whether what was done went unseen.</summary>
    public bool Missed => Found.Verdict is Verdict.Valid or null;
}

/// <summary>A mutation with its cells: alone, pinned, archived, witnessed.</summary>
sealed record DrillResult(Mutation Mutation, IReadOnlyList<DrillCell> Cells)
{
    public bool AsExpected => Cells.All(c => c.AsExpected);

    /// <summary>The best that any way of verifying made of it: the first index and the layer are told from this one.</summary>
    public DrillCell Best => Cells.FirstOrDefault(c => c is { Missed: false, Found.Layer: Layer.Archive or Layer.Witness }) ?? Cells.FirstOrDefault(c => !c.Missed) ?? Cells[0];
}

/// <summary>
/// <c>certfn drill</c>: does to copies of a ledger all that an attacker could, and has the real verifier look at each copy four times. Good only if every
/// verdict, index and layer is the one it should be.
/// </summary>
static class RunDrill
{
    public static async Task<IReadOnlyList<DrillResult>> RunAsync(DataFolder from, OrgId ledger, int entries, TimeProvider clock, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        using var ground = await DrillGround.PrepareAsync(from, ledger, entries, clock, cancellationToken).ConfigureAwait(false);
        var all = new Mutations(ground, cancellationToken).All().ToList();
        var results = new List<DrillResult>();
        foreach (var mutation in all)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke(results.Count, all.Count);
            var (folder, archive) = ground.Copy();
            await mutation.Apply(folder, archive).ConfigureAwait(false);
            results.Add(new DrillResult(mutation,
            [
                new DrillCell("alone", Verify(ground, mutation, folder, VerifySetup.Nothing), mutation.Alone),
                new DrillCell("pinned", Verify(ground, mutation, folder, ground.Pinned), mutation.Pinned),
                new DrillCell("archive", Verify(ground, mutation, folder, ground.WithArchive(archive)), mutation.Archived),
                new DrillCell("witness", Verify(ground, mutation, folder, ground.WithWitness), mutation.Witnessed),
            ]));
        }

        return results;
    }

    static Finding Verify(DrillGround ground, Mutation mutation, DataFolder folder, VerifySetup setup)
    {
        if (mutation.LosesLogKey && setup.Policy is { } policy)
            setup = setup with { Policy = ground.OfAnotherKey with { Witnesses = policy.Witnesses, Quorum = policy.Quorum } };
        var reports = VerifySources.Folder(folder, setup, CancellationToken.None, watched: false);
        return reports.Count == 0 ? new Finding(null) : new Finding(reports[0].Verdict, reports[0].FirstIndex, reports[0].FoundBy);
    }
}
