using System.Security.Cryptography;

namespace CertFunctions.Core.Notes;

/// <summary>
/// The cosignature a witness of ours makes: C2SP tlog-cosignature's message for Ed25519, signed with ECDSA P-256 and SHA-256, as the platform has neither Ed25519
/// nor, everywhere, ML-DSA-44. Its type is signed-note's 0xff with a name of its own (<c>docs/ledger-format.md</c>, "Cosignatures"):
/// <code>
/// key of the vkey = "CertFunctions/ecdsa-p256-cosignature/v1\n" ‖ SubjectPublicKeyInfo (DER)
/// key id          = SHA-256(name ‖ "\n" ‖ 0xff ‖ key of the vkey)[:4]
/// signature       = time (8 bytes, big-endian, seconds since 1970) ‖ r (32 bytes) ‖ s (32 bytes)
/// message         = "cosignature/v1\ntime " ‖ time in decimal ‖ "\n" ‖ the checkpoint's text
/// </code>
/// </summary>
public static class EcdsaCosignature
{
    /// <summary>signed-note's type for what has no number of its own.</summary>
    public const SignatureType Type = (SignatureType)0xff;

    static ReadOnlySpan<byte> Tag => "CertFunctions/ecdsa-p256-cosignature/v1\n"u8;

    /// <summary>The vkey of a witness: its name and public key.</summary>
    public static VerifierKey Verifier(string name, ECDsa publicKey)
    {
        // Refuses what is not P-256.
        var spki = VerifierKey.Of(name, publicKey).Key.Span;
        return VerifierKey.Of(name, Type, [.. Tag, .. spki]);
    }

    /// <summary>Whether this is the key of such a witness.</summary>
    public static bool IsKey(VerifierKey key) => key.Type == Type && key.Key.Span.StartsWith(Tag);

    internal static ReadOnlySpan<byte> PublicKey(VerifierKey key) => key.Key.Span[Tag.Length..];

    /// <summary>What the key has to say of a signature line's value over a checkpoint's text.</summary>
    public static SignatureCheck Check(VerifierKey key, ReadOnlySpan<byte> text, ReadOnlyMemory<byte> value)
    {
        if (!IsKey(key))
            return SignatureCheck.Unsupported;
        if (!Cosignature.TryRead(value, out var cosignature))
            return SignatureCheck.Wrong;
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(PublicKey(key), out _);
            return ecdsa.VerifyData(Cosignature.Ed25519Message(cosignature!.Time, text), cosignature.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
                ? SignatureCheck.Right
                : SignatureCheck.Wrong;
        }
        catch (CryptographicException)
        {
            return SignatureCheck.Wrong;
        }
    }
}
