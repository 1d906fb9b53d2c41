using System.Numerics;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tree;

/// <summary>
/// Proofs about a tree (RFC 6962, 2.1.1 and 2.1.2), made from tiles and checked without them (RFC 9162, 2.1.3.2 and 2.1.4.2). Checking is pure and takes
/// no more steps than the size has bits; a path that is too long or too short is wrong.
/// </summary>
public static class TreeProof
{
    /// <summary>No path of a right proof is longer, so no reader need take more.</summary>
    public const int MaxLength = 64;

    /// <summary>The path that shows leaf <paramref name="index"/> to be in the tree of <paramref name="size"/> leaves.</summary>
    /// <exception cref="TileUnavailableException">A tile it needs is not there, or not of its length.</exception>
    public static async Task<IReadOnlyList<Digest>> InclusionAsync(ITileSource source, long index, long size, CancellationToken cancellationToken) =>
        (await LeafAsync(source, index, size, cancellationToken).ConfigureAwait(false)).Path;

    /// <summary>A leaf's hash as the tiles have it, and the path that shows it to be in the tree.</summary>
    /// <exception cref="TileUnavailableException">A tile it needs is not there, or not of its length.</exception>
    public static async Task<(Digest LeafHash, IReadOnlyList<Digest> Path)> LeafAsync(ITileSource source, long index, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var tiles = new TileReader(source, size);
        var path = new List<Digest>(MaxLength);
        var (start, end) = (0L, size);
        while (end - start > 1)
        {
            var split = start + Split(end - start);
            if (index < split)
            {
                path.Add(await tiles.RangeAsync(split, end, cancellationToken).ConfigureAwait(false));
                end = split;
            }
            else
            {
                path.Add(await tiles.RangeAsync(start, split, cancellationToken).ConfigureAwait(false));
                start = split;
            }
        }

        path.Reverse();
        return (await tiles.NodeAsync(0, index, cancellationToken).ConfigureAwait(false), path);
    }

    /// <summary>The path that shows the tree of <paramref name="to"/> leaves to begin with the tree of <paramref name="from"/>. Empty from 0, and from a size to itself.</summary>
    /// <exception cref="TileUnavailableException">A tile it needs is not there, or not of its length.</exception>
    public static async Task<IReadOnlyList<Digest>> ConsistencyAsync(ITileSource source, long from, long to, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        if (from == 0 || from == to)
            return [];
        var tiles = new TileReader(source, to);
        var path = new List<Digest>(MaxLength);
        var (start, end) = (0L, to);
        while (from < end)
        {
            var split = start + Split(end - start);
            if (from <= split)
            {
                path.Add(await tiles.RangeAsync(split, end, cancellationToken).ConfigureAwait(false));
                end = split;
            }
            else
            {
                path.Add(await tiles.RangeAsync(start, split, cancellationToken).ConfigureAwait(false));
                start = split;
            }
        }

        // A complete subtree that begins the tree is the earlier root itself, which the reader has.
        if (start != 0)
            path.Add(await tiles.RangeAsync(start, end, cancellationToken).ConfigureAwait(false));
        path.Reverse();
        return path;
    }

    /// <summary>The root of the tree of <paramref name="size"/> leaves, from its tiles.</summary>
    /// <exception cref="TileUnavailableException">A tile it needs is not there, or not of its length.</exception>
    public static async Task<Digest> RootAsync(ITileSource source, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? TreeHash.Empty : await new TileReader(source, size).RangeAsync(0, size, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether <paramref name="path"/> shows the leaf to be number <paramref name="index"/> of the tree with this size and root.</summary>
    public static bool IsIncluded(in Digest leafHash, long index, long size, ReadOnlySpan<Digest> path, in Digest root) =>
        TryGetRoot(leafHash, index, size, path, out var computed) && computed == root;

    /// <summary>The root that a path of the right length leads to; whether that is the tree's is for the caller to say.</summary>
    public static bool TryGetRoot(in Digest leafHash, long index, long size, ReadOnlySpan<Digest> path, out Digest root)
    {
        root = leafHash;
        if (index < 0 || index >= size || path.Length > MaxLength)
            return false;
        var (node, last) = (index, size - 1);
        foreach (ref readonly var sibling in path)
        {
            if (last == 0)
                return false;
            if ((node & 1) != 0 || node == last)
            {
                root = TreeHash.Node(sibling, root);
                // At the right edge a node without a sibling stands for its parents too.
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
                root = TreeHash.Node(root, sibling);
            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0;
    }

    /// <summary>
    /// Whether <paramref name="path"/> shows that the later tree begins with the earlier. The empty tree begins every tree and a tree itself: there the
    /// path must be empty, and the root of size 0 that of nothing.
    /// </summary>
    public static bool IsConsistent(long from, in Digest fromRoot, long to, in Digest toRoot, ReadOnlySpan<Digest> path)
    {
        if (from < 0 || from > to || path.Length > MaxLength || from == 0 && fromRoot != TreeHash.Empty || to == 0 && toRoot != TreeHash.Empty)
            return false;
        if (from == to)
            return path.IsEmpty && fromRoot == toRoot;
        if (from == 0)
            return path.IsEmpty;

        // Where the earlier tree is complete, its root is the path's first node and is left out of it.
        var complete = BitOperations.IsPow2(from);
        if (path.IsEmpty)
            return false;
        var (earlier, later) = complete ? (fromRoot, fromRoot) : (path[0], path[0]);
        var (node, last) = (from - 1, to - 1);
        while ((node & 1) != 0)
            (node, last) = (node >> 1, last >> 1);
        foreach (ref readonly var sibling in complete ? path : path[1..])
        {
            if (last == 0)
                return false;
            if ((node & 1) != 0 || node == last)
            {
                earlier = TreeHash.Node(sibling, earlier);
                later = TreeHash.Node(sibling, later);
                while ((node & 1) == 0 && node != 0)
                    (node, last) = (node >> 1, last >> 1);
            }
            else
                later = TreeHash.Node(later, sibling);
            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 && earlier == fromRoot && later == toRoot;
    }

    /// <summary>The largest power of two below <paramref name="count"/>, which is 2 or more.</summary>
    static long Split(long count) => 1L << BitOperations.Log2((ulong)(count - 1));
}
