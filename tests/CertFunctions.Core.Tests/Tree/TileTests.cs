using System.Buffers;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Tree;

public sealed class TileTests
{
    static readonly Gen<TileId> Tiles =
        from level in Gen.Choose(TileId.Entries, 5)
        from magnitude in Gen.Choose(0, 14)
        from high in Gen.Choose(0, int.MaxValue)
        from width in Gen.Choose(1, 256)
        let most = (long.MaxValue >> 8 * Math.Max(0, level)) - 256 >> 8
        select new TileId(level, (long)(high / (double)int.MaxValue * Math.Min(most, Math.Pow(10, magnitude))), width);

    [Fact]
    public void A_path_reads_back_as_its_tile() =>
        Prop.ForAll(Tiles.ToArbitrary(), tile => TileId.TryParse(tile.ToString(), out var back) && back == tile).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 0, 256, "tile/0/000")]
    [InlineData(0, 273, 112, "tile/0/273.p/112")]
    [InlineData(1, 1_234_067, 256, "tile/1/x001/x234/067")]
    [InlineData(-1, 999, 1, "tile/entries/999.p/1")]
    [InlineData(-1, 1000, 255, "tile/entries/x001/000.p/255")]
    [InlineData(7, 0, 127, "tile/7/000.p/127")]
    public void Paths_are_those_of_tlog_tiles(int level, long index, int width, string path)
    {
        Assert.Equal(path, new TileId(level, index, width).ToString());
        Assert.True(TileId.TryParse(path, out var tile));
        Assert.Equal(new TileId(level, index, width), tile);
    }

    [Theory]
    [InlineData("")]
    [InlineData("tile/")]
    [InlineData("tile/0")]
    [InlineData("tile/0/")]
    [InlineData("tile/0/0")]
    [InlineData("tile/0/0000")]
    [InlineData("tile/00/000")]
    [InlineData("tile/8/000")]
    [InlineData("tile/63/000")]
    [InlineData("tile/-1/000")]
    [InlineData("tile/0/x000/000")]
    [InlineData("tile/0/001/000")]
    [InlineData("tile/0/x001")]
    [InlineData("tile/0/x1/000")]
    [InlineData("tile/0/000.p/0")]
    [InlineData("tile/0/000.p/256")]
    [InlineData("tile/0/000.p/01")]
    [InlineData("tile/0/000.p/")]
    [InlineData("tile/0/000.p/+1")]
    [InlineData("tile/0/000.p/1.p/1")]
    [InlineData("tile/0/ 00")]
    [InlineData("tile/0/000/")]
    [InlineData("/tile/0/000")]
    [InlineData("tile/0/../000")]
    [InlineData("tile/entries/0/000")]
    [InlineData("tile/7/000")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    public void What_is_not_such_a_path_is_refused(string path) => Assert.False(TileId.TryParse(path, out _));

    [Theory]
    [InlineData(-2, 0, 1)]
    [InlineData(8, 0, 1)]
    [InlineData(0, -1, 1)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0, 257)]
    [InlineData(0, long.MaxValue, 256)]
    [InlineData(7, 1, 1)]
    public void No_tile_is_made_that_no_tree_has(int level, long index, int width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TileId(level, index, width));

    /// <summary>The example of tlog-tiles: 273 full tiles of level 0 and one of 112, one full of level 1 and one of 17, one of level 2 of width 1.</summary>
    [Fact]
    public async Task A_tree_of_70_000_has_the_tiles_of_the_standards_example()
    {
        var leaves = MemoryTiles.Leaves(70_000);
        var tiles = MemoryTiles.Of(leaves);

        var expected = Enumerable.Range(0, 273).Select(n => new TileId(0, n, 256)).Append(new TileId(0, 273, 112))
            .Append(new TileId(1, 0, 256)).Append(new TileId(1, 1, 17)).Append(new TileId(2, 0, 1));
        Assert.Equal(expected.ToHashSet(), tiles.All.Keys.ToHashSet());
        Assert.All(tiles.All, tile => Assert.Equal(tile.Key.Width * Digest.Length, tile.Value.Length));
        Assert.Equal(NaiveTree.Root(leaves.AsSpan(256, 256)), tiles.All[new TileId(1, 0, 256)][32..64]);
        Assert.Equal(NaiveTree.Root(leaves.AsSpan(0, 65_536)), tiles.All[new TileId(2, 0, 1)]);
        Assert.True(tiles.Tree.TryGetLeaf(69_999, out var last) && last == leaves[^1]);
        Assert.True(tiles.Tree.TryGetLeaf(69_888, out var first) && first == leaves[69_888]);
        Assert.False(tiles.Tree.TryGetLeaf(69_887, out _) || tiles.Tree.TryGetLeaf(70_000, out _));

        tiles.Reads.Clear();
        await tiles.ReloadAsync();
        Assert.Equal(3, tiles.Reads.Count);
    }

    /// <summary>Stops and starts wherever it may change nothing: the bytes of every tile are those of a tree that never stopped.</summary>
    [Fact]
    public void A_tree_loaded_from_its_tiles_goes_on_as_if_it_had_not_stopped() =>
        Prop.ForAll(Gen.ListOf(Gen.Choose(0, 300)).Where(l => l.Count < 12).ToArbitrary(), steps =>
        {
            var leaves = MemoryTiles.Leaves(steps.Sum());
            var stopping = new MemoryTiles();
            var done = 0;
            foreach (var step in steps)
            {
                stopping.Append(leaves.AsSpan(done, step));
                stopping.ReloadAsync().GetAwaiter().GetResult();
                done += step;
            }

            var whole = MemoryTiles.Of(leaves);
            return stopping.Tree.Root() == whole.Tree.Root() && stopping.Tree.Root() == new Digest(NaiveTree.Root(leaves))
                && whole.All.All(t => stopping.All[t.Key].AsSpan().SequenceEqual(t.Value));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 0, 0, false, 0)]
    [InlineData(0, 0, 1, true, 1)]
    [InlineData(0, 1, 256, false, 0)]
    [InlineData(1, 0, 256, true, 1)]
    [InlineData(1, 0, 255, false, 0)]
    [InlineData(0, 0, 300, true, 256)]
    [InlineData(-1, 1, 300, true, 44)]
    [InlineData(0, long.MaxValue, long.MaxValue, false, 0)]
    [InlineData(7, 0, long.MaxValue, true, 127)]
    [InlineData(8, 0, long.MaxValue, false, 0)]
    [InlineData(0, -1, 5, false, 0)]
    public void A_tree_of_a_size_has_a_tile_of_this_width(int level, long index, long size, bool has, int width)
    {
        Assert.Equal(has, TileId.TryFind(level, index, size, out var tile));
        if (has)
            Assert.Equal(width, tile.Width);
    }

    [Fact]
    public void A_bundle_gives_back_its_leaves_and_says_where_it_is_cut()
    {
        var output = new ArrayBufferWriter<byte>();
        byte[][] leaves = [[], [1], new byte[EntryBundle.MaxLeafBytes]];
        foreach (var leaf in leaves)
            EntryBundle.Write(leaf, output);

        ReadOnlySpan<byte> rest = output.WrittenSpan;
        foreach (var leaf in leaves)
        {
            Assert.True(EntryBundle.TryTake(ref rest, out var taken));
            Assert.Equal(leaf, taken.ToArray());
        }

        Assert.True(rest.IsEmpty);
        Assert.False(EntryBundle.TryTake(ref rest, out _));
        rest = output.WrittenSpan[2..^1];
        Assert.True(EntryBundle.TryTake(ref rest, out _));
        Assert.False(EntryBundle.TryTake(ref rest, out _));
        Assert.False(rest.IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => EntryBundle.Write(new byte[EntryBundle.MaxLeafBytes + 1], output));
    }
}
