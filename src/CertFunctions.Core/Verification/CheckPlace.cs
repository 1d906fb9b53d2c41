using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>
/// Where a check of a ledger is: when its pass began, the entries found right and the last one's hash, whether the pass is done, and the first entry whose key was not at
/// hand. Kept as <c>KEY-ID MAC DOCUMENT</c>, the document being JSON with a version:
/// <code>
/// mac = HMAC-SHA-256(key, "CertFunctions/check-place/v1\0" ‖ reader ‖ 0x00 ‖ document)      reader: check-tail/ORG or check-ledger/ORG
/// </code>
/// What is saved lies beside what is checked: without the MAC, whoever alters the one could say in the other that it was found right. A place that was saved earlier
/// has a MAC that holds, and may be put back: see <see cref="CheckLedger"/> for what that gains.
/// </summary>
sealed record CheckPlace(DateTimeOffset Began, long Size, Digest Hash, bool Done, (long Index, string Detail)? Hole = null)
{
    static ReadOnlySpan<byte> Tag => "CertFunctions/check-place/v1\0"u8;

    public string Print(string reader, LedgerKeys keys)
    {
        var document = HealthDocument.Print(json =>
        {
            json.WriteString("began"u8, Events.Rfc3339.Format(Began));
            json.WriteNumber("size"u8, Size);
            json.WriteString("hash"u8, Hash.ToString());
            json.WriteBoolean("done"u8, Done);
            if (Hole is { } hole)
            {
                json.WriteNumber("hole"u8, hole.Index);
                json.WriteString("hole_detail"u8, hole.Detail);
            }
        });
        return keys.TryGet(keys.CurrentId, out var key) ? $"{keys.CurrentId} {Mac(key, reader, Encoding.UTF8.GetBytes(document))} {document}" : throw new System.Diagnostics.UnreachableException();
    }

    /// <summary>
    /// Null for what is no place of a key at hand, with why where it is not of our making: that is no reason to trust less, and the check begins at genesis.
    /// </summary>
    public static CheckPlace? Read(string? text, string reader, LedgerKeys keys, out string? refused)
    {
        refused = null;
        if (text is null)
            return null;
        if (text.Split(' ', 3) is not [var id, var hex, var document] || !Events.IdentifierGrammar.IsName(id, 32) || !Digest.TryParse(hex, out var mac))
        {
            refused = "it has no MAC";
            return null;
        }

        // Another process may have a newer key already: no reason to tell anyone.
        if (!keys.TryGet(id, out var key))
            return null;

        // What is read is the bytes that were checked.
        var bytes = Encoding.UTF8.GetBytes(document);
        if (!CryptographicOperations.FixedTimeEquals(Mac(key, reader, bytes).AsSpan(), mac.AsSpan()))
        {
            refused = $"its MAC is not that of the key '{id}' over this place of this check of this ledger";
            return null;
        }

        return HealthDocument.Read(Encoding.UTF8.GetString(bytes), Read);
    }

    static Digest Mac(byte[] key, string reader, byte[] document)
    {
        Digest mac = default;
        HMACSHA256.HashData(key, [.. Tag, .. Encoding.ASCII.GetBytes(reader), 0, .. document], mac.Bytes);
        return mac;
    }

    static CheckPlace? Read(JsonElement json) =>
        Events.Rfc3339.TryParse(json.GetProperty("began"u8).GetString(), out var began) && Digest.TryParse(json.GetProperty("hash"u8).GetString(), out var hash) && json.GetProperty("size"u8).GetInt64() is var size and >= 0
            ? new CheckPlace(began, size, hash, json.GetProperty("done"u8).GetBoolean(), json.TryGetProperty("hole"u8, out var hole) ? (hole.GetInt64(), json.GetProperty("hole_detail"u8).GetString() ?? "") : null)
            : null;
}
