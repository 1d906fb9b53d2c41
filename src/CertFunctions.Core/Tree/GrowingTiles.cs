using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tree;

/// <summary>A tile and its bytes.</summary>
public readonly record struct Tile(TileId Id, ReadOnlyMemory<byte> Hashes);

/// <summary>
/// A tree that only grows, kept as the tiles at its right edge: at most 8 levels of 255 hashes, 64 KiB, whatever its size. Gives each full tile once, when
/// its last hash comes, and the partial ones on request. For who publishes.
/// </summary>
public sealed class GrowingTiles
{
    readonly byte[][] edge = new byte[TileId.MaxLevel + 1][];

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>The hash of a leaf, where the tile of level 0 at the right edge holds it.</summary>
    public bool TryGetLeaf(long index, out Digest leafHash)
    {
        leafHash = default;
        var start = Size - WidthAt(0);
        if (index < start || index >= Size)
            return false;
        leafHash = new Digest(edge[0].AsSpan((int)(index - start) * Digest.Length));
        return true;
    }

    /// <summary>The right edge of the tree of <paramref name="size"/> leaves: one tile per level is read, whatever the size.</summary>
    /// <exception cref="TileUnavailableException">A tile it needs is not there, or not of its length.</exception>
    public static async Task<GrowingTiles> LoadAsync(ITileSource source, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var tiles = new GrowingTiles { Size = size };
        var reader = new TileReader(source, size);
        for (var level = 0; level <= TileId.MaxLevel && tiles.WidthAt(level) is var width; level++)
        {
            if (width == 0)
                continue;
            var id = new TileId(level, tiles.IndexAt(level), width);
            var hashes = await reader.TileAsync(id, cancellationToken).ConfigureAwait(false);
            hashes.Span.CopyTo(tiles.At(level));
        }

        return tiles;
    }

    /// <summary>Takes the next leaf's hash. The tiles that are full with it are added to <paramref name="full"/>, from level 0 up.</summary>
    public void Append(in Digest leafHash, ICollection<Tile> full)
    {
        var carry = leafHash;
        for (var level = 0; ; level++)
        {
            var width = WidthAt(level);
            var hashes = At(level);
            carry.AsSpan().CopyTo(hashes.AsSpan(width * Digest.Length));
            if (width + 1 < TileId.FullWidth)
                break;
            full.Add(new Tile(new TileId(level, IndexAt(level), TileId.FullWidth), hashes));
            carry = TreeHash.Complete(hashes);
            // Given away: the next tile of this level gets an array of its own.
            edge[level] = null!;
        }

        Size++;
    }

    /// <summary>The tiles at the right edge that are not full, from level 0 up. Copies: the tree may grow on.</summary>
    public IReadOnlyList<Tile> Partial()
    {
        var partial = new List<Tile>();
        for (var level = 0; level <= TileId.MaxLevel; level++)
        {
            if (WidthAt(level) is > 0 and var width)
                partial.Add(new Tile(new TileId(level, IndexAt(level), width), edge[level].AsSpan(0, width * Digest.Length).ToArray()));
        }

        return partial;
    }

    /// <summary>The root over the leaves so far.</summary>
    public Digest Root()
    {
        Digest? root = null;
        for (var level = 0; level <= TileId.MaxLevel; level++)
        {
            // The complete subtrees of this level's hashes, the smallest last: joined from the right.
            var end = WidthAt(level);
            for (var height = 0; end > 0; height++)
            {
                if ((end >> height & 1) == 0)
                    continue;
                end -= 1 << height;
                var left = TreeHash.Complete(edge[level].AsSpan(end * Digest.Length, Digest.Length << height));
                root = root is { } right ? TreeHash.Node(left, right) : left;
            }
        }

        return root ?? TreeHash.Empty;
    }

    int WidthAt(int level) => (int)(Size >> TileId.Height * level) & (TileId.FullWidth - 1);

    /// <summary>Which tile of a level is at the right edge.</summary>
    long IndexAt(int level) => Size >> TileId.Height * level >> TileId.Height;

    byte[] At(int level) => edge[level] ??= new byte[TileId.FullWidth * Digest.Length];
}
