using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tree;

/// <summary>
/// Where tiles come from: an archive, a folder, a service. What it gives is not believed: whoever computes a root from it holds that against a signed
/// one. A source may give the full tile cut to the width asked for, where the partial one is no longer there.
/// </summary>
public interface ITileSource
{
    /// <summary>The tile's bytes, 32 per hash for level 0 and up; null where it is not there.</summary>
    Task<ReadOnlyMemory<byte>?> ReadAsync(TileId tile, CancellationToken cancellationToken);
}

/// <summary>A tile that a proof needs is not there, or cannot be one by its length.</summary>
public sealed class TileUnavailableException : Exception
{
    public TileUnavailableException()
    {
    }

    public TileUnavailableException(string message)
        : base(message)
    {
    }

    public TileUnavailableException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public TileUnavailableException(TileId tile, string what)
        : base($"{tile} {what}") => Tile = tile;

    public TileId Tile { get; }
}

/// <summary>The nodes of one tree, from its tiles. Each tile is read once.</summary>
sealed class TileReader(ITileSource source, long size)
{
    readonly Dictionary<TileId, ReadOnlyMemory<byte>> read = [];

    /// <summary>The root over the leaves <c>index · 2^level</c> up to <c>(index + 1) · 2^level</c>, all of which the tree must have.</summary>
    public async ValueTask<Digest> NodeAsync(int level, long index, CancellationToken cancellationToken)
    {
        var (tileLevel, height) = (level / TileId.Height, level % TileId.Height);
        var first = index << height;
        if (!TileId.TryFind(tileLevel, first >> TileId.Height, size, out var id))
            throw new ArgumentOutOfRangeException(nameof(index));
        var hashes = await TileAsync(id, cancellationToken).ConfigureAwait(false);
        return TreeHash.Complete(hashes.Span.Slice((int)(first % TileId.FullWidth) * Digest.Length, Digest.Length << height));
    }

    /// <summary>The root over the leaves from <paramref name="start"/> up to <paramref name="end"/>, a subtree of the tree as RFC 6962 cuts it.</summary>
    public async ValueTask<Digest> RangeAsync(long start, long end, CancellationToken cancellationToken)
    {
        // Its complete subtrees from the right, each larger than the one before, joined as they come.
        Digest? root = null;
        for (var level = 0; end > start; level++)
        {
            if (((end - start) >> level & 1) == 0)
                continue;
            end -= 1L << level;
            var left = await NodeAsync(level, end >> level, cancellationToken).ConfigureAwait(false);
            root = root is { } right ? TreeHash.Node(left, right) : left;
        }

        return root!.Value;
    }

    public async ValueTask<ReadOnlyMemory<byte>> TileAsync(TileId id, CancellationToken cancellationToken)
    {
        if (read.TryGetValue(id, out var known))
            return known;
        var hashes = await source.ReadAsync(id, cancellationToken).ConfigureAwait(false) ?? throw new TileUnavailableException(id, "is not there");
        if (hashes.Length != id.Width * Digest.Length)
            throw new TileUnavailableException(id, $"has {hashes.Length} bytes where {id.Width * Digest.Length} belong");
        read[id] = hashes;
        return hashes;
    }
}
