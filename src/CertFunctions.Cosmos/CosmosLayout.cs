using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The containers, each with its partition key, index policy, unique keys and expiry: the one source that provisioning creates them from, that a start
/// checks them against, and that the infrastructure's templates are held to.
/// </summary>
public static class CosmosLayout
{
    /// <summary>Events and subjects' heads, by (org, project, subject): a subject is one logical partition, so one transaction.</summary>
    public const string Events = "events";

    /// <summary>Ledger entries and heads, by (org, segment): a segment is one logical partition, so no partition grows for ever.</summary>
    public const string Ledger = "ledger";

    /// <summary>What the service remembers of itself, by kind: readers' positions, the ledgers there are, leases, quarantined documents.</summary>
    public const string State = "state";

    /// <summary>The change feed processor's and the triggers' leases.</summary>
    public const string Leases = "leases";

    public static IReadOnlyList<ContainerProperties> Containers =>
    [
        // Queried: seq (timelines), type and at (their filters); of certificates' heads alone, due (sweeps), not_after and cert (lists, and their order), status, issuer
        // and names (their filters; who covers whom). Everything else is paid for by nobody.
        Define(Events, ["/org", "/project", "/subject"], ["/seq/?", "/type/?", "/at/?", "/due/?", "/not_after/?", "/cert/?", "/status/?", "/issuer/?", "/names/[]/?"], ordered: ["/not_after", "/cert"]),
        // Queried: index (reading on), event (is it chained?). An event is chained once in a segment by the unique key, and once in a ledger by the store.
        Define(Ledger, ["/org", "/segment"], ["/index/?", "/event/?"], uniqueKey: "/event"),
        Define(State, ["/kind"], []),
        new ContainerProperties(Leases, "/id") { DefaultTimeToLive = -1 },
    ];

    static ContainerProperties Define(string id, IReadOnlyList<string> partitionKey, string[] indexed, string? uniqueKey = null, string[]? ordered = null)
    {
        var policy = new IndexingPolicy { IndexingMode = IndexingMode.Consistent, Automatic = true };
        foreach (var path in indexed)
            policy.IncludedPaths.Add(new IncludedPath { Path = path });
        policy.ExcludedPaths.Add(new ExcludedPath { Path = "/*" });
        if (ordered is not null)
            policy.CompositeIndexes.Add([.. ordered.Select(path => new CompositePath { Path = path, Order = CompositePathSortOrder.Ascending })]);
        var container = partitionKey.Count == 1 ? new ContainerProperties(id, partitionKey[0]) : new ContainerProperties(id, partitionKey);
        container.IndexingPolicy = policy;
        if (uniqueKey is not null)
            container.UniqueKeyPolicy = new UniqueKeyPolicy { UniqueKeys = { new UniqueKey { Paths = { uniqueKey } } } };
        return container;
    }

    /// <summary>What differs between a container as it is and as it must be, as a sentence; null where nothing that matters does.</summary>
    internal static string? Difference(ContainerProperties actual, ContainerProperties wanted)
    {
        if (!actual.PartitionKeyPaths.SequenceEqual(wanted.PartitionKeyPaths))
            return $"its partition key is {string.Join(", ", actual.PartitionKeyPaths)} and must be {string.Join(", ", wanted.PartitionKeyPaths)}: partition keys cannot be changed, so name another database, or delete the container and provision again";
        if (!UniqueKeys(actual).SetEquals(UniqueKeys(wanted)))
            return $"its unique keys are not [{string.Join(", ", UniqueKeys(wanted))}]: unique keys cannot be changed, so name another database, or delete the container and provision again";
        if (wanted.Id == Leases)
            return actual.DefaultTimeToLive is null ? "it lets nothing expire (time to live is off): run 'certfn provision'" : null;
        var missing = Paths(wanted.IndexingPolicy).Where(path => !IsIndexed(actual.IndexingPolicy, path)).ToList();
        if (missing.Count > 0)
            return $"its index policy leaves out {string.Join(", ", missing)}: run 'certfn provision'";
        if (wanted.IndexingPolicy.CompositeIndexes.FirstOrDefault(o => !actual.IndexingPolicy.CompositeIndexes.Any(a => Composite(a) == Composite(o))) is { } order)
            return $"its index policy has no composite index on {Composite(order)}: run 'certfn provision'";
        if (actual.DefaultTimeToLive > 0)
            return $"its documents expire after {actual.DefaultTimeToLive} seconds, and history must not: run 'certfn provision'";
        return null;
    }

    static string Composite(IEnumerable<CompositePath> index) => string.Join(", ", index.Select(p => p.Order == CompositePathSortOrder.Ascending ? p.Path : $"{p.Path} descending"));

    static IEnumerable<string> Paths(IndexingPolicy policy) => policy.IncludedPaths.Select(p => p.Path);

    /// <summary>The more precise path wins: one that is named counts, in or out, whatever the wildcard says.</summary>
    static bool IsIndexed(IndexingPolicy policy, string path) =>
        policy.IndexingMode == IndexingMode.Consistent && (Paths(policy).Contains(path) || (Paths(policy).Contains("/*") && policy.ExcludedPaths.All(p => p.Path != path)));

    static HashSet<string> UniqueKeys(ContainerProperties container) => [.. container.UniqueKeyPolicy?.UniqueKeys.Select(k => string.Join('+', k.Paths)) ?? []];
}
