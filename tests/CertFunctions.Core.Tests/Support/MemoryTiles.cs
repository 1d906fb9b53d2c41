using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Tests.Support;

/// <summary>The tiles of a tree that grows leaf by leaf, every partial one of every size asked for, and how often each was read.</summary>
sealed class MemoryTiles : ITileSource
{
    readonly Dictionary<TileId, byte[]> tiles = [];

    public GrowingTiles Tree { get; private set; } = new();

    public List<TileId> Reads { get; } = [];

    public static MemoryTiles Of(ReadOnlySpan<Digest> leaves)
    {
        var tiles = new MemoryTiles();
        tiles.Append(leaves);
        return tiles;
    }

    /// <summary>Leaf hashes that differ from one another, the same for the same seed.</summary>
    public static Digest[] Leaves(int count, int seed = 1)
    {
        var random = new Random(seed);
        var leaves = new Digest[count];
        foreach (ref var leaf in leaves.AsSpan())
            random.NextBytes(leaf.Bytes);
        return leaves;
    }

    /// <summary>Grows the tree and publishes its tiles.</summary>
    public void Append(ReadOnlySpan<Digest> leaves)
    {
        var full = new List<Tile>();
        foreach (ref readonly var leaf in leaves)
            Tree.Append(leaf, full);
        foreach (var tile in full.Concat(Tree.Partial()))
            tiles[tile.Id] = tile.Hashes.ToArray();
    }

    public async Task ReloadAsync() => Tree = await GrowingTiles.LoadAsync(this, Tree.Size, default);

    public IReadOnlyDictionary<TileId, byte[]> All => tiles;

    public void Put(TileId id, byte[] hashes) => tiles[id] = hashes;

    public void Remove(TileId id) => tiles.Remove(id);

    public Task<ReadOnlyMemory<byte>?> ReadAsync(TileId tile, CancellationToken cancellationToken)
    {
        Reads.Add(tile);
        return Task.FromResult(tiles.TryGetValue(tile, out var hashes) ? hashes : default(ReadOnlyMemory<byte>?));
    }
}
