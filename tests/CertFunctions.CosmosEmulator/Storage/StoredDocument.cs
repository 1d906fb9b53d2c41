using System.Runtime.InteropServices;
using System.Text.Json;

namespace CertFunctions.Emulation.Storage;

/// <summary>One version of one document, never changed: a write makes another.</summary>
sealed class StoredDocument
{
    public required string Id { get; init; }

    public required string Epk { get; init; }

    /// <summary>The document's number within its container: its place in every scan, kept across versions.</summary>
    public required ulong Number { get; init; }

    public required string ETag { get; init; }

    /// <summary>Seconds since 1970.</summary>
    public required long Timestamp { get; init; }

    public required long Lsn { get; init; }

    /// <summary>The order within one transaction, whose writes share an LSN.</summary>
    public required int LsnOrder { get; init; }

    /// <summary>Seconds since 1970 from which the document is gone; never, when null.</summary>
    public required long? ExpiresAt { get; init; }

    /// <summary>The document with its system properties, as it goes over the wire.</summary>
    public required JsonElement Root { get; init; }

    public ReadOnlySpan<byte> Json => JsonMarshal.GetRawUtf8Value(Root);

    public int Size => Json.Length;

    public static IComparer<StoredDocument> ByNumber { get; } =
        Comparer<StoredDocument>.Create((a, b) => a.Number.CompareTo(b.Number));

    public static IComparer<StoredDocument> ByChange { get; } = Comparer<StoredDocument>.Create((a, b) =>
        a.Lsn != b.Lsn ? a.Lsn.CompareTo(b.Lsn)
        : a.LsnOrder != b.LsnOrder ? a.LsnOrder.CompareTo(b.LsnOrder)
        : a.Number.CompareTo(b.Number));

    public static IComparer<StoredDocument> ByExpiry { get; } = Comparer<StoredDocument>.Create((a, b) =>
        a.ExpiresAt != b.ExpiresAt ? Nullable.Compare(a.ExpiresAt, b.ExpiresAt) : a.Number.CompareTo(b.Number));

    public static StoredDocument Probe(ulong number = 0, long lsn = 0, int lsnOrder = 0) => new()
    {
        Id = string.Empty,
        Epk = string.Empty,
        Number = number,
        ETag = string.Empty,
        Timestamp = 0,
        Lsn = lsn,
        LsnOrder = lsnOrder,
        ExpiresAt = null,
        Root = default,
    };
}
