using CertFunctions.Core.Notes;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Serve;

/// <summary>How a witness runs.</summary>
sealed record WitnessOptions
{
    /// <summary>Beside the service's own port.</summary>
    public const string DefaultUrl = "http://127.0.0.1:7072";

    /// <summary>A folder of the witness's own: the key it cosigns with and what it cosigned.</summary>
    public required DataFolder Data { get; init; }

    public string Url { get; init; } = DefaultUrl;

    /// <summary>The name it cosigns under; null for the one it had, or one made for the folder.</summary>
    public string? Name { get; init; }

    /// <summary>The keys of the logs it cosigns, each under its log's origin.</summary>
    public required IReadOnlyList<VerifierKey> Logs { get; init; }

    /// <summary>Whether the log goes to the console.</summary>
    public bool Quiet { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
