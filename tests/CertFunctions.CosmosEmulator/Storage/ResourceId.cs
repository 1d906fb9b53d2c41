using System.Buffers.Binary;

namespace CertFunctions.Emulation.Storage;

/// <summary>
/// The service's resource ids: 4 bytes of database, 4 of container, 8 of document, as base64 with '-' for '/'.
/// The SDK parses them, and breaks ties of an ORDER BY by the document's number.
/// </summary>
static class ResourceId
{
    public static string Database(uint database)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, database);
        return Encode(bytes);
    }

    public static string Container(uint database, uint container)
    {
        Span<byte> bytes = stackalloc byte[8];
        WriteContainer(bytes, database, container);
        return Encode(bytes);
    }

    public static string Document(uint database, uint container, ulong document)
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteContainer(bytes, database, container);
        // The top four bits name the kind of child resource; zero is a document.
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], document & 0x0FFF_FFFF_FFFF_FFFF);
        return Encode(bytes);
    }

    /// <summary>A range of a container: a child resource of kind 5.</summary>
    public static string PartitionKeyRange(string containerRid, int range)
    {
        Span<byte> bytes = stackalloc byte[16];
        Convert.FromBase64String(containerRid.Replace('-', '/')).CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], (uint)range | (5UL << 60));
        return Encode(bytes);
    }

    public static ulong DocumentNumber(string rid)
    {
        var bytes = Convert.FromBase64String(rid.Replace('-', '/'));
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8));
    }

    static void WriteContainer(Span<byte> bytes, uint database, uint container)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, database);
        // The top bit tells a container from a user.
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], container | 0x8000_0000);
    }

    static string Encode(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes).Replace('/', '-');
}
