using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CertFunctions.Core.Paging;

namespace CertFunctions.Core.Certificates;

/// <summary>
/// A client's place in an inventory: a <see cref="CursorSeal"/> of version 2 around three things: the time as of which the first page was read, the end of validity of
/// the last certificate passed (both 100 ns since 0001-01-01T00:00:00Z, 8 bytes, big-endian), and its id in UTF-8. All pages are as of the first one's time: a
/// certificate that comes into a window meanwhile is in none of them, rather than perhaps.
/// </summary>
public sealed class CertificateCursor(CursorSeal seal)
{
    const byte Version = 2;
    const int TimeBytes = 8;

    /// <param name="query">What was asked for; its time goes into the cursor, and not into the binding.</param>
    /// <param name="within">The window asked for; null for none.</param>
    /// <param name="place">The last certificate of the page.</param>
    public string Encode(CertificateQuery query, TimeSpan? within, CertificatePlace place)
    {
        Span<byte> bytes = stackalloc byte[(2 * TimeBytes) + Encoding.UTF8.GetByteCount(place.Id)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, query.Now.UtcTicks);
        BinaryPrimitives.WriteInt64BigEndian(bytes[TimeBytes..], place.NotAfter.UtcTicks);
        Encoding.UTF8.GetBytes(place.Id, bytes[(2 * TimeBytes)..]);
        return seal.Close(Version, json => Print(query, within, json), bytes);
    }

    /// <summary>What the cursor turned out to be; where it is good, the time of the first page and the place to go on from.</summary>
    public Opening Decode(CertificateQuery query, TimeSpan? within, string text, out DateTimeOffset now, out CertificatePlace? place)
    {
        (now, place) = (default, null);
        var opening = seal.Open(Version, json => Print(query, within, json), text, out var bytes);
        if (opening != Opening.Good)
            return opening;
        now = new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(bytes), TimeSpan.Zero);
        place = new CertificatePlace(new DateTimeOffset(BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(TimeBytes)), TimeSpan.Zero), Encoding.UTF8.GetString(bytes.AsSpan(2 * TimeBytes)));
        return opening;
    }

    static void Print(CertificateQuery query, TimeSpan? within, ArrayBufferWriter<byte> json)
    {
        json.Write("CertFunctions/cursor/certificates/v1\0{"u8);
        if (query.Issuer is { } issuer)
            CursorSeal.Member(json, "\"issuer\":"u8, issuer, ","u8);
        if (query.Name is { } name)
            CursorSeal.Member(json, query.NameBelow ? "\"below\":"u8 : "\"name\":"u8, name, ","u8);
        CursorSeal.Member(json, "\"org_id\":"u8, query.Org.Value, ","u8);
        CursorSeal.Member(json, "\"project_id\":"u8, query.Project.Value, ","u8);
        CursorSeal.Member(json, "\"sort\":"u8, query.LatestFirst ? "-expiry" : "expiry", default);
        if (query.Status is { } status)
            CursorSeal.Member(json, ",\"status\":"u8, status.Wire(), default);
        if (within is { } window)
            CursorSeal.Member(json, ",\"within\":"u8, ((long)window.TotalSeconds).ToString(CultureInfo.InvariantCulture), default);
        json.Write("}"u8);
    }
}
