using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Evidence;

/// <summary>
/// The lines of an evidence bundle, format 1 (<c>docs/evidence-format.md</c>): JSON in UTF-8, each ended by a line feed, members in this order and without
/// white space. What is read is printed again and must be the same bytes.
/// <code>
/// {"certfn_evidence":1,"origin":"…","ledger":"…","project":"…","subject":{"id":"…","kind":"…"},"size":9,"first_seq":1,"last_seq":2,"count":2}
/// {"checkpoint":"…","keys":["…"]}
/// {"time_stamp":"…"}                                                     left out where there is none
/// {"rotation":2,"event":{…},"proof":["…"]}                               one for each time that the log's signing key changed
/// {"index":4,"event":{…},"personal":{…},"salt":"…","proof":["…"]}        one for each event, in the order of their seqs
/// {"sha256":"…"}
/// </code>
/// </summary>
public static class EvidenceLines
{
    public const int Version = 1;

    /// <summary>Bytes of the longest line: a ledger line, and a proof.</summary>
    public const int MaxBytes = LedgerLine.MaxBytes + 64 * 48;

    const int MaxKeys = 64;

    public static ReadOnlySpan<byte> Opening => "{\"certfn_evidence\":"u8;

    public static void Write(EvidenceManifest manifest, IBufferWriter<byte> output)
    {
        output.Write("{\"certfn_evidence\":1,\"origin\":"u8);
        CanonicalJson.WriteString(manifest.Origin, output);
        output.Write(",\"ledger\":"u8);
        CanonicalJson.WriteString(manifest.Address.Org.Value, output);
        output.Write(",\"project\":"u8);
        CanonicalJson.WriteString(manifest.Address.Project.Value, output);
        output.Write(",\"subject\":{\"id\":"u8);
        CanonicalJson.WriteString(manifest.Address.Subject.Id, output);
        output.Write(",\"kind\":"u8);
        CanonicalJson.WriteString(manifest.Address.Subject.Kind, output);
        Ascii(output, string.Create(CultureInfo.InvariantCulture, $"}},\"size\":{manifest.Size},\"first_seq\":{manifest.FirstSeq},\"last_seq\":{manifest.LastSeq},\"count\":{manifest.Count}}}\n"));
    }

    public static void Write(SignedNote checkpoint, IReadOnlyList<VerifierKey> keys, IBufferWriter<byte> output)
    {
        output.Write("{\"checkpoint\":"u8);
        CanonicalJson.WriteString(Encoding.UTF8.GetString(checkpoint.ToBytes()), output);
        output.Write(",\"keys\":["u8);
        for (var i = 0; i < keys.Count; i++)
        {
            if (i > 0)
                output.Write(","u8);
            CanonicalJson.WriteString(keys[i].ToString(), output);
        }

        output.Write("]}\n"u8);
    }

    public static void WriteTimeStamp(ReadOnlySpan<byte> token, IBufferWriter<byte> output) => Ascii(output, $"{{\"time_stamp\":\"{Convert.ToBase64String(token)}\"}}\n");

    public static void Write(EvidenceEvent e, IBufferWriter<byte> output)
    {
        Ascii(output, string.Create(CultureInfo.InvariantCulture, $"{{\"index\":{e.Index},\"event\":"));
        output.Write(e.Leaf.Span);
        if (!e.Personal.IsEmpty)
        {
            output.Write(",\"personal\":"u8);
            output.Write(e.Personal.Span);
            Ascii(output, $",\"salt\":\"{Convert.ToHexStringLower(e.Salt.Span)}\"");
        }

        WriteProof(e.Proof, output);
    }

    public static void Write(EvidenceRotation rotation, IBufferWriter<byte> output)
    {
        Ascii(output, string.Create(CultureInfo.InvariantCulture, $"{{\"rotation\":{rotation.Index},\"event\":"));
        output.Write(rotation.Leaf.Span);
        WriteProof(rotation.Proof, output);
    }

    static void WriteProof(IReadOnlyList<Digest> proof, IBufferWriter<byte> output)
    {
        output.Write(",\"proof\":["u8);
        for (var i = 0; i < proof.Count; i++)
            Ascii(output, $"{(i > 0 ? "," : "")}\"{Convert.ToBase64String(proof[i].AsSpan())}\"");
        output.Write("]}\n"u8);
    }

    public static void WriteEnd(Digest sha256, IBufferWriter<byte> output) => Ascii(output, $"{{\"sha256\":\"{sha256}\"}}\n");

    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out EvidenceManifest? manifest)
    {
        manifest = null;
        if (!TryParse(line, out var document))
            return false;
        using (document)
        {
            var root = document.RootElement;
            if (!Int64(root, "certfn_evidence", out var version) || version != Version || !Text(root, "origin", out var origin) || !VerifierKey.IsName(origin)
                || !Text(root, "ledger", out var org) || !OrgId.TryParse(org, out var ledger) || !Text(root, "project", out var name) || !ProjectId.TryParse(name, out var project)
                || !Find(root, "subject", out var s) || s.ValueKind != JsonValueKind.Object || !Text(s, "kind", out var kind) || !Text(s, "id", out var id)
                || !Subject.TryParse(kind, id, out var subject)
                || !Int64(root, "size", out var size) || !Int64(root, "first_seq", out var first) || !Int64(root, "last_seq", out var last) || !Int64(root, "count", out var count))
                return false;
            manifest = new EvidenceManifest(origin, new SubjectAddress(ledger, project, subject), size, first, last, count);
            return IsAsWritten(line, manifest, static (m, output) => Write(m, output));
        }
    }

    /// <summary>Reads the checkpoint and the keys. Where they are not as written, <paramref name="why"/> names what.</summary>
    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out SignedNote? note, out IReadOnlyList<VerifierKey> keys, [NotNullWhen(false)] out string? why)
    {
        note = null;
        keys = [];
        why = "the second line is not a checkpoint and its keys";
        if (!TryParse(line, out var document))
            return false;
        using (document)
        {
            var root = document.RootElement;
            if (!Text(root, "checkpoint", out var text) || !Find(root, "keys", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MaxKeys)
                return false;
            if (!SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out note, out var fault))
            {
                why = $"its checkpoint is not a signed note: {fault}";
                return false;
            }

            var parsed = new List<VerifierKey>();
            foreach (var element in list.EnumerateArray())
            {
                if (!VerifierKey.TryParse(TextOf(element), out var key, out fault))
                {
                    why = $"its key {parsed.Count + 1} is not a verifier key: {fault}";
                    return false;
                }

                parsed.Add(key);
            }

            keys = parsed;
            if (!IsAsWritten(line, (note, parsed), static (v, output) => Write(v.note, v.parsed, output)))
                return false;
            why = null;
            return true;
        }
    }

    public static bool TryReadTimeStamp(ReadOnlySpan<byte> line, out byte[] token)
    {
        token = [];
        if (!line.StartsWith("{\"time_stamp\":\""u8) || !line.EndsWith("\"}"u8) || !TryParse(line, out var document))
            return false;
        using (document)
        {
            if (!document.RootElement.GetProperty("time_stamp").TryGetBytesFromBase64(out var bytes))
                return false;
            token = bytes;
            return IsAsWritten(line, bytes, static (t, output) => WriteTimeStamp(t, output));
        }
    }

    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out EvidenceEvent? e)
    {
        e = null;
        if (!TryParse(line, out var document))
            return false;
        using (document)
        {
            var root = document.RootElement;
            if (!Int64(root, "index", out var index) || !Raw(root, "event", out var leaf) || leaf.IsEmpty || !Proof(root, out var proof))
                return false;
            _ = Raw(root, "personal", out var personal);
            var salt = Text(root, "salt", out var hex) && hex.Length == 2 * StampedEvent.SaltBytes && hex.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(hex) : [];
            if (personal.IsEmpty != (salt.Length == 0))
                return false;
            e = new EvidenceEvent(index, leaf, personal, salt, proof);
            return IsAsWritten(line, e, static (v, output) => Write(v, output));
        }
    }

    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out EvidenceRotation? rotation)
    {
        rotation = null;
        if (!TryParse(line, out var document))
            return false;
        using (document)
        {
            var root = document.RootElement;
            if (!Int64(root, "rotation", out var index) || !Raw(root, "event", out var leaf) || leaf.IsEmpty || !Proof(root, out var proof))
                return false;
            rotation = new EvidenceRotation(index, leaf, proof);
            return IsAsWritten(line, rotation, static (v, output) => Write(v, output));
        }
    }

    public static bool TryReadEnd(ReadOnlySpan<byte> line, out Digest sha256)
    {
        sha256 = default;
        return line.Length == 77 && line.StartsWith("{\"sha256\":\""u8) && Digest.TryParse(Encoding.ASCII.GetString(line[11..75]), out sha256)
            && IsAsWritten(line, sha256, static (d, output) => WriteEnd(d, output));
    }

    /// <summary>To the byte: what is read in one way and could be written in another would be a place to alter unseen.</summary>
    static bool IsAsWritten<T>(ReadOnlySpan<byte> line, T value, Action<T, IBufferWriter<byte>> write)
    {
        var again = new ArrayBufferWriter<byte>(line.Length + 256);
        write(value, again);
        return line.SequenceEqual(again.WrittenSpan[..^1]);
    }

    static bool TryParse(ReadOnlySpan<byte> line, [NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        // The parser itself finds that out only when it is asked for a text, and then throws.
        if (!Utf8.IsValid(line))
            return false;
        try
        {
            var reader = new Utf8JsonReader(line);
            document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind == JsonValueKind.Object && reader.BytesConsumed == line.Length)
                return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
        }

        document?.Dispose();
        document = null;
        return false;
    }

    static bool Text(JsonElement root, string name, out string text)
    {
        var found = Find(root, name, out var value) ? TextOf(value) : null;
        text = found ?? "";
        return found is not null;
    }

    static bool Find(JsonElement root, string name, out JsonElement value)
    {
        try
        {
            return root.TryGetProperty(name, out value);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in some member's name.
            value = default;
            return false;
        }
    }

    static string? TextOf(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return null;
        }
    }

    static bool Int64(JsonElement root, string name, out long number)
    {
        number = 0;
        return Find(root, name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out number) && number >= 0;
    }

    static bool Proof(JsonElement root, out List<Digest> proof)
    {
        proof = [];
        if (!Find(root, "proof", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > Tree.TreeProof.MaxLength)
            return false;
        foreach (var element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.String || !element.TryGetBytesFromBase64(out var hash) || hash.Length != Digest.Length)
                return false;
            proof.Add(new Digest(hash));
        }

        return true;
    }

    static bool Raw(JsonElement root, string name, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (!Find(root, name, out var value) || value.ValueKind != JsonValueKind.Object)
            return false;
        bytes = System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value).ToArray();
        return true;
    }

    static void Ascii(IBufferWriter<byte> output, string text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));
}
