using System.Security.Cryptography;
using CertFunctions.Core.Notes;

namespace CertFunctions.Http.Hosting;

/// <summary>One of the log's signing keys as a setting has it: private, as PKCS#8, or of one that gave way its public half. <paramref name="Public"/> tells keys apart.</summary>
sealed record SigningKey(string Public, ReadOnlyMemory<byte>? Private, VerifierKey? Verifier)
{
    /// <summary>A private key, or a vkey; null for anything else.</summary>
    public static SigningKey? Read(string text)
    {
        if (SettingsReader.PrivateKey(text) is { } pkcs8)
        {
            using var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(pkcs8, out _);
            return new SigningKey(Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), pkcs8, null);
        }

        return VerifierKey.TryParse(text, out var verifier, out _) && verifier.Type == SignatureType.Ecdsa ? new SigningKey(Convert.ToBase64String(verifier.Key.Span), null, verifier) : null;
    }
}
