using System.Buffers;
using System.Buffers.Binary;
using CertFunctions.Core.Events;
using CertFunctions.Core.Paging;

namespace CertFunctions.Core.Timeline;

/// <summary>
/// A client's place in a timeline (R25): opaque, authenticated, bound to its query. 41 bytes, base64url without padding:
/// version 1 ‖ first 16 bytes of SHA-256(tag ‖ the query as canonical JSON) ‖ seq as 8 bytes, big-endian ‖ first 16 bytes of HMAC-SHA-256(key, all before).
/// <c>docs/cursor-format.md</c> has the query's JSON member by member.
/// </summary>
public sealed class TimelineCursor(CursorSeal seal)
{
    const byte Version = 1;

    public TimelineCursor(ReadOnlyMemory<byte> key)
        : this(new CursorSeal(key))
    {
    }

    public string Encode(TimelineQuery query, long seq)
    {
        Span<byte> place = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(place, seq);
        return seal.Close(Version, json => Print(query, json), place);
    }

    public CursorReading Decode(TimelineQuery query, string text) => seal.Open(Version, json => Print(query, json), text, out var place) switch
    {
        Opening.Good when place.Length == 8 => new CursorReading.Place(BinaryPrimitives.ReadInt64BigEndian(place)),
        Opening.OfAnotherQuery => new CursorReading.OfAnotherQuery(),
        _ => new CursorReading.Altered(),
    };

    static void Print(TimelineQuery query, ArrayBufferWriter<byte> json)
    {
        json.Write("CertFunctions/cursor/v1\0"u8);
        json.Write("{"u8);
        if (query.After is { } after)
            CursorSeal.Member(json, "\"after\":"u8, Rfc3339.Format(after), ","u8);
        if (query.Before is { } before)
            CursorSeal.Member(json, "\"before\":"u8, Rfc3339.Format(before), ","u8);
        CursorSeal.Member(json, "\"order\":"u8, query.Order == TimelineOrder.NewestFirst ? "desc" : "asc", ","u8);
        CursorSeal.Member(json, "\"org_id\":"u8, query.Address.Org.Value, ","u8);
        CursorSeal.Member(json, "\"project_id\":"u8, query.Address.Project.Value, ","u8);
        CursorSeal.Member(json, "\"subject\":{\"id\":"u8, query.Address.Subject.Id, ","u8);
        CursorSeal.Member(json, "\"kind\":"u8, query.Address.Subject.Kind, "},\"types\":["u8);
        for (var i = 0; i < query.Types.Count; i++)
            CursorSeal.Member(json, i == 0 ? default : ","u8, query.Types[i], default);
        json.Write("]}"u8);
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
