using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Paging;

/// <summary>
/// What every cursor is in: opaque, authenticated, bound to its query (R25). Base64url without padding of version ‖ binding ‖ place ‖ tag: the binding is the first
/// 16 bytes of SHA-256 of the query, the tag the first 16 bytes of HMAC-SHA-256(key, all before). A kind of cursor has a version of its own, so that none is taken
/// for another. <c>docs/cursor-format.md</c> has the kinds byte by byte.
/// </summary>
public sealed class CursorSeal(ReadOnlyMemory<byte> key)
{
    /// <summary>Bytes of a binding, and of a tag.</summary>
    public const int BindingBytes = 16, TagBytes = 16;

    const int LongestPlace = 512, Overhead = 1 + BindingBytes + TagBytes;

    /// <summary>A cursor to <paramref name="place"/>, which is at most 512 bytes, in the query that <paramref name="query"/> prints.</summary>
    public string Close(byte version, Action<ArrayBufferWriter<byte>> query, ReadOnlySpan<byte> place)
    {
        Span<byte> bytes = stackalloc byte[Overhead + place.Length];
        bytes[0] = version;
        Bind(query, bytes.Slice(1, BindingBytes));
        place.CopyTo(bytes[(1 + BindingBytes)..]);
        Authenticate(bytes[..^TagBytes], bytes[^TagBytes..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Whether <paramref name="text"/> is a cursor of ours for that query; then <paramref name="place"/> is what it was closed with.</summary>
    public Opening Open(byte version, Action<ArrayBufferWriter<byte>> query, string text, out byte[] place)
    {
        place = [];
        Span<byte> bytes = stackalloc byte[Overhead + LongestPlace];
        if (text.Length > Base64Url.GetEncodedLength(bytes.Length) || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written < Overhead
            // One cursor has one spelling: none with padding or blanks.
            || text.Length != Base64Url.GetEncodedLength(written))
            return Opening.Altered;
        bytes = bytes[..written];
        Span<byte> tag = stackalloc byte[TagBytes];
        Authenticate(bytes[..^TagBytes], tag);
        if (!CryptographicOperations.FixedTimeEquals(tag, bytes[^TagBytes..]) || bytes[0] != version)
            return Opening.Altered;
        Span<byte> binding = stackalloc byte[BindingBytes];
        Bind(query, binding);
        if (!binding.SequenceEqual(bytes.Slice(1, BindingBytes)))
            return Opening.OfAnotherQuery;
        place = bytes[(1 + BindingBytes)..^TagBytes].ToArray();
        return Opening.Good;
    }

    void Authenticate(ReadOnlySpan<byte> signed, Span<byte> tag)
    {
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(key.Span, signed, mac);
        mac[..TagBytes].CopyTo(tag);
    }

    static void Bind(Action<ArrayBufferWriter<byte>> query, Span<byte> binding)
    {
        var printed = new ArrayBufferWriter<byte>(256);
        query(printed);
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(printed.WrittenSpan, digest);
        digest[..BindingBytes].CopyTo(binding);
    }

    /// <summary>Prints one text member of a query, between what stands around it.</summary>
    internal static void Member(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> before, string text, ReadOnlySpan<byte> after)
    {
        json.Write(before);
        CanonicalJson.WriteString(text, json);
        json.Write(after);
    }
}

/// <summary>What a cursor that came back turned out to be.</summary>
public enum Opening
{
    /// <summary>One this service gave out for the query.</summary>
    Good,

    /// <summary>Not one this service gave out.</summary>
    Altered,

    /// <summary>Given out, but for other parameters.</summary>
    OfAnotherQuery,
}
