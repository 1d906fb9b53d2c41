using System.Numerics;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Verification;

/// <summary>
/// The Merkle tree (RFC 6962, section 2.1) over leaf hashes that come one after the other: the roots of the whole subtrees so far, one for each bit of
/// the size. Written for verification alone, so that what publishes the tree and what checks it share no code but the definition of its
/// hashes. May stand for a stretch of a ledger
/// that begins at a multiple of its length, to be joined to the tree before it.
/// </summary>
public sealed class LeafTree
{
    readonly Digest[] nodes = new Digest[64];
    readonly Queue<long> wanted;
    readonly List<(long Size, Digest[] Nodes)> kept = [];
    readonly long start;
    Sha256Lanes? lanes;
    Digest[]? laid;

    /// <param name="wanted">The sizes of the ledger, ascending, whose roots are to be known; those outside of this stretch are not looked at.</param>
    /// <param name="start">The index of the stretch's first leaf.</param>
    public LeafTree(IEnumerable<long>? wanted = null, long start = 0)
    {
        this.start = start;
        this.wanted = new Queue<long>((wanted ?? []).SkipWhile(size => size <= start && (size > 0 || start > 0)));
        KeepWanted();
    }

    /// <summary>A tree that goes on from an earlier size, whose whole subtrees' roots are known, the largest first.</summary>
    public LeafTree(long size, IReadOnlyList<Digest> subtrees, IEnumerable<long>? wanted = null)
    {
        var at = 0;
        for (var level = 63; level >= 0; level--)
        {
            if ((size >> level & 1) != 0)
                nodes[level] = subtrees[at++];
        }

        Size = size;
        this.wanted = new Queue<long>((wanted ?? []).SkipWhile(s => s < size));
        KeepWanted();
    }

    /// <summary>Leaves in it.</summary>
    public long Size { get; private set; }

    /// <summary>The sizes that were wanted, and have been reached, with their roots; ascending.</summary>
    public IReadOnlyList<SizeAndRoot> Roots => [.. kept.Select(k => new SizeAndRoot(k.Size, Fold(k.Nodes)))];

    public void Push(in Digest leafHash) => PushNode(0, leafHash);

    /// <summary>Takes many leaf hashes, and overwrites them.</summary>
    public void PushAll(Digest[] leafHashes, int count)
    {
        var levels = BitOperations.Log2((uint)count);
        if (!Sha256Lanes.IsSupported || count != 1 << levels || Size % count != 0 || (wanted.TryPeek(out var next) && next - start < Size + count))
        {
            for (var i = 0; i < count; i++)
                Push(leafHashes[i]);
            return;
        }

        // In place: a node is written only when both it stands for have been taken, and before those it will stand next to.
        if (laid != leafHashes)
            (lanes, laid) = (new Sha256Lanes(leafHashes), leafHashes);
        for (; count > 1; count /= 2)
        {
            for (var i = 0; i < count; i += 2)
                lanes!.Add(i / 2, [1], leafHashes[i].AsSpan(), leafHashes[i + 1].AsSpan());
            lanes!.Finish();
        }

        PushNode(levels, leafHashes[0]);
    }

    /// <summary>Takes the tree of the stretch that comes next.</summary>
    public void Join(LeafTree stretch)
    {
        // What is wanted from here on, the stretches keep.
        wanted.Clear();
        var before = Nodes();
        foreach (var (size, subtrees) in stretch.kept)
        {
            if (size > stretch.start)
                kept.Add((size, [.. before, .. subtrees]));
        }

        for (var level = 63; level >= 0; level--)
        {
            if ((stretch.Size >> level & 1) != 0)
                PushNode(level, stretch.nodes[level]);
        }
    }

    public Digest Root() => Fold(Nodes());

    void PushNode(int level, Digest node)
    {
        var leaves = 1L << level;
        for (; (Size >> level & 1) != 0; level++)
            node = TreeHash.Node(nodes[level], node);
        nodes[level] = node;
        Size += leaves;
        KeepWanted();
    }

    void KeepWanted()
    {
        while (wanted.TryPeek(out var size) && size <= start + Size)
        {
            wanted.Dequeue();
            if (size == start + Size)
                kept.Add((size, Nodes()));
        }
    }

    Digest[] Nodes()
    {
        var subtrees = new Digest[BitOperations.PopCount((ulong)Size)];
        for (int level = 63, at = 0; level >= 0; level--)
        {
            if ((Size >> level & 1) != 0)
                subtrees[at++] = nodes[level];
        }

        return subtrees;
    }

    static Digest Fold(Digest[] subtrees)
    {
        if (subtrees.Length == 0)
            return TreeHash.Empty;
        var root = subtrees[^1];
        for (var i = subtrees.Length - 2; i >= 0; i--)
            root = TreeHash.Node(subtrees[i], root);
        return root;
    }
}
