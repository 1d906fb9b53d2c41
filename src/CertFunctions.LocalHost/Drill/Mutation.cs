using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Drill;

/// <summary>What verification should say: nothing at all where there is no ledger any more.</summary>
sealed record Finding(Verdict? Verdict, long? Index = null, Layer Layer = Layer.None)
{
    public static Finding Valid { get; } = new(Core.Verification.Verdict.Valid);
}

/// <summary>One thing an attacker does to a copy, and what each way of verifying should make of it.</summary>
/// <param name="What">What is done.</param>
/// <param name="Holds">What whoever does it must hold.</param>
/// <param name="Apply">Does it, to the data folder and the archive apart from it.</param>
/// <param name="Alone">The verdict without any policy.</param>
/// <param name="Pinned">With the policy: the log's key, a minimum size, an earlier checkpoint.</param>
/// <param name="Archived">With the archive besides.</param>
/// <param name="Witnessed">With the policy and the witness's checkpoint.</param>
sealed record Mutation(string What, string Holds, Func<DataFolder, string, Task> Apply, Finding Alone, Finding Pinned, Finding Archived, Finding Witnessed)
{
    /// <summary>Whether the policy used is one that pins another log key.</summary>
    public bool LosesLogKey { get; init; }
}
