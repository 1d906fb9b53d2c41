using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.LocalHost.Import;

/// <summary>
/// A certificate as the <c>cert.issued</c> event it stands for. Everything in it, the id included, follows from the certificate, so importing it
/// twice, from anywhere, is one event.
/// </summary>
static class IssuedEvent
{
    /// <summary>SHA-256 over the DER, 64 lower-case hex digits: the certificate's id as a subject.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));

    /// <summary>The event as one line of NDJSON. Throws <see cref="CryptographicException"/> for a certificate whose fields cannot be read.</summary>
    public static void Write(X509Certificate2 certificate, IBufferWriter<byte> output)
    {
        var fingerprint = Fingerprint(certificate);
        var notBefore = Rfc3339.Format(certificate.NotBefore.ToUniversalTime());
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, $"import-{fingerprint}");
            json.WriteString("type"u8, "cert.issued"u8);
            json.WriteStartObject("subject"u8);
            json.WriteString("kind"u8, Subject.Certificate);
            json.WriteString("id"u8, fingerprint);
            json.WriteEndObject();
            json.WriteString("occurred_at"u8, notBefore);
            json.WriteStartObject("actor"u8);
            json.WriteString("type"u8, "service_account"u8);
            json.WriteString("id"u8, "certfn-import"u8);
            json.WriteEndObject();
            json.WriteStartObject("data"u8);
            json.WriteString("fingerprint"u8, fingerprint);
            json.WriteString("not_before"u8, notBefore);
            json.WriteString("not_after"u8, Rfc3339.Format(certificate.NotAfter.ToUniversalTime()));
            WriteName(json, "subject", certificate.Subject);
            WriteName(json, "issuer", certificate.Issuer);
            json.WriteString("serial_number"u8, certificate.SerialNumber);
            WriteNames(json, certificate);
            json.WriteString("key_algorithm"u8, KeyAlgorithm(certificate));
            json.WriteString("signature_algorithm"u8, certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>An empty name is a name too (RFC 5280, 4.1.2.6), but not a text worth recording.</summary>
    static void WriteName(Utf8JsonWriter json, string member, string name)
    {
        if (name.Length > 0)
            json.WriteString(member, name.Length <= 4096 ? name : name[..4096]);
    }

    static void WriteNames(Utf8JsonWriter json, X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))
            .Where(n => n.Length > 0).Take(1000).ToList();
        if (names.Count == 0)
            return;
        json.WriteStartArray("subject_alt_names"u8);
        foreach (var name in names)
            json.WriteStringValue(name);
        json.WriteEndArray();
    }

    static string KeyAlgorithm(X509Certificate2 certificate)
    {
        using var rsa = certificate.GetRSAPublicKey();
        if (rsa is not null)
            return $"RSA {rsa.KeySize}";
        try
        {
            using var ecdsa = certificate.GetECDsaPublicKey();
            if (ecdsa is not null)
                return $"EC {ecdsa.ExportParameters(false).Curve.Oid.FriendlyName ?? ecdsa.KeySize.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
        }
        catch (CryptographicException)
        {
            // A curve this platform cannot load is still a key worth recording, by its algorithm.
        }

        return certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "unknown";
    }
}
