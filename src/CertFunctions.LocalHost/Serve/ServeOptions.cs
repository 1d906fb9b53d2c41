using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Witness;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Data;
using CertFunctions.Sqlite;

namespace CertFunctions.LocalHost.Serve;

/// <summary>How a local service runs.</summary>
sealed record ServeOptions
{
    /// <summary>The port of the Functions Core Tools, so that clients need not care which host they talk to.</summary>
    public const string DefaultUrl = "http://127.0.0.1:7071";

    public required DataFolder Data { get; init; }

    /// <summary>Where to listen. Port 0 takes a free one.</summary>
    public string Url { get; init; } = DefaultUrl;

    /// <summary>The org the local API key belongs to.</summary>
    public OrgId Org { get; init; } = OrgId.Parse("local");

    /// <summary>What the log is called in its checkpoints; null for the name made at the first start.</summary>
    public string? LogName { get; init; }

    /// <summary>How often to publish a checkpoint; a minute at most.</summary>
    public TimeSpan PublishEvery { get; init; } = PublishCheckpoints.Longest;

    /// <summary>The Cosmos DB account to keep the record in; null keeps it in the data folder.</summary>
    public CosmosSettings? Cosmos { get; init; }

    public SqliteDurability Durability { get; init; } = SqliteDurability.Full;

    /// <summary>Most bytes of the database; 0 for as much as the disk holds.</summary>
    public long MaxBytes { get; init; }

    /// <summary>The time in which an event must be in the ledger: what receipts promise.</summary>
    public MergeDelay MergeDelay { get; init; } = MergeDelay.Default;

    /// <summary>From one check of the whole ledger to the next.</summary>
    public TimeSpan CheckEvery { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Who is asked to cosign each checkpoint.</summary>
    public IReadOnlyList<WitnessTarget> Witnesses { get; init; } = [];

    /// <summary>Whether the log goes to the console.</summary>
    public bool Quiet { get; init; }

    /// <summary>When to say that certificates end.</summary>
    public ExpiryPolicies Expiry { get; init; } = ExpiryPolicies.Default;

    /// <summary>From one sweep to the next; zero for no sweeps.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromHours(1);

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>
    /// Refuses what Kestrel would take for something else: it reads a host it does not know as "every address", a port that is no number as part
    /// of the host, and nothing at all as its own default.
    /// </summary>
    public void CheckUrl() => CheckUrl(Url);

    /// <summary>The same for any address to listen on.</summary>
    public static void CheckUrl(string urls)
    {
        foreach (var url in urls.Split(';'))
        {
            var good = Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri is { Scheme: "http", PathAndQuery: "/", UserInfo: "", Fragment: "" }
                && (uri.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || uri.Host == "localhost");
            if (!good)
                throw new MendableException($"Cannot listen on '{url}': write http://, an IP address or localhost, and a port, such as {DefaultUrl}, with --urls.");
        }
    }
}
