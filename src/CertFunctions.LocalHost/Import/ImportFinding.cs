using System.Security.Cryptography.X509Certificates;

namespace CertFunctions.LocalHost.Import;

/// <summary>One thing found where certificates were looked for.</summary>
abstract record ImportFinding(string Source)
{
    /// <summary>A certificate. The receiver disposes it.</summary>
    public sealed record Found(string Source, X509Certificate2 Certificate) : ImportFinding(Source);

    /// <summary>A certificate that an inventory tells of; the certificate itself is not at hand.</summary>
    public sealed record Listed(string Source, ListedCertificate Certificate) : ImportFinding(Source);

    /// <summary>Something that could not be taken, and why.</summary>
    public sealed record Unusable(string Source, string Reason) : ImportFinding(Source);
}

/// <summary>What an inventory says of a certificate. Fingerprint in lower-case hex without colons; what it does not say is null.</summary>
sealed record ListedCertificate
{
    /// <summary>The certificate's id as a subject; its fingerprint, where the inventory has no id of its own for it.</summary>
    public required string Id { get; init; }

    public required string Fingerprint { get; init; }

    public required DateTimeOffset NotBefore { get; init; }

    public required DateTimeOffset NotAfter { get; init; }

    public string? Subject { get; init; }

    public string? Issuer { get; init; }

    public string? SerialNumber { get; init; }

    public IReadOnlyList<string> Names { get; init; } = [];
}
