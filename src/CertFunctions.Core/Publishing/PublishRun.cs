using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Publishing;

/// <summary>One run over one ledger: the growing tree, the bundle at its edge and what was put in the archive since the last checkpoint.</summary>
sealed class PublishRun(ILedgerStore ledgers, IArchive archive, LogName log, LogKeys keys, TimeProvider clock, OrgId ledger, GrowingTiles tiles, Checkpoint? last, KeyInForce inForce)
{
    readonly ArrayBufferWriter<byte> bundle = new();
    readonly List<(string Name, byte[] Hash)> put = [];
    Checkpoint? last = last;
    Digest previous = last?.Chain ?? LedgerHash.Genesis(ledger);

    /// <summary>The id that the MAC of the last entry seen is under.</summary>
    public string? LastMac { get; private set; }

    /// <summary>
    /// Holds the ledger against what was published of it: its entry at the edge must be the one the chain hash was signed of, and so all before it. With
    /// more to publish, the leaves of the bundle at the edge are read again, each held against its tile.
    /// </summary>
    public async Task<PublishOutcome?> ResumeAsync(bool more, CancellationToken cancellationToken)
    {
        if (tiles.Size == 0)
            return null;
        var from = more ? tiles.Size / TileId.FullWidth * TileId.FullWidth : tiles.Size;
        from = Math.Min(from, tiles.Size - 1);
        var entries = await ledgers.ReadAsync(ledger, from, (int)(tiles.Size - from), cancellationToken).ConfigureAwait(false);
        if (entries.Count != tiles.Size - from)
            return Refuse($"the ledger gives no entry {from + entries.Count}, which is published", from + entries.Count);
        LastMac = entries[^1].KeyId;
        if (entries[^1].Hash != previous)
            return Refuse($"the ledger was rewritten: its entry {tiles.Size - 1} is not the one that was published", tiles.Size - 1);
        foreach (var entry in entries)
        {
            var leafHash = LedgerHash.Leaf(entry.Event.Leaf.Span);
            if (tiles.TryGetLeaf(entry.Index, out var published) && published != leafHash || LedgerHash.Entry(entry.Index, entry.PreviousHash, leafHash) != entry.Hash)
                return Refuse($"the ledger was rewritten: the event of its entry {entry.Index} is not the one that was published", entry.Index);
            if (entry.Index >= tiles.Size / TileId.FullWidth * TileId.FullWidth)
                EntryBundle.Write(entry.Event.Leaf.Span, bundle);
        }

        return null;
    }

    /// <summary>
    /// From the last checkpoint to the next. Where the key in force at one's end is not at hand, it is the one after: a later entry may bring in ours. Where there is no
    /// checkpoint yet, and several keys, only the whole ledger tells which of them it began under.
    /// </summary>
    public async Task<PublishOutcome> AdvanceAsync(long headSize, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await AddAsync(Math.Min(headSize, tiles.Size + PublishCheckpoints.MaxEntriesPerCheckpoint), cancellationToken).ConfigureAwait(false) is { } refused)
                return refused;
            var signer = last is null && tiles.Size < headSize && keys.Known(log.Origin(ledger)).Count > 1 ? null : keys.SignerOf(inForce.Key);
            if (signer is null && tiles.Size == headSize)
                return Refuse($"its checkpoints are signed with the key {inForce.Key.KeyId:x8}{SinceWhen()}, and this service has {keys.Signer(log.Origin(ledger)).Verifier.KeyId:x8}: name all of the log's signing keys, oldest first, this one with its private half (the ids are those in vkeys)", inForce.Since);
            if (signer is not null && await PutEdgeAsync(cancellationToken).ConfigureAwait(false) is { } differs)
                return differs;
            if (await ReadBackAsync(cancellationToken).ConfigureAwait(false) is { } lost)
                return lost;
            if (signer is not null)
                return await SignAsync(signer, cancellationToken).ConfigureAwait(false);
        }
    }

    string SinceWhen() => inForce.Since is { } index ? string.Create(CultureInfo.InvariantCulture, $" since entry {index}") : "";

    async Task<PublishOutcome?> AddAsync(long end, CancellationToken cancellationToken)
    {
        while (tiles.Size < end)
        {
            // If we die anywhere in here, tiles lie in the archive that no checkpoint names; the next run makes the same bytes and finds them there.
            if (await AddBundleAsync(end, cancellationToken).ConfigureAwait(false) is { } refused)
                return refused;
        }

        return null;
    }

    async Task<PublishOutcome?> ReadBackAsync(CancellationToken cancellationToken)
    {
        // Before it is signed, the archive must give back what the checkpoint rests on: one that takes writes and loses them is found out here.
        foreach (var (name, hash) in put)
        {
            if (await archive.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } there || !SHA256.HashData(there.Span).AsSpan().SequenceEqual(hash))
                return Refuse($"the archive took {name} and does not give it back as it was");
        }

        put.Clear();
        return null;
    }

    /// <summary>The entries up to the end of their bundle, and the tiles that are full with them.</summary>
    async Task<PublishOutcome?> AddBundleAsync(long end, CancellationToken cancellationToken)
    {
        var index = tiles.Size / TileId.FullWidth;
        var wanted = (int)(Math.Min(end, (index + 1) * TileId.FullWidth) - tiles.Size);
        var entries = await ledgers.ReadAsync(ledger, tiles.Size, wanted, cancellationToken).ConfigureAwait(false);
        if (entries.Count != wanted)
            return Refuse($"the ledger gives no entry {tiles.Size + entries.Count}, though its head names it", tiles.Size + entries.Count);
        var full = new List<Tile>();
        foreach (var entry in entries)
        {
            var leafHash = LedgerHash.Leaf(entry.Event.Leaf.Span);
            var hash = LedgerHash.Entry(tiles.Size, previous, leafHash);
            if (entry.Index != tiles.Size || entry.PreviousHash != previous || entry.LeafHash != leafHash || entry.Hash != hash)
                return Refuse($"entry {tiles.Size} of the ledger does not follow from the one before it: run 'certfn verify'", tiles.Size);
            EntryBundle.Write(entry.Event.Leaf.Span, bundle);
            inForce.Push(entry.Index, entry.Event.Leaf.Span);
            LastMac = entry.KeyId;
            tiles.Append(leafHash, full);
            previous = hash;
        }

        if (full.Count == 0)
            return null;
        if (await PutAsync(TileId.Bundle(index, TileId.FullWidth), bundle.WrittenMemory, cancellationToken).ConfigureAwait(false) is { } refused)
            return refused;
        bundle.ResetWrittenCount();
        foreach (var tile in full)
        {
            if (await PutAsync(tile.Id, tile.Hashes, cancellationToken).ConfigureAwait(false) is { } differs)
                return differs;
        }

        return null;
    }

    /// <summary>The bundle and the tiles at the right edge, which are not full; as they stand where nothing is new.</summary>
    async Task<PublishOutcome?> PutEdgeAsync(CancellationToken cancellationToken)
    {
        if (tiles.Size == (last?.Size ?? 0))
            return null;
        var width = (int)(tiles.Size % TileId.FullWidth);
        if (width > 0 && await PutAsync(TileId.Bundle(tiles.Size / TileId.FullWidth, width), bundle.WrittenMemory, cancellationToken).ConfigureAwait(false) is { } refused)
            return refused;
        foreach (var tile in tiles.Partial())
        {
            // One that is as it was at the last checkpoint is there: the levels above seldom change.
            if ((last is null || !TileId.TryFind(tile.Id.Level, tile.Id.Index, last.Size, out var before) || before != tile.Id)
                && await PutAsync(tile.Id, tile.Hashes, cancellationToken).ConfigureAwait(false) is { } differs)
                return differs;
        }

        return null;
    }

    async Task<PublishOutcome?> PutAsync(TileId id, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var name = ArchiveLayout.Tile(ledger, id);
        put.Add((name, SHA256.HashData(bytes.Span)));
        return await archive.PutAsync(name, bytes, cancellationToken).ConfigureAwait(false) == ArchivePut.Differs
            ? Refuse($"the archive holds another {name}: this ledger, or the archive, was rewritten", id.Level <= 0 ? id.Index * TileId.FullWidth : null)
            : null;
    }

    /// <summary>Last of all, so that nothing names what is not there.</summary>
    async Task<PublishOutcome> SignAsync(INoteSigner signer, CancellationToken cancellationToken)
    {
        var now = Checkpoint.CutToSeconds(clock.GetUtcNow());
        // A clock that was set back must not put a later checkpoint before an earlier one.
        var checkpoint = new Checkpoint
        {
            Origin = log.Origin(ledger),
            Size = tiles.Size,
            Root = tiles.Root(),
            Chain = previous,
            Time = last?.Time is { } before && before > now ? before : now,
        };
        if (checkpoint == last)
            return new PublishOutcome.Published(checkpoint);
        var text = checkpoint.ToText();
        var signature = await signer.SignAsync(text, cancellationToken).ConfigureAwait(false);
        var name = ArchiveLayout.Checkpoint(ledger, checkpoint.Size, checkpoint.Time.Value);
        // If we die before this, nothing was said. If it lands and we do not learn of it, the next run finds it as the last one and goes on from it.
        if (await archive.PutAsync(name, new SignedNote(text, [signature]).ToBytes(), CancellationToken.None).ConfigureAwait(false) == ArchivePut.Differs
            && !await IsOursAsync(name, checkpoint, cancellationToken).ConfigureAwait(false))
            return Refuse($"the archive holds another {name}");
        last = checkpoint;
        return new PublishOutcome.Published(checkpoint);
    }

    /// <summary>Whether another publisher of this log said the same in the same second: the text is the same, and two signatures of one key never are.</summary>
    async Task<bool> IsOursAsync(string name, Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var there = await ArchivedCheckpoints.ReadAsync(archive, ledger, name, cancellationToken).ConfigureAwait(false);
        return there.Checkpoint == checkpoint && !there.Note.Check(keys.Known(checkpoint.Origin)).IsRefused;
    }

    static PublishOutcome.Refused Refuse(FormattableString reason, long? index = null) => new(reason.ToString(CultureInfo.InvariantCulture), index);
}
