using CertFunctions.Core.Expiry;

namespace CertFunctions.Sqlite;

/// <summary>How the embedded store is kept.</summary>
public sealed record SqliteOptions
{
    /// <summary>The database file. Its folder must exist.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// <c>Full</c> (the default): an acknowledged event survives the loss of power. <c>Normal</c>: it survives the death of the process, and a
    /// loss of power may take the last moments with it; faster where a flush to disk is slow.
    /// </summary>
    public SqliteDurability Durability { get; init; } = SqliteDurability.Full;

    /// <summary>Most bytes the database may take; appends past it are refused as "full", reads go on. 0: as much as the disk holds.</summary>
    public long MaxBytes { get; init; }

    /// <summary>What leases are timed by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Events that may wait for the writer; more are answered "busy". 1 to 1 000 000.</summary>
    public int QueueEvents { get; init; } = 50_000;

    /// <summary>Bytes that may wait for the writer; more are answered "busy".</summary>
    public long QueueBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>By which certificates' due times are computed as their events come; <see cref="ReplanExpiry"/> sees to those that were computed by others.</summary>
    public ExpiryPolicies Policies { get; init; } = ExpiryPolicies.Default;
}

public enum SqliteDurability
{
    Full,
    Normal,
}
