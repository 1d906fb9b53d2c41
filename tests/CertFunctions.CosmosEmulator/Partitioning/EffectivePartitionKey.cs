using System.Buffers.Binary;
using System.Text;
using CertFunctions.Emulation.Query;

namespace CertFunctions.Emulation.Partitioning;

/// <summary>
/// Where a partition key lies in the hash space, as upper-case hexadecimal: per component a Murmur3-128 with the top two
/// bits cleared, concatenated. The SDK computes the same to route bulk operations, so a difference shows as a 410.
/// </summary>
static class EffectivePartitionKey
{
    public const string Lowest = "";
    public const string Highest = "FF";

    const int HashBytes = 16;

    public static string Of(PartitionKeyValue key, PartitionKeyDefinition definition)
    {
        if (definition.IsHierarchical)
            return string.Concat(key.Components.Select(component => Hash([component])));

        return Hash(key.Components);
    }

    /// <summary>The half-open range of every key that begins with this one: a point for a whole key.</summary>
    public static EpkRange RangeOf(PartitionKeyValue key, PartitionKeyDefinition definition)
    {
        var epk = Of(key, definition);
        return key.Components.Count == definition.Paths.Count ? EpkRange.Point(epk) : new EpkRange(epk, epk + Highest);
    }

    /// <summary>Where range number <paramref name="index"/> of <paramref name="count"/> equal ranges begins.</summary>
    public static string Boundary(int index, int count)
    {
        if (index == 0) return Lowest;
        if (index == count) return Highest;
        var space = UInt128.One << 126;
        return (space / (UInt128)count * (UInt128)index).ToString("X32", System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>A key half way between two, to split a range at.</summary>
    public static string Middle(string min, string max)
    {
        var low = Parse(min);
        var high = max == Highest ? UInt128.One << 126 : Parse(max);
        return (low + (high - low) / 2).ToString("X32", System.Globalization.CultureInfo.InvariantCulture);

        static UInt128 Parse(string epk) => epk.Length == 0
            ? UInt128.Zero
            : UInt128.Parse(epk.PadRight(32, '0').AsSpan(0, 32), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
    }

    static string Hash(IReadOnlyList<SqlValue> components)
    {
        using var bytes = new MemoryStream();
        foreach (var component in components) Write(bytes, component);
        var (low, high) = Murmur3.Hash128(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));

        Span<byte> hash = stackalloc byte[HashBytes];
        BinaryPrimitives.WriteUInt64BigEndian(hash, high);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], low);
        hash[0] &= 0x3F;
        return Convert.ToHexString(hash);
    }

    static void Write(MemoryStream bytes, SqlValue component)
    {
        switch (component.Kind)
        {
            case SqlKind.Undefined:
                bytes.WriteByte(0x00);
                break;
            case SqlKind.Null:
                bytes.WriteByte(0x01);
                break;
            case SqlKind.Boolean:
                bytes.WriteByte(component.IsTrue ? (byte)0x03 : (byte)0x02);
                break;
            case SqlKind.Number:
                bytes.WriteByte(0x05);
                Span<byte> number = stackalloc byte[8];
                BinaryPrimitives.WriteDoubleLittleEndian(number, component.Number);
                bytes.Write(number);
                break;
            default:
                bytes.WriteByte(0x08);
                bytes.Write(Encoding.UTF8.GetBytes(component.Text!));
                bytes.WriteByte(0xFF);
                break;
        }
    }
}
