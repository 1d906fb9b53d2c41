namespace CertFunctions.Emulation;

/// <summary>How an emulator starts.</summary>
public sealed record CosmosEmulatorOptions
{
    /// <summary>The account key of Microsoft's own emulator, which is public.</summary>
    public const string WellKnownKey = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";

    /// <summary>The loopback port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Into how many physical partitions each new container is cut: 1 to 64.</summary>
    public int Partitions { get; init; } = 1;

    /// <summary>
    /// A file the content is loaded from at start, if it is there, and saved to at a clean stop. Beside it a journal
    /// keeps every write since, so that a killed process loses nothing it answered. Null keeps everything in memory only.
    /// </summary>
    public string? SnapshotFile { get; init; }

    /// <summary>Request units per second and container above which requests get 429; null for no limit.</summary>
    public double? RequestUnitsPerSecond { get; init; }

    /// <summary>The account key: 64 bytes as base64.</summary>
    public string Key { get; init; } = WellKnownKey;

    /// <summary>The clock of <c>_ts</c> and of expiry.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
