using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CertFunctions.Core.Notes;

/// <summary>
/// What a witness signs (C2SP tlog-cosignature): a time and a signature over it and the checkpoint. In a note's signature line the time stands first, 8 bytes,
/// big-endian, in seconds since 1970.
/// </summary>
public sealed record Cosignature(DateTimeOffset Time, ReadOnlyMemory<byte> Signature)
{
    public const int Ed25519Bytes = 64;

    public const int MlDsa44Bytes = 2420;

    /// <summary>Takes a signature line's value apart; false where it has not the length of either type of cosignature.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> value, out Cosignature? cosignature)
    {
        cosignature = null;
        if (value.Length is not (8 + Ed25519Bytes or 8 + MlDsa44Bytes))
            return false;
        var seconds = BinaryPrimitives.ReadUInt64BigEndian(value.Span);
        if (seconds > (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return false;
        cosignature = new Cosignature(DateTimeOffset.FromUnixTimeSeconds((long)seconds), value[8..]);
        return true;
    }

    /// <summary>The value of a signature line.</summary>
    public byte[] ToBytes()
    {
        var value = new byte[8 + Signature.Length];
        BinaryPrimitives.WriteInt64BigEndian(value, Time.ToUnixTimeSeconds());
        Signature.Span.CopyTo(value.AsSpan(8));
        return value;
    }

    /// <summary>The message that an Ed25519 cosignature signs: two lines and the checkpoint's text.</summary>
    public static byte[] Ed25519Message(DateTimeOffset time, ReadOnlySpan<byte> checkpointText) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time.ToUnixTimeSeconds()}\n")), .. checkpointText];
}
