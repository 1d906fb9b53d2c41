using System.Buffers;
using System.Buffers.Binary;

namespace CertFunctions.Core.Tree;

/// <summary>Up to 256 leaves, one after another, each after its length as 2 bytes, big-endian (C2SP tlog-tiles). A leaf is at most 65 535 bytes for it.</summary>
public static class EntryBundle
{
    /// <summary>The longest leaf a bundle can hold.</summary>
    public const int MaxLeafBytes = ushort.MaxValue;

    /// <summary>The longest bundle there can be.</summary>
    public const int MaxBytes = TileId.FullWidth * (2 + MaxLeafBytes);

    public static void Write(ReadOnlySpan<byte> leaf, IBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leaf.Length, MaxLeafBytes, nameof(leaf));
        BinaryPrimitives.WriteUInt16BigEndian(output.GetSpan(2), (ushort)leaf.Length);
        output.Advance(2);
        output.Write(leaf);
    }

    /// <summary>Takes the next leaf off a bundle; false at its end and where it is cut off (then <paramref name="bundle"/> is not empty).</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> bundle, out ReadOnlySpan<byte> leaf)
    {
        leaf = default;
        if (bundle.Length < 2 || BinaryPrimitives.ReadUInt16BigEndian(bundle) is var length && bundle.Length < 2 + length)
            return false;
        leaf = bundle.Slice(2, length);
        bundle = bundle[(2 + length)..];
        return true;
    }
}
