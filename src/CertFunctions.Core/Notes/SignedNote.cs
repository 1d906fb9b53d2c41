using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace CertFunctions.Core.Notes;

/// <summary>
/// One signature line of a note. <paramref name="Value"/> is what follows the key id: for most types the signature itself, for a cosignature a time
/// and a signature (<see cref="Cosignature"/>).
/// </summary>
public sealed record NoteSignature(string KeyName, uint KeyId, ReadOnlyMemory<byte> Value);

/// <summary>
/// A text and signatures over it (C2SP signed-note): the text, ending in a line feed; an empty line; then a line for each signature,
/// <c>— NAME BASE64(key id ‖ signature)</c>. Read strictly: what <see cref="ToBytes"/> prints, and nothing else, is a note. Signatures by keys nobody
/// here knows are kept and mean nothing.
/// </summary>
public sealed class SignedNote
{
    /// <summary>Bytes of the longest note that is read: room for 16 signatures of post-quantum length and more.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>Most signatures of a note that is read.</summary>
    public const int MaxSignatures = 64;

    static ReadOnlySpan<byte> Dash => "\u2014 "u8;

    /// <param name="text">UTF-8, ending in a line feed, without other control characters.</param>
    /// <param name="signatures">At least one.</param>
    public SignedNote(ReadOnlyMemory<byte> text, IReadOnlyList<NoteSignature> signatures)
    {
        if (!IsText(text.Span))
            throw new ArgumentException("a note's text is UTF-8, ends in a line feed and has no other control character", nameof(text));
        if (signatures.Count is 0 or > MaxSignatures)
            throw new ArgumentException($"a note has 1 to {MaxSignatures} signatures", nameof(signatures));
        if (signatures.FirstOrDefault(s => !VerifierKey.IsName(s.KeyName) || s.Value.IsEmpty) is { } wrong)
            throw new ArgumentException($"'{wrong.KeyName}' is not a key's name, or its signature is empty", nameof(signatures));
        (Text, Signatures) = (text, signatures);
    }

    /// <summary>What is signed, with its last line feed.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>The same text with more signatures, after those that are there; one that is there already is not added again.</summary>
    public SignedNote With(params IEnumerable<NoteSignature> more)
    {
        var all = Signatures.ToList();
        foreach (var signature in more)
        {
            if (!all.Exists(s => s.KeyName == signature.KeyName && s.KeyId == signature.KeyId && s.Value.Span.SequenceEqual(signature.Value.Span)))
                all.Add(signature);
        }

        return new SignedNote(Text, all);
    }

    /// <summary>Reads a note. Where it is not one, <paramref name="why"/> says so in a clause.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note, [NotNullWhen(false)] out string? why)
    {
        note = null;
        why = null;
        if (bytes.Length > MaxBytes)
            why = $"it is longer than {MaxBytes} bytes";
        else if (!IsText(bytes))
            why = "it is not UTF-8 text that ends in a line feed and has no other control character";
        if (why is not null)
            return false;
        var blank = bytes.LastIndexOf("\n\n"u8);
        if (blank < 0)
        {
            why = "it has no empty line before signatures";
            return false;
        }

        var signatures = new List<NoteSignature>();
        for (var rest = bytes[(blank + 2)..]; !rest.IsEmpty;)
        {
            var end = rest.IndexOf((byte)'\n');
            if (signatures.Count == MaxSignatures)
                why = $"it has more than {MaxSignatures} signatures";
            else if (!TryReadLine(rest[..end], out var signature))
                why = $"signature line {signatures.Count + 1} is not one";
            else
                signatures.Add(signature);
            if (why is not null)
                return false;
            rest = rest[(end + 1)..];
        }

        if (signatures.Count == 0)
        {
            why = "it has no signature";
            return false;
        }

        note = new SignedNote(bytes[..(blank + 1)].ToArray(), signatures);
        return true;
    }

    /// <summary>The note as it is published.</summary>
    public byte[] ToBytes()
    {
        var output = new ArrayBufferWriter<byte>(Text.Length + 256 * Signatures.Count);
        output.Write(Text.Span);
        output.Write("\n"u8);
        foreach (var signature in Signatures)
        {
            var blob = new byte[4 + signature.Value.Length];
            BinaryPrimitives.WriteUInt32BigEndian(blob, signature.KeyId);
            signature.Value.Span.CopyTo(blob.AsSpan(4));
            output.Write(Dash);
            output.Write(Encoding.UTF8.GetBytes($"{signature.KeyName} {Convert.ToBase64String(blob)}\n"));
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Holds the signatures against keys that are known beforehand. A signature that names a known key and is not its makes the note
    /// <see cref="NoteCheck.IsRefused">refused</see>; one by an unknown key makes no difference.
    /// </summary>
    public NoteCheck Check(params IEnumerable<VerifierKey> known)
    {
        var (good, wrong, unsupported) = (new List<VerifierKey>(), new List<VerifierKey>(), new List<VerifierKey>());
        foreach (var key in known)
        {
            foreach (var signature in Signatures)
            {
                if (signature.KeyId != key.KeyId || signature.KeyName != key.Name)
                    continue;
                var list = key.Check(Text.Span, signature.Value.Span) switch
                {
                    SignatureCheck.Right => good,
                    SignatureCheck.Wrong => wrong,
                    _ => unsupported,
                };
                if (!list.Contains(key))
                    list.Add(key);
            }
        }

        return new NoteCheck(good, wrong, unsupported);
    }

    static bool TryReadLine(ReadOnlySpan<byte> line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith(Dash))
            return false;
        line = line[Dash.Length..];
        var space = line.IndexOf((byte)' ');
        if (space <= 0)
            return false;
        var name = Encoding.UTF8.GetString(line[..space]);
        var encoded = line[(space + 1)..];
        var blob = new byte[Base64.GetMaxDecodedFromUtf8Length(encoded.Length)];
        if (!VerifierKey.IsName(name)
            || Base64.DecodeFromUtf8(encoded, blob, out var used, out var length) != OperationStatus.Done || used != encoded.Length || length < 5
            // Padding bits or white space that a decoder passes over would make two notes of one.
            || !Encoding.ASCII.GetBytes(Convert.ToBase64String(blob, 0, length)).AsSpan().SequenceEqual(encoded))
            return false;
        signature = new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(blob), blob.AsMemory(4, length - 4));
        return true;
    }

    static bool IsText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] != '\n' || !Utf8.IsValid(bytes))
            return false;
        foreach (var b in bytes)
        {
            if (b < 0x20 && b != '\n')
                return false;
        }

        return true;
    }
}

/// <summary>
/// What came of holding a note against known keys: those whose signature is right, those under whose name and id a wrong one stands, and those whose
/// type of signature cannot be checked on this platform.
/// </summary>
public sealed record NoteCheck(IReadOnlyList<VerifierKey> Good, IReadOnlyList<VerifierKey> Wrong, IReadOnlyList<VerifierKey> Unsupported)
{
    /// <summary>A known key's signature is wrong, or no known key's is right: nothing of the note is to be believed.</summary>
    public bool IsRefused => Wrong.Count > 0 || Good.Count == 0;
}
