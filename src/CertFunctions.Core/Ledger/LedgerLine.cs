using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// One ledger entry as one line of JSON: what the file sink writes, what an export holds and what <c>/ledger/entries</c> answers, so each of them
/// can be verified. <c>event</c> is the leaf to the byte, <c>personal</c> and <c>salt</c> stand there unless erased.
/// <code>
/// {"v":1,"ledger":"…","index":0,"previous_hash":"…","hash":"…","key_id":"…","mac":"…","event":{…},"personal":{…},"salt":"…"}
/// </code>
/// </summary>
public static class LedgerLine
{
    /// <summary>Bytes of the longest line: the largest event, and room for what stands around it.</summary>
    public const int MaxBytes = EventParser.MaxEventBytes + 16 * 1024;

    /// <summary>Writes the line with its closing line feed, unless not <paramref name="closed"/>.</summary>
    public static void Write(ChainedEvent entry, IBufferWriter<byte> output, bool closed = true)
    {
        Write(entry.Event.Address.Org, entry.Index, entry.PreviousHash, entry.Hash, entry.KeyId, entry.Mac, entry.Event.Leaf.Span, entry.Event.Personal.Span, entry.Event.Salt.Span, output);
        if (closed)
            output.Write("\n"u8);
    }

    static void Write(OrgId ledger, long index, in Digest previousHash, in Digest hash, string keyId, in Digest mac, ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> personal, ReadOnlySpan<byte> salt, IBufferWriter<byte> output)
    {
        output.Write("{\"v\":1,\"ledger\":\""u8);
        Ascii(output, ledger.Value);
        output.Write("\",\"index\":"u8);
        Ascii(output, index.ToString(CultureInfo.InvariantCulture));
        output.Write(",\"previous_hash\":\""u8);
        Hex(output, previousHash.AsSpan());
        output.Write("\",\"hash\":\""u8);
        Hex(output, hash.AsSpan());
        output.Write("\",\"key_id\":\""u8);
        Ascii(output, keyId);
        output.Write("\",\"mac\":\""u8);
        Hex(output, mac.AsSpan());
        output.Write("\",\"event\":"u8);
        output.Write(leaf);
        if (!personal.IsEmpty)
        {
            output.Write(",\"personal\":"u8);
            output.Write(personal);
            output.Write(",\"salt\":\""u8);
            Hex(output, salt);
            output.Write("\""u8);
        }

        output.Write("}"u8);
    }

    static void Ascii(IBufferWriter<byte> output, string text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));

    static void Hex(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        Convert.TryToHexStringLower(bytes, output.GetSpan(2 * bytes.Length), out var written);
        output.Advance(written);
    }

    /// <summary>
    /// Reads a line as it was written, without its line feed. False where it is not one; the hashes are not checked here: that is
    /// <see cref="Verification.LedgerVerifier"/>'s work.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> line, [NotNullWhen(true)] out ParsedLedgerLine? parsed)
    {
        parsed = null;
        try
        {
            var reader = new Utf8JsonReader(line);
            var fields = new ParsedLedgerLine();
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!ReadMember(ref reader, line, fields))
                    return false;
            }

            if (reader.TokenType != JsonTokenType.EndObject || reader.Read() || fields.Version != 1 || fields.Leaf.IsEmpty
                || fields.Ledger.Value is null || !IsAsWritten(line, fields))
                return false;
            parsed = fields;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    /// <summary>
    /// To the byte: white space, upper-case digits, another order or a member twice would be read as the same entry, and a line someone altered
    /// in such a place would pass for untouched.
    /// </summary>
    static bool IsAsWritten(ReadOnlySpan<byte> line, ParsedLedgerLine fields)
    {
        if (!IdentifierGrammar.IsName(fields.KeyId, 32))
            return false;
        var again = new ArrayBufferWriter<byte>(line.Length + 256);
        Write(fields.Ledger, fields.Index, fields.PreviousHash, fields.Hash, fields.KeyId, fields.Mac, fields.Leaf.Span, fields.Personal.Span, fields.Salt.Span, again);
        return line.SequenceEqual(again.WrittenSpan);
    }

    static bool ReadMember(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, ParsedLedgerLine fields)
    {
        var name = reader.GetString();
        reader.Read();
        switch (name)
        {
            case "v":
                return reader.TryGetInt32(out fields.Version);
            case "index":
                return reader.TryGetInt64(out fields.Index);
            case "ledger":
                return OrgId.TryParse(reader.GetString(), out fields.Ledger);
            case "previous_hash":
                return Digest.TryParse(reader.GetString(), out fields.PreviousHash);
            case "hash":
                return Digest.TryParse(reader.GetString(), out fields.Hash);
            case "mac":
                return Digest.TryParse(reader.GetString(), out fields.Mac);
            case "key_id":
                fields.KeyId = reader.GetString() ?? "";
                return true;
            case "salt":
                fields.Salt = Convert.FromHexString(reader.GetString() ?? "");
                return true;
            case "event":
                return Raw(ref reader, line, out fields.Leaf);
            case "personal":
                return Raw(ref reader, line, out fields.Personal);
            default:
                return false;
        }
    }

    static bool Raw(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, out ReadOnlyMemory<byte> bytes)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        bytes = line[start..(int)reader.BytesConsumed].ToArray();
        return true;
    }
}

/// <summary>The members of a ledger line, as they stand there and no better.</summary>
public sealed class ParsedLedgerLine
{
    internal int Version;
    internal long Index = -1;
    internal OrgId Ledger;
    internal Digest PreviousHash;
    internal Digest Hash;
    internal Digest Mac;
    internal string KeyId = "";
    internal ReadOnlyMemory<byte> Leaf, Personal, Salt;

    public OrgId LedgerId => Ledger;

    public long EntryIndex => Index;

    public Digest EntryHash => Hash;

    public Verification.LedgerRow ToRow() => new()
    {
        Index = Index,
        PreviousHash = PreviousHash.AsSpan(),
        Hash = Hash.AsSpan(),
        Mac = Mac.AsSpan(),
        KeyId = KeyId,
        Leaf = Leaf.Span,
        Salt = Salt.Span,
        Personal = Personal.Span,
    };
}
