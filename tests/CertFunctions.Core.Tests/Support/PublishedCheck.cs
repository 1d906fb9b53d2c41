using System.Buffers;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Tests.Support;

/// <summary>
/// Everything an archive may be asked about a ledger, after whatever happened: each checkpoint is signed, is that of the ledger's first entries by the slow
/// definition, has all of its tiles and bundles, and agrees with the one before it.
/// </summary>
static class PublishedCheck
{
    /// <returns>The checkpoints, by size and time.</returns>
    public static async Task<IReadOnlyList<Checkpoint>> AssertWholeAsync(IArchive archive, IReadOnlyList<ChainedEvent> entries, OrgId ledger, IReadOnlyList<VerifierKey> keys)
    {
        var leaves = entries.Select(e => LedgerHash.Leaf(e.Event.Leaf.Span)).ToArray();
        var found = new List<Checkpoint>();
        await foreach (var name in ArchivedCheckpoints.ListAsync(archive, ledger, default))
        {
            var archived = await ArchivedCheckpoints.ReadAsync(archive, ledger, name, default);
            Assert.False(archived.Note.Check(keys).IsRefused);
            var checkpoint = archived.Checkpoint;
            var size = (int)checkpoint.Size;
            Assert.InRange(size, 0, entries.Count);
            Assert.Equal(size == 0 ? LedgerHash.Genesis(ledger) : entries[size - 1].Hash, checkpoint.Chain);
            if (found.Count > 0)
            {
                var proof = await TreeProof.ConsistencyAsync(new ArchiveTiles(archive, ledger, size), found[^1].Size, size, default);
                Assert.True(TreeProof.IsConsistent(found[^1].Size, found[^1].Root, size, checkpoint.Root, [.. proof]));
            }

            if (found.Count == 0 || found[^1].Size != size)
            {
                Assert.Equal(new Digest(NaiveTree.Root(leaves.AsSpan(0, size))), checkpoint.Root);
                await AssertTilesAsync(archive, ledger, entries, leaves, size);
            }

            found.Add(checkpoint);
        }

        var latest = await ArchivedCheckpoints.LatestAsync(archive, ledger, default);
        Assert.Equal(found.LastOrDefault(), latest?.Checkpoint);
        return found;
    }

    static async Task AssertTilesAsync(IArchive archive, OrgId ledger, IReadOnlyList<ChainedEvent> entries, Digest[] leaves, int size)
    {
        var expected = MemoryTiles.Of(leaves.AsSpan(0, size));
        foreach (var (id, hashes) in expected.All)
            Assert.Equal(hashes, (await archive.ReadAsync(ArchiveLayout.Tile(ledger, id), default))?.ToArray());
        for (var index = 0; TileId.TryFind(TileId.Entries, index, size, out var id); index++)
        {
            var bundle = new ArrayBufferWriter<byte>();
            foreach (var entry in entries.Skip(index * TileId.FullWidth).Take(id.Width))
                EntryBundle.Write(entry.Event.Leaf.Span, bundle);
            Assert.Equal(bundle.WrittenSpan.ToArray(), (await archive.ReadAsync(ArchiveLayout.Tile(ledger, id), default))?.ToArray());
        }
    }
}
