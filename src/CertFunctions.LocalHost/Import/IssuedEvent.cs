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
    const int LongestText = 4096, MostNames = 1000;

    /// <summary>SHA-256 over the DER, 64 lower-case hex digits: the certificate's id as a subject.</summary>
    public static string Fingerprint(X509Certificate2 certificate) => Convert.ToHexStringLower(certificate.GetCertHash(HashAlgorithmName.SHA256));

    /// <summary>The id of the event that says that the certificate was issued.</summary>
    public static string Id(string fingerprint) => $"import-{fingerprint}";

    /// <summary>The event as one line of NDJSON. Throws <see cref="CryptographicException"/> for a certificate whose fields cannot be read.</summary>
    public static void Write(X509Certificate2 certificate, DateTimeOffset now, IBufferWriter<byte> output)
    {
        var fingerprint = Fingerprint(certificate);
        var seen = new ListedCertificate
        {
            Id = fingerprint,
            Fingerprint = fingerprint,
            NotBefore = certificate.NotBefore.ToUniversalTime(),
            NotAfter = certificate.NotAfter.ToUniversalTime(),
            Subject = certificate.Subject,
            Issuer = certificate.Issuer,
            SerialNumber = certificate.SerialNumber,
            Names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))],
        };
        Write(seen, now, output, (KeyAlgorithm(certificate), certificate.SignatureAlgorithm.FriendlyName ?? certificate.SignatureAlgorithm.Value));
    }

    /// <summary>The event for a certificate of which only an inventory is at hand.</summary>
    public static void Write(ListedCertificate certificate, DateTimeOffset now, IBufferWriter<byte> output) => Write(certificate, now, output, null);

    static void Write(ListedCertificate certificate, DateTimeOffset now, IBufferWriter<byte> output, (string Key, string? Signature)? algorithms)
    {
        var notBefore = Rfc3339.Format(certificate.NotBefore);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, Id(certificate.Fingerprint));
            json.WriteString("type"u8, "cert.issued"u8);
            json.WriteStartObject("subject"u8);
            json.WriteString("kind"u8, Subject.Certificate);
            json.WriteString("id"u8, certificate.Id);
            json.WriteEndObject();
            // One that is not valid yet was issued before it will be; nothing in it says when, and no event may have occurred so far ahead.
            if (certificate.NotBefore <= now + EventParser.MaxClockAhead)
                json.WriteString("occurred_at"u8, notBefore);
            json.WriteStartObject("actor"u8);
            json.WriteString("type"u8, "service_account"u8);
            json.WriteString("id"u8, "certfn-import"u8);
            json.WriteEndObject();
            json.WriteStartObject("data"u8);
            json.WriteString("fingerprint"u8, certificate.Fingerprint);
            json.WriteString("not_before"u8, notBefore);
            json.WriteString("not_after"u8, Rfc3339.Format(certificate.NotAfter));
            WriteText(json, "subject", certificate.Subject);
            WriteText(json, "issuer", certificate.Issuer);
            WriteText(json, "serial_number", certificate.SerialNumber);
            WriteNames(json, certificate.Names);
            WriteText(json, "key_algorithm", algorithms?.Key);
            WriteText(json, "signature_algorithm", algorithms?.Signature);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    /// <summary>An empty name is a name too (RFC 5280, 4.1.2.6), but not a text worth recording.</summary>
    static void WriteText(Utf8JsonWriter json, string member, string? text)
    {
        if (text is { Length: > 0 })
            json.WriteString(member, text.Length <= LongestText ? text : text[..LongestText]);
    }

    static void WriteNames(Utf8JsonWriter json, IReadOnlyList<string> all)
    {
        var names = all.Where(n => n.Length > 0).Take(MostNames).ToList();
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
