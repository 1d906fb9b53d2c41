using System.Globalization;
using System.Text;

namespace CertFunctions.Core.Tree;

/// <summary>
/// A tile of hashes, or a bundle of entries, as C2SP tlog-tiles names them: 256 hashes (or entries) when full, fewer at the right edge of a tree. The
/// n-th hash of a tile at level L is the root over 256^L leaves. As a path, <c>tile/L/N</c> or <c>tile/entries/N</c>, partial ones with <c>.p/W</c>;
/// N in groups of three digits, all but the last after an <c>x</c>: 1234067 is <c>x001/x234/067</c>.
/// </summary>
public readonly record struct TileId
{
    /// <summary>Levels in one tile: each is a subtree of this height.</summary>
    public const int Height = 8;

    /// <summary>Hashes of a full tile.</summary>
    public const int FullWidth = 1 << Height;

    /// <summary>The level of entry bundles, which stand below level 0.</summary>
    public const int Entries = -1;

    /// <summary>The highest level a tree of 2^63 − 1 leaves has.</summary>
    public const int MaxLevel = 7;

    /// <summary>No path of a tile is longer.</summary>
    public const int MaxPathLength = 64;

    /// <param name="level">0 to <see cref="MaxLevel"/>, or <see cref="Entries"/>.</param>
    /// <param name="index">Which tile of that level, from 0.</param>
    /// <param name="width">How many hashes or entries: 1 to 256.</param>
    public TileId(int level, long index, int width)
    {
        if (!IsInRange(level, index, width))
            throw new ArgumentOutOfRangeException(nameof(index), $"no tree has a tile at level {level}, index {index}, width {width}");
        (Level, Index, Width) = (level, index, width);
    }

    public int Level { get; }

    public long Index { get; }

    public int Width { get; }

    public bool IsFull => Width == FullWidth;

    /// <summary>The same tile once it is full.</summary>
    public TileId Full => new(Level, Index, FullWidth);

    /// <summary>The bundle of entries beside a tile of level 0.</summary>
    public static TileId Bundle(long index, int width) => new(Entries, index, width);

    /// <summary>The tile at <paramref name="level"/> and <paramref name="index"/> in the tree of <paramref name="size"/> leaves; false where that tree has none.</summary>
    public static bool TryFind(int level, long index, long size, out TileId tile)
    {
        tile = default;
        if (level is < Entries or > MaxLevel || index < 0 || size < 0)
            return false;
        var row = size >> Height * Math.Max(0, level);
        if (index > row >> Height || row - (index << Height) is var width && width <= 0)
            return false;
        tile = new TileId(level, index, (int)Math.Min(width, FullWidth));
        return true;
    }

    /// <summary>Reads a path, beginning with <c>tile/</c>; exactly what <see cref="ToString"/> prints is one.</summary>
    public static bool TryParse(ReadOnlySpan<char> path, out TileId tile)
    {
        tile = default;
        if (path.Length > MaxPathLength || !path.StartsWith("tile/"))
            return false;
        var rest = path[5..];
        int level;
        if (rest.StartsWith("entries/"))
            level = Entries;
        else if (rest.Length > 2 && char.IsAsciiDigit(rest[0]) && rest[1] == '/')
            level = rest[0] - '0';
        else
            return false;
        rest = rest[(rest.IndexOf('/') + 1)..];

        var width = FullWidth;
        if (rest.IndexOf(".p/") is >= 0 and var dot)
        {
            var digits = rest[(dot + 3)..];
            if (digits.Length is 0 or > 3 || digits[0] == '0' || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out width) || width >= FullWidth)
                return false;
            rest = rest[..dot];
        }

        if (!TryReadIndex(rest, out var index) || !IsInRange(level, index, width))
            return false;
        tile = new TileId(level, index, width);
        return path.SequenceEqual(tile.ToString());
    }

    /// <summary>The path.</summary>
    public override string ToString()
    {
        var path = new StringBuilder("tile/", MaxPathLength);
        if (Level == Entries)
            path.Append("entries/");
        else
            path.Append(CultureInfo.InvariantCulture, $"{Level}/");
        long group = 1;
        while (Index / group >= 1000)
            group *= 1000;
        for (; group > 1; group /= 1000)
            path.Append(CultureInfo.InvariantCulture, $"x{Index / group % 1000:000}/");
        path.Append(CultureInfo.InvariantCulture, $"{Index % 1000:000}");
        if (!IsFull)
            path.Append(CultureInfo.InvariantCulture, $".p/{Width}");
        return path.ToString();
    }

    static bool TryReadIndex(ReadOnlySpan<char> text, out long index)
    {
        index = 0;
        while (true)
        {
            var last = text.Length == 3;
            if (!last && (text.Length < 8 || text[0] != 'x' || text[4] != '/'))
                return false;
            var digits = last ? text : text[1..4];
            // NumberStyles.None: digits and nothing else. Seven groups are more than any index has.
            if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var group) || index > long.MaxValue / 1000 - 1)
                return false;
            index = index * 1000 + group;
            if (last)
                return true;
            text = text[5..];
        }
    }

    /// <summary>Whether some tree of fewer than 2^63 leaves has it.</summary>
    static bool IsInRange(int level, long index, int width) =>
        level is >= Entries and <= MaxLevel && width is >= 1 and <= FullWidth && index >= 0
        && index <= (long.MaxValue >> Height * Math.Max(0, level)) - width >> Height;
}
