using CertFunctions.Core.Events;
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

    /// <summary>The Cosmos DB account to keep the record in; null keeps it in the data folder.</summary>
    public CosmosSettings? Cosmos { get; init; }

    public SqliteDurability Durability { get; init; } = SqliteDurability.Full;

    /// <summary>Most bytes of the database; 0 for as much as the disk holds.</summary>
    public long MaxBytes { get; init; }

    /// <summary>Whether the log goes to the console.</summary>
    public bool Quiet { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
