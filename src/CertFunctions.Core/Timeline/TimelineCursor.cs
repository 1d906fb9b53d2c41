using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Timeline;

/// <summary>
/// A client's place in a timeline (R25): opaque, authenticated, bound to its query. 41 bytes, base64url without padding:
/// version 1 ‖ first 16 bytes of SHA-256(tag ‖ the query as canonical JSON) ‖ seq as 8 bytes, big-endian ‖ first 16 bytes of HMAC-SHA-256(key, all before).
/// <c>docs/cursor-format.md</c> has the query's JSON member by member.
/// </summary>
public sealed class TimelineCursor(ReadOnlyMemory<byte> key)
{
    const byte Version = 1;
    const int BindingBytes = 16, TagBytes = 16, SignedBytes = 1 + BindingBytes + 8, TotalBytes = SignedBytes + TagBytes;

    public string Encode(TimelineQuery query, long seq)
    {
        Span<byte> bytes = stackalloc byte[TotalBytes];
        bytes[0] = Version;
        Bind(query, bytes.Slice(1, BindingBytes));
        BinaryPrimitives.WriteInt64BigEndian(bytes[(1 + BindingBytes)..], seq);
        Authenticate(bytes[..SignedBytes], bytes[SignedBytes..]);
        return Base64Url.EncodeToString(bytes);
    }

    public CursorReading Decode(TimelineQuery query, string text)
    {
        Span<byte> bytes = stackalloc byte[TotalBytes];
        if (text.Length != Base64Url.GetEncodedLength(TotalBytes)
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != TotalBytes)
            return new CursorReading.Altered();
        Span<byte> tag = stackalloc byte[TagBytes];
        Authenticate(bytes[..SignedBytes], tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, bytes[SignedBytes..]) || bytes[0] != Version)
            return new CursorReading.Altered();
        Span<byte> binding = stackalloc byte[BindingBytes];
        Bind(query, binding);
        return binding.SequenceEqual(bytes.Slice(1, BindingBytes))
            ? new CursorReading.Place(BinaryPrimitives.ReadInt64BigEndian(bytes[(1 + BindingBytes)..]))
            : new CursorReading.OfAnotherQuery();
    }

    void Authenticate(ReadOnlySpan<byte> signed, Span<byte> tag)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key.Span, signed, mac);
        mac[..TagBytes].CopyTo(tag);
    }

    static void Bind(TimelineQuery query, Span<byte> binding)
    {
        var json = new ArrayBufferWriter<byte>(256);
        json.Write("CertFunctions/cursor/v1\0"u8);
        json.Write("{"u8);
        if (query.After is { } after)
            Member(json, "\"after\":"u8, Rfc3339.Format(after), ","u8);
        if (query.Before is { } before)
            Member(json, "\"before\":"u8, Rfc3339.Format(before), ","u8);
        Member(json, "\"order\":"u8, query.Order == TimelineOrder.NewestFirst ? "desc" : "asc", ","u8);
        Member(json, "\"org_id\":"u8, query.Address.Org.Value, ","u8);
        Member(json, "\"project_id\":"u8, query.Address.Project.Value, ","u8);
        Member(json, "\"subject\":{\"id\":"u8, query.Address.Subject.Id, ","u8);
        Member(json, "\"kind\":"u8, query.Address.Subject.Kind, "},\"types\":["u8);
        for (var i = 0; i < query.Types.Count; i++)
            Member(json, i == 0 ? default : ","u8, query.Types[i], default);
        json.Write("]}"u8);
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(json.WrittenSpan, digest);
        digest[..BindingBytes].CopyTo(binding);
    }

    static void Member(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> before, string text, ReadOnlySpan<byte> after)
    {
        json.Write(before);
        CanonicalJson.WriteString(text, json);
        json.Write(after);
    }
}

/// <summary>What a cursor that came back turned out to be.</summary>
public abstract record CursorReading
{
    CursorReading()
    {
    }

    public sealed record Place(long Seq) : CursorReading;

    /// <summary>Not a cursor this service gave out.</summary>
    public sealed record Altered : CursorReading;

    /// <summary>Given out, but for other parameters or another subject.</summary>
    public sealed record OfAnotherQuery : CursorReading;
}
