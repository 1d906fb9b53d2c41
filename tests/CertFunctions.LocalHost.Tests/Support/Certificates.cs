using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>Certificates made for a test. Keys are P-256: making them takes no time.</summary>
static class Certificates
{
    public static X509Certificate2 Make(string name, DateTimeOffset? notBefore = null, DateTimeOffset? notAfter = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, O=Test Works", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName($"{name}.example");
        names.AddIpAddress(System.Net.IPAddress.Parse("192.0.2.7"));
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(notBefore ?? new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), notAfter ?? new DateTimeOffset(2034, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    public static string Fingerprint(this X509Certificate2 certificate) => Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));

    /// <summary>A folder of new certificates, one PEM file each.</summary>
    public static IReadOnlyList<X509Certificate2> Fill(string folder, int count)
    {
        Directory.CreateDirectory(folder);
        var certificates = Enumerable.Range(1, count).Select(i => Make($"c{i}")).ToList();
        foreach (var (certificate, i) in certificates.Select((c, i) => (c, i)))
            File.WriteAllText(Path.Combine(folder, $"c{i}.pem"), certificate.ExportCertificatePem());
        return certificates;
    }
}
