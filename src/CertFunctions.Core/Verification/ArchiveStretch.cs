using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Verification;

/// <summary>Reads the bundles and the lowest tiles of a stretch, and holds them against each other.</summary>
sealed class ArchiveStretch(IArchive archive, OrgId org, Walk walk)
{
    readonly Digest[] hashes = new Digest[TileId.FullWidth];
    Sha256Lanes? lanes;

    /// <summary>From the walk's start up to <paramref name="end"/>, or to the first fault.</summary>
    public void Read(long end)
    {
        for (var from = walk.Start; from < end && walk.Fault is null; from += TileId.FullWidth)
        {
            var width = (int)Math.Min(TileId.FullWidth, end - from);
            ReadBundle(from / TileId.FullWidth, from, width);
        }
    }

    void ReadBundle(long number, long from, int width)
    {
        if (Find(new TileId(0, number, width)) is not { } tile)
        {
            walk.Fault = (Verdict.Incomplete, from, $"the tile {new TileId(0, number, width)} is not there");
            return;
        }

        if (tile.Length < width * Digest.Length)
        {
            walk.Fault = (Verdict.Tampered, from, $"the tile {new TileId(0, number, width)} is cut off");
            return;
        }

        if (Find(TileId.Bundle(number, width)) is not { } bundle)
            TakeHashesAlone(number, from, width, tile.Span);
        else if (!HashLeaves(bundle.Span, number, from, width) || !AgreesWith(tile.Span, number, from, width))
            return;
        else
        {
            if (walk.Leaves == 0)
                walk.Pruned = from;
            walk.Leaves += width;
        }

        if (walk.Fault is not null)
            return;
        if (width == TileId.FullWidth)
            walk.TileRoots.Add(TreeHash.Complete(tile.Span[..(width * Digest.Length)]));
        walk.Tree.PushAll(hashes, width);
    }

    /// <summary>Where the first bundles were pruned their hashes stand in for them; a hole after leaves that are there is none that pruning makes.</summary>
    void TakeHashesAlone(long number, long from, int width, ReadOnlySpan<byte> tile)
    {
        if (walk.Leaves > 0 || width < TileId.FullWidth)
        {
            walk.Fault = (Verdict.Incomplete, from, $"the bundle {TileId.Bundle(number, width)} is not there");
            return;
        }

        for (var i = 0; i < width; i++)
            hashes[i] = new Digest(tile[(i * Digest.Length)..]);
        walk.Pruned = from + width;
    }

    bool HashLeaves(ReadOnlySpan<byte> bundle, long number, long from, int width)
    {
        lanes ??= new Sha256Lanes(hashes);
        var count = 0;
        for (; count < width && EntryBundle.TryTake(ref bundle, out var leaf); count++)
        {
            if (!(LeafMembers.TryRead(leaf, out var members) && Ascii.Equals(members.Org, org.Value)) && !(LeafHeader.TryRead(leaf, out var header) && header.Address.Org == org))
            {
                walk.Fault = (Verdict.Tampered, from + count, $"the bundle {TileId.Bundle(number, width)} holds something that is no event of this org");
                lanes.Finish();
                return false;
            }

            walk.Rotations.See(from + count, leaf);
            if (Sha256Lanes.IsSupported)
                lanes.Add(count, [0], leaf);
            else
                hashes[count] = LedgerHash.Leaf(leaf);
        }

        lanes.Finish();
        if (count == width)
            return true;
        walk.Fault = (Verdict.Tampered, from + count, $"the bundle {TileId.Bundle(number, width)} is cut off");
        return false;
    }

    bool AgreesWith(ReadOnlySpan<byte> tile, long number, long from, int width)
    {
        for (var i = 0; i < width; i++)
        {
            if (hashes[i].AsSpan().SequenceEqual(tile.Slice(i * Digest.Length, Digest.Length)))
                continue;
            walk.Fault = (Verdict.Tampered, from + i, $"the tile {new TileId(0, number, width)} and its bundle are of different events");
            return false;
        }

        return true;
    }

    ReadOnlyMemory<byte>? Find(TileId id) => Find(archive, org, id);

    /// <summary>The tile as it stands at the largest size, or the full one in its place.</summary>
    internal static ReadOnlyMemory<byte>? Find(IArchive archive, OrgId org, TileId id)
    {
        var bytes = Read(id);
        return bytes is null && !id.IsFull ? Read(id.Full) : bytes;

        ReadOnlyMemory<byte>? Read(TileId tile) => archive.ReadAsync(ArchiveLayout.Tile(org, tile), CancellationToken.None).GetAwaiter().GetResult();
    }
}

/// <summary>Joins stretches as they come in order, and holds the tiles above level 0 against what those below give.</summary>
sealed class ArchiveJoin(IArchive archive, OrgId org, long size, Walk whole)
{
    readonly List<byte>[] rows = [.. Enumerable.Range(0, TileId.MaxLevel + 1).Select(_ => new List<byte>())];
    readonly long[] filled = new long[TileId.MaxLevel + 1];

    /// <summary>The tiles at the right edge, which are not full.</summary>
    public void CheckEdge()
    {
        for (var level = 1; level <= TileId.MaxLevel && whole.Fault is null; level++)
        {
            if (rows[level].Count > 0)
                CheckTile(new TileId(level, filled[level], rows[level].Count / Digest.Length));
        }
    }

    /// <summary>Takes the next stretch; whether nothing is wrong so far.</summary>
    public bool Join(Walk stretch)
    {
        // A stretch that lacks its first bundles is pruned only where all before it is.
        if (whole.Leaves > 0 && stretch.Pruned > stretch.Start)
            whole.Fault = (Verdict.Incomplete, stretch.Start, $"the bundle {TileId.Bundle(stretch.Start / TileId.FullWidth, TileId.FullWidth)} is not there");
        else if (whole.Leaves == 0)
            whole.Pruned = stretch.Pruned;
        if (whole.Fault is not null)
            return false;
        foreach (var root in stretch.TileRoots)
            Carry(1, root);
        whole.Leaves += stretch.Leaves;
        whole.Rotations.Join(stretch.Rotations);
        whole.Tree.Join(stretch.Tree);
        whole.Fault ??= stretch.Fault;
        return whole.Fault is null;
    }

    void Carry(int level, Digest hash)
    {
        if (level > TileId.MaxLevel)
            return;
        rows[level].AddRange(hash.AsSpan());
        if (rows[level].Count < TileId.FullWidth * Digest.Length)
            return;
        CheckTile(new TileId(level, filled[level]++, TileId.FullWidth));
        var root = TreeHash.Complete(rows[level].ToArray());
        rows[level].Clear();
        Carry(level + 1, root);
    }

    void CheckTile(TileId id)
    {
        var first = Math.Min(id.Index << TileId.Height * (id.Level + 1), size);
        var computed = rows[id.Level].ToArray();
        if (ArchiveStretch.Find(archive, org, id) is not { } found)
            whole.Fault ??= (Verdict.Incomplete, first, $"the tile {id} is not there");
        else if (found.Length < computed.Length || found.Span.CommonPrefixLength(computed) is var same && same < computed.Length)
            whole.Fault ??= (Verdict.Tampered, first, $"the tile {id} does not hold the hashes that the tiles below it give");
    }
}
