using System.Numerics;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tree;

/// <summary>
/// A tree that only grows, kept as the roots of its complete subtrees: one per bit of its size. Takes a leaf at O(1) hashes on average, in constant
/// memory. For who needs the root and no tile: a verifier, a witness.
/// </summary>
public sealed class TreeFrontier
{
    readonly Digest[] peaks = new Digest[63];

    /// <summary>Leaves so far.</summary>
    public long Size { get; private set; }

    /// <summary>Takes the next leaf's hash.</summary>
    public void Append(in Digest leafHash)
    {
        var carry = leafHash;
        var level = 0;
        for (; (Size >> level & 1) != 0; level++)
            carry = TreeHash.Node(peaks[level], carry);
        peaks[level] = carry;
        Size++;
    }

    /// <summary>The root over the leaves so far; costs at most a hash per bit of the size.</summary>
    public Digest Root()
    {
        if (Size == 0)
            return TreeHash.Empty;
        var level = BitOperations.TrailingZeroCount(Size);
        var root = peaks[level];
        for (level++; Size >> level != 0; level++)
        {
            if ((Size >> level & 1) != 0)
                root = TreeHash.Node(peaks[level], root);
        }

        return root;
    }

    /// <summary>The frontier of the tree of <paramref name="size"/> leaves, from its tiles: one tile per level is read, whatever the size.</summary>
    /// <exception cref="TileUnavailableException">A tile it needs is not there, or not of its length.</exception>
    public static async Task<TreeFrontier> LoadAsync(ITileSource source, long size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        var frontier = new TreeFrontier { Size = size };
        var tiles = new TileReader(source, size);
        for (var level = 0; size >> level != 0; level++)
        {
            if ((size >> level & 1) != 0)
                frontier.peaks[level] = await tiles.NodeAsync(level, (size >> level) - 1, cancellationToken).ConfigureAwait(false);
        }

        return frontier;
    }
}
