using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Core.Notes;

/// <summary>Which kind of key gave way to another.</summary>
public enum RotatedKey
{
    /// <summary>The log's own, that signs checkpoints, receipts and rotations.</summary>
    Signing,

    /// <summary>The one that MACs are made under.</summary>
    Hmac,
}

/// <summary>
/// That a key of a ledger gives way to another (R35), as the log's key in force signs it and the ledger holds it: the event <c>ledger.key_rotated</c> on
/// <c>ledger/ORG</c> in project <c>system</c> (<c>docs/ledger-format.md</c>, "Rotating keys"). A signing key is named by its vkey, a MAC key by its id, a blank and its check.
/// </summary>
public sealed record KeyRotation(OrgId Ledger, RotatedKey Kind, string OldKey, string NewKey)
{
    public const string EventType = "ledger.key_rotated";

    const string Tag = "CertFunctions/key-rotation/v1";

    /// <summary>Leaves end in their type, so that most are passed over without being read.</summary>
    static ReadOnlySpan<byte> Ending => ",\"type\":\"ledger.key_rotated\",\"v\":1}"u8;

    /// <summary>The text that is signed: five lines, each ended by a line feed.</summary>
    public byte[] ToText() => Encoding.UTF8.GetBytes($"{Tag}\nledger {Ledger}\nkind {Wire(Kind)}\nold {OldKey}\nnew {NewKey}\n");

    /// <summary>The kind as the text and the event spell it.</summary>
    public static string Wire(RotatedKey kind) => kind == RotatedKey.Signing ? "signing" : "hmac";

    /// <summary>Signs the text with the log's key in force; the payload of the event.</summary>
    public async Task<Action<Utf8JsonWriter>> SignAsync(INoteSigner inForce, CancellationToken cancellationToken)
    {
        var text = ToText();
        var note = new SignedNote(text, [await inForce.SignAsync(text, cancellationToken).ConfigureAwait(false)]);
        // The one signature line, without the text before it and its line feed.
        var line = Encoding.UTF8.GetString(note.ToBytes().AsSpan(text.Length + 1)).TrimEnd('\n');
        return json =>
        {
            json.WriteString("key_kind"u8, Wire(Kind));
            json.WriteString("old_key"u8, OldKey);
            json.WriteString("new_key"u8, NewKey);
            json.WriteString("signature"u8, line);
        };
    }

    /// <summary>Whether a leaf claims to be a rotation; read further only those that do.</summary>
    public static bool MayBe(ReadOnlySpan<byte> leaf) => leaf.EndsWith(Ending);

    /// <summary>
    /// Reads a leaf that tells of a rotation, with the note its parts make. Null for anything else, an event of that name in another place among it: only the
    /// service writes in project <c>system</c>, and only what the log's key signed counts.
    /// </summary>
    public static (KeyRotation Rotation, SignedNote Note)? TryRead(ReadOnlySpan<byte> leaf)
    {
        if (!MayBe(leaf) || !LeafHeader.TryRead(leaf, out var header) || header.Type != EventType || header.Address != TellOwnEvent.Ledger(header.Address.Org))
            return null;
        try
        {
            return Read(leaf, header.Address.Org);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static (KeyRotation Rotation, SignedNote Note)? Read(ReadOnlySpan<byte> leaf, OrgId ledger)
    {
        using var document = JsonDocument.Parse(leaf.ToArray());
        if (!document.RootElement.TryGetProperty("data"u8, out var data) || data.ValueKind != JsonValueKind.Object
            || Text(data, "key_kind"u8) is not ("signing" or "hmac") || Text(data, "old_key"u8) is not { } oldKey || Text(data, "new_key"u8) is not { } newKey
            || Text(data, "signature"u8) is not { } line)
            return null;
        var rotation = new KeyRotation(ledger, Text(data, "key_kind"u8) == "signing" ? RotatedKey.Signing : RotatedKey.Hmac, oldKey, newKey);
        return SignedNote.TryParse([.. rotation.ToText(), (byte)'\n', .. Encoding.UTF8.GetBytes(line), (byte)'\n'], out var note, out _) && note.Text.Span.SequenceEqual(rotation.ToText())
            ? (rotation, note)
            : null;
    }

    static string? Text(JsonElement data, ReadOnlySpan<byte> name) => data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
