using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CertFunctions.Core.Notes;

/// <summary>The kinds of signature that C2SP signed-note has numbers for. Others may come; a key keeps the number it was read with.</summary>
public enum SignatureType : byte
{
    None = 0,

    /// <summary>Ed25519 over the text.</summary>
    Ed25519 = 1,

    /// <summary>ECDSA over SHA-256 of the text, as an ASN.1 DER sequence of r and s (RFC 3279, 2.2.3); here with P-256. What the service signs with.</summary>
    Ecdsa = 2,

    /// <summary>A time and Ed25519 over it and a checkpoint (C2SP tlog-cosignature).</summary>
    Ed25519Cosignature = 4,

    /// <summary>RFC 6962 tree head signature (C2SP static-ct-api).</summary>
    TreeHead = 5,

    /// <summary>A time and ML-DSA-44 over it and a checkpoint (C2SP tlog-cosignature).</summary>
    MlDsa44Cosignature = 6,
}

/// <summary>What a key has to say of a signature.</summary>
public enum SignatureCheck
{
    /// <summary>The key made it over this text.</summary>
    Right,

    /// <summary>The key did not.</summary>
    Wrong,

    /// <summary>This type of signature cannot be checked here; it is neither right nor wrong.</summary>
    Unsupported,
}

/// <summary>
/// A public key as C2SP signed-note writes it (a <em>vkey</em>): <c>NAME+KEYID+BASE64(type ‖ key)</c>, the id as 8 lower-case hex digits. The id of an ECDSA
/// key is the first 4 bytes of SHA-256(SubjectPublicKeyInfo), of the others those of SHA-256(name ‖ 0x0A ‖ type ‖ key).
/// </summary>
public sealed class VerifierKey : IEquatable<VerifierKey>
{
    /// <summary>Bytes of the longest key that is read, with its type: ML-DSA-87's is 2592.</summary>
    public const int MaxKeyBytes = 4096;

    /// <summary>Bytes of the longest name.</summary>
    public const int MaxNameBytes = 255;

    readonly byte[] key;

    VerifierKey(string name, uint keyId, SignatureType type, byte[] key) => (Name, KeyId, Type, this.key) = (name, keyId, type, key);

    public string Name { get; }

    public uint KeyId { get; }

    public SignatureType Type { get; }

    /// <summary>The key itself: SubjectPublicKeyInfo for ECDSA, the raw public key for the others.</summary>
    public ReadOnlyMemory<byte> Key => key;

    /// <summary>The key of a P-256 public key, under a name.</summary>
    public static VerifierKey Of(string name, ECDsa publicKey)
    {
        ThrowIfNotName(name);
        var spki = publicKey.ExportSubjectPublicKeyInfo();
        return IsP256(spki) ? new VerifierKey(name, IdOf(name, SignatureType.Ecdsa, spki), SignatureType.Ecdsa, spki)
            : throw new ArgumentException("only P-256 keys sign notes here", nameof(publicKey));
    }

    /// <summary>A key of another type, from its bytes.</summary>
    public static VerifierKey Of(string name, SignatureType type, ReadOnlySpan<byte> key)
    {
        ThrowIfNotName(name);
        return new VerifierKey(name, IdOf(name, type, key), type, key.ToArray());
    }

    /// <summary>The same key under another name: a log has one key and a name for each of its ledgers.</summary>
    public VerifierKey Named(string name)
    {
        ThrowIfNotName(name);
        return new VerifierKey(name, IdOf(name, Type, key), Type, key);
    }

    /// <summary>Reads a vkey. Where it is not one, <paramref name="why"/> says so in a clause.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out VerifierKey? verifier, [NotNullWhen(false)] out string? why)
    {
        verifier = null;
        why = null;
        var parts = text is null || text.Length > 2 * MaxKeyBytes ? [] : text.Split('+', 3);
        byte[] blob = [];
        if (parts.Length != 3 || !IsName(parts[0]))
            why = "it is not NAME+KEYID+KEY";
        else if (parts[1].Length != 8 || !parts[1].All(char.IsAsciiHexDigitLower))
            why = "its key id is not 8 lower-case hex digits";
        else if (!TryDecode(parts[2], out blob))
            why = "its key is not base64 of a type and a key";
        if (why is not null)
            return false;

        var id = uint.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var type = (SignatureType)blob[0];
        // Of a type nobody here knows, the id is as its specification makes it.
        if (Enum.IsDefined(type) && type != SignatureType.TreeHead && IdOf(parts[0], type, blob.AsSpan(1)) != id)
            why = "its key id is not that of its key";
        else if (type == SignatureType.Ecdsa && !IsP256(blob[1..]))
            why = "its key is not a P-256 public key";
        if (why is not null)
            return false;
        verifier = new VerifierKey(parts[0], id, type, blob[1..]);
        if (!EcdsaCosignature.IsKey(verifier) || (IdOf(parts[0], type, blob.AsSpan(1)) == id && IsP256([.. EcdsaCosignature.PublicKey(verifier)])))
            return true;
        verifier = null;
        why = "its key id is not that of its key, or that is not a P-256 public key";
        return false;
    }

    /// <summary>Whether <paramref name="signature"/> is this key's over the note's <paramref name="text"/>. Names and ids are compared by the note.</summary>
    public SignatureCheck Check(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature)
    {
        if (EcdsaCosignature.IsKey(this))
            return EcdsaCosignature.Check(this, text, signature.ToArray());
        if (Type != SignatureType.Ecdsa)
            return SignatureCheck.Unsupported;
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(key, out _);
        return ecdsa.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence) ? SignatureCheck.Right : SignatureCheck.Wrong;
    }

    /// <summary>A key's name: 1 to 255 bytes of UTF-8 without spaces, control characters and <c>+</c>.</summary>
    public static bool IsName([NotNullWhen(true)] string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > MaxNameBytes)
            return false;
        var bytes = 0;
        for (var rest = name.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var used) != System.Buffers.OperationStatus.Done
                || Rune.IsWhiteSpace(rune) || Rune.IsControl(rune) || rune.Value == '+')
                return false;
            bytes += rune.Utf8SequenceLength;
            rest = rest[used..];
        }

        return bytes <= MaxNameBytes;
    }

    public bool Equals(VerifierKey? other) => other is not null && Name == other.Name && KeyId == other.KeyId && Type == other.Type && key.AsSpan().SequenceEqual(other.key);

    public override bool Equals(object? obj) => Equals(obj as VerifierKey);

    public override int GetHashCode() => HashCode.Combine(Name, KeyId);

    /// <summary>The vkey.</summary>
    public override string ToString() => $"{Name}+{KeyId.ToString("x8", CultureInfo.InvariantCulture)}+{Convert.ToBase64String([(byte)Type, .. key])}";

    static uint IdOf(string name, SignatureType type, ReadOnlySpan<byte> key)
    {
        var hash = type == SignatureType.Ecdsa ? SHA256.HashData(key) : SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)type, .. key]);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    static bool TryDecode(string text, out byte[] blob)
    {
        blob = Base64.IsValid(text, out var length) && length is > 1 and <= MaxKeyBytes ? Convert.FromBase64String(text) : [];
        return blob.Length > 1 && Convert.ToBase64String(blob) == text;
    }

    static bool IsP256(byte[] spki)
    {
        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(spki, out var used);
            // Printed again it is the same, or one key would have two ids.
            return used == spki.Length && ecdsa.ExportParameters(false).Curve.Oid.Value == "1.2.840.10045.3.1.7" && ecdsa.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(spki);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    static void ThrowIfNotName(string name)
    {
        if (!IsName(name))
            throw new ArgumentException($"'{name}' is not a key's name: 1 to {MaxNameBytes} bytes without spaces, control characters and +", nameof(name));
    }
}
