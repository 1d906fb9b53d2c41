using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Tree;

public sealed class TreeProofTests
{
    const int Most = 130;

    static readonly Digest[] Leaves = MemoryTiles.Leaves(Most);

    static readonly Digest[] Roots = [.. Enumerable.Range(0, Most + 1).Select(n => new Digest(NaiveTree.Root(Leaves.AsSpan(0, n))))];

    [Fact]
    public async Task Roots_of_all_sizes_to_130_are_those_of_the_recursive_definition()
    {
        var frontier = new LeafTree();
        for (var size = 0; size <= Most; size++)
        {
            var tiles = MemoryTiles.Of(Leaves.AsSpan(0, size));
            Assert.Equal(Roots[size], frontier.Root());
            Assert.Equal(Roots[size], tiles.Tree.Root());
            Assert.Equal(Roots[size], await TreeProof.RootAsync(tiles, size, default));
            Assert.Equal(Roots[size], (await VerifiedBefore.LoadAsync(new LedgerHead(Make.Org, size, default), null, tiles, default)).Tree([])!.Root());
            if (size < Most)
                frontier.Push(Leaves[size]);
        }
    }

    [Fact]
    public async Task Inclusion_in_all_sizes_to_130_is_as_defined_and_shows_no_other_leaf_place_or_size()
    {
        for (var size = 1; size <= Most; size++)
        {
            var tiles = MemoryTiles.Of(Leaves.AsSpan(0, size));
            for (var index = 0; index < size; index++)
            {
                var path = (await TreeProof.InclusionAsync(tiles, index, size, default)).ToArray();
                Assert.Equal(NaiveTree.Path(index, Leaves.AsSpan(0, size)), path.Select(d => d.AsSpan().ToArray()));
                Assert.True(TreeProof.IsIncluded(Leaves[index], index, size, path, Roots[size]));
                foreach (var other in new[] { 0, index - 1, index, index + 1, index ^ 2, size - 1 }.Where(o => o >= 0 && o < size))
                {
                    Assert.Equal(other == index, TreeProof.IsIncluded(Leaves[index], other, size, path, Roots[size]));
                    Assert.Equal(other == index, TreeProof.IsIncluded(Leaves[other], index, size, path, Roots[size]));
                }

                AssertOnlyThisLength(path, p => TreeProof.IsIncluded(Leaves[index], index, size, p, Roots[size]));
                Assert.False(TreeProof.IsIncluded(Leaves[index], index, size, path, Roots[size - 1]));
                Assert.False(TreeProof.IsIncluded(Leaves[index], -1, size, path, Roots[size]));
                Assert.False(TreeProof.IsIncluded(Leaves[index], size, size, path, Roots[size]));
            }
        }
    }

    [Fact]
    public async Task Consistency_of_all_sizes_to_130_is_as_defined_and_of_no_other_roots()
    {
        for (var to = 0; to <= Most; to++)
        {
            var tiles = MemoryTiles.Of(Leaves.AsSpan(0, to));
            for (var from = 0; from <= to; from++)
            {
                var path = (await TreeProof.ConsistencyAsync(tiles, from, to, default)).ToArray();
                Assert.Equal(NaiveTree.Proof(from, Leaves.AsSpan(0, to)), path.Select(d => d.AsSpan().ToArray()));
                Assert.True(TreeProof.IsConsistent(from, Roots[from], to, Roots[to], path));
                AssertOnlyThisLength(path, p => TreeProof.IsConsistent(from, Roots[from], to, Roots[to], p));
                Assert.False(TreeProof.IsConsistent(from, Leaves[7], to, Roots[to], path));
                Assert.Equal(from == 0 && to > 0, TreeProof.IsConsistent(from, Roots[from], to, Leaves[7], path));
                if (from > 0)
                    Assert.False(TreeProof.IsConsistent(from - 1, Roots[from], to, Roots[to], path));
                if (to > from)
                    Assert.False(TreeProof.IsConsistent(to, Roots[to], from, Roots[from], path));
            }
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(32)]
    [InlineData(61)]
    public async Task Every_single_bit_flipped_in_a_proof_is_found(int size)
    {
        var tiles = MemoryTiles.Of(Leaves.AsSpan(0, size));
        for (var index = 0; index < size; index++)
        {
            var path = (await TreeProof.InclusionAsync(tiles, index, size, default)).ToArray();
            EveryBit(path, p => TreeProof.IsIncluded(Leaves[index], index, size, p, Roots[size]));
            Digest[] ends = [Leaves[index], Roots[size]];
            EveryBit(ends, e => TreeProof.IsIncluded(e[0], index, size, path, e[1]));
        }

        for (var from = 1; from < size; from++)
        {
            var path = (await TreeProof.ConsistencyAsync(tiles, from, size, default)).ToArray();
            EveryBit(path, p => TreeProof.IsConsistent(from, Roots[from], size, Roots[size], p));
            Digest[] ends = [Roots[from], Roots[size]];
            EveryBit(ends, e => TreeProof.IsConsistent(from, e[0], size, e[1], path));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Large_random_trees_are_proven_from_their_tiles(int seed)
    {
        var random = new Random(seed);
        var size = 66_000 + random.Next(80_000);
        var leaves = MemoryTiles.Leaves(size, seed);
        var tiles = MemoryTiles.Of(leaves);
        var root = new Digest(NaiveTree.Root(leaves));
        Assert.Equal(root, tiles.Tree.Root());
        for (var n = 0; n < 20; n++)
        {
            var index = random.Next(size);
            var path = (await TreeProof.InclusionAsync(tiles, index, size, default)).ToArray();
            Assert.Equal(NaiveTree.Path(index, leaves), path.Select(d => d.AsSpan().ToArray()));
            Assert.True(TreeProof.IsIncluded(leaves[index], index, size, path, root));

            var from = 1 + random.Next(size);
            var proof = (await TreeProof.ConsistencyAsync(tiles, from, size, default)).ToArray();
            Assert.True(TreeProof.IsConsistent(from, new Digest(NaiveTree.Root(leaves.AsSpan(0, from))), size, root, proof));
        }
    }

    [Fact]
    public async Task A_proof_reads_each_tile_once_and_few_of_them()
    {
        var leaves = MemoryTiles.Leaves(70_000);
        var tiles = MemoryTiles.Of(leaves);

        await TreeProof.InclusionAsync(tiles, 12_345, 70_000, default);

        Assert.Equal(tiles.Reads.Distinct().Count(), tiles.Reads.Count);
        Assert.InRange(tiles.Reads.Count, 1, 5);
    }

    [Fact]
    public async Task A_tile_that_is_missing_or_short_is_named()
    {
        var tiles = MemoryTiles.Of(MemoryTiles.Leaves(600));
        var lost = new TileId(0, 1, 256);

        tiles.Put(lost, new byte[31]);
        var shortened = await Assert.ThrowsAsync<TileUnavailableException>(() => TreeProof.InclusionAsync(tiles, 300, 600, default));
        tiles.Remove(lost);
        var missing = await Assert.ThrowsAsync<TileUnavailableException>(() => TreeProof.InclusionAsync(tiles, 300, 600, default));

        Assert.Equal((lost, lost), (shortened.Tile, missing.Tile));
        Assert.Contains("tile/0/001 is not there", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_proof_is_made_of_what_the_tree_has_not()
    {
        var tiles = MemoryTiles.Of(Leaves);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TreeProof.InclusionAsync(tiles, Most, Most, default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TreeProof.InclusionAsync(tiles, -1, Most, default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TreeProof.ConsistencyAsync(tiles, 3, 2, default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => TreeProof.ConsistencyAsync(tiles, -1, 2, default));
    }

    [Fact]
    public void Checking_ends_at_the_largest_numbers_too()
    {
        var path = MemoryTiles.Leaves(TreeProof.MaxLength + 1);

        Assert.False(TreeProof.IsIncluded(Leaves[0], long.MaxValue - 1, long.MaxValue, path, Leaves[1]));
        Assert.False(TreeProof.IsConsistent(long.MaxValue - 1, Leaves[0], long.MaxValue, Leaves[1], path));
        Assert.False(TreeProof.IsConsistent(1L << 62, Leaves[0], long.MaxValue, Leaves[1], path.AsSpan(0, 5)));
    }

    static void AssertOnlyThisLength(Digest[] path, Func<Digest[], bool> check)
    {
        for (var length = 0; length < path.Length; length++)
            Assert.False(check(path[..length]));
        for (var more = 1; more <= 3; more++)
        {
            Assert.False(check([.. path, .. Leaves[..more]]));
            Assert.False(check([.. Leaves[..more], .. path]));
        }
    }

    static void EveryBit(Digest[] hashes, Func<Digest[], bool> check)
    {
        Assert.True(check(hashes));
        for (var bit = 0; bit < hashes.Length * 8 * Digest.Length; bit++)
        {
            hashes[bit / 256].Bytes[bit % 256 / 8] ^= (byte)(1 << bit % 8);
            Assert.False(check(hashes), $"bit {bit}");
            hashes[bit / 256].Bytes[bit % 256 / 8] ^= (byte)(1 << bit % 8);
        }
    }
}
