using System.Buffers;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Evidence;

/// <summary>What a log has published: its latest checkpoint, the keys it is signed with, and the tiles that prove from it.</summary>
public sealed record PublishedLog(SignedNote Note, Checkpoint Checkpoint, IReadOnlyList<VerifierKey> Keys, ITileSource Tiles);

/// <summary>
/// Writes the evidence of one subject (R36): every event of it that the latest checkpoint commits to, each with its proof. Streamed, a page of events at a
/// time. Events that are newer than the checkpoint are not in it; the manifest says where it ends.
/// </summary>
public sealed class WriteEvidence(IEventStore events, ILedgerStore ledgers, IArchive archive, LatestCheckpoints latest, LogKeys keys)
{
    const int PageEvents = 200;

    /// <summary>Finds out what there is to write, and writes nothing yet.</summary>
    /// <param name="address">The subject.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<EvidencePlan> PlanAsync(SubjectAddress address, CancellationToken cancellationToken)
    {
        var published = await PublishedAsync(address.Org, cancellationToken).ConfigureAwait(false);
        long? first = null, last = null;
        await foreach (var page in PagesAsync(address, TimelineOrder.OldestFirst, 0, 1, cancellationToken).ConfigureAwait(false))
        {
            first = page[0].Seq;
            break;
        }

        if (first is null)
            return new EvidencePlan.NoSubject();
        if (published is null)
            return new EvidencePlan.NothingPublished();
        // From the newest down to the first that the checkpoint commits to: few, unless nothing was published for long.
        await foreach (var page in PagesAsync(address, TimelineOrder.NewestFirst, null, PageEvents, cancellationToken).ConfigureAwait(false))
        {
            for (var i = 0; i < page.Count && last is null; i++)
                last = await IndexAsync(page[i], cancellationToken).ConfigureAwait(false) < published.Checkpoint.Size ? page[i].Seq : null;
            if (last is not null)
                break;
        }

        return last is not { } end ? new EvidencePlan.NothingPublished()
            : new EvidencePlan.Ready(new EvidenceManifest(published.Checkpoint.Origin, address, published.Checkpoint.Size, first.Value, end, end - first.Value + 1), published);
    }

    /// <summary>Writes the bundle.</summary>
    public async Task WriteAsync(EvidencePlan.Ready plan, Stream output, CancellationToken cancellationToken)
    {
        var (manifest, log) = plan;
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var lines = new ArrayBufferWriter<byte>(64 * 1024);
        EvidenceLines.Write(manifest, lines);
        EvidenceLines.Write(log.Note, log.Keys, lines);
        var tiles = new RememberedTiles(log.Tiles);
        await foreach (var rotation in RotationsAsync(manifest, tiles, cancellationToken).ConfigureAwait(false))
            EvidenceLines.Write(rotation, lines);
        await foreach (var page in PagesAsync(manifest.Address, TimelineOrder.OldestFirst, manifest.FirstSeq - 1, PageEvents, cancellationToken).ConfigureAwait(false))
        {
            var wanted = page.Where(e => e.Seq <= manifest.LastSeq).ToList();
            for (var i = 0; i < wanted.Count; i++)
            {
                var index = await IndexAsync(wanted[i], cancellationToken).ConfigureAwait(false) is { } place && place < manifest.Size ? place : throw new InvalidDataException($"seq {wanted[i].Seq} of {manifest.Address.Subject} is not in the ledger, and later ones are: run 'certfn verify'");
                var proof = await TreeProof.InclusionAsync(tiles, index, manifest.Size, cancellationToken).ConfigureAwait(false);
                EvidenceLines.Write(new EvidenceEvent(index, wanted[i].Leaf, wanted[i].Personal, wanted[i].Salt, proof), lines);
                if (lines.WrittenCount > 256 * 1024)
                    await FlushAsync().ConfigureAwait(false);
            }

            if (wanted.Count < page.Count)
                break;
        }

        whole.AppendData(lines.WrittenSpan);
        EvidenceLines.WriteEnd(new Digest(whole.GetCurrentHash()), lines);
        await output.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);

        async Task FlushAsync()
        {
            whole.AppendData(lines.WrittenSpan);
            await output.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
            lines.ResetWrittenCount();
        }
    }

    async Task<PublishedLog?> PublishedAsync(OrgId ledger, CancellationToken cancellationToken) =>
        await latest.GetAsync(ledger, cancellationToken).ConfigureAwait(false) is { } found
            ? new PublishedLog(found.Note, found.Checkpoint, keys.Known(found.Checkpoint.Origin), new ArchiveTiles(archive, ledger, found.Checkpoint.Size))
            : null;

    async Task<long?> IndexAsync(RecordedEvent e, CancellationToken cancellationToken) =>
        await ledgers.FindAsync(e.Address, e.Id, cancellationToken).ConfigureAwait(false) is EventStanding.Chained chained ? chained.Index : null;

    /// <summary>The entries that lead from the log's first key to the one this checkpoint is signed with.</summary>
    async IAsyncEnumerable<EvidenceRotation> RotationsAsync(EvidenceManifest manifest, ITileSource tiles, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new TimelineQuery { Address = TellOwnEvent.Ledger(manifest.Address.Org), Order = TimelineOrder.OldestFirst, Types = [KeyRotation.EventType] };
        await foreach (var page in PagesAsync(query, 0, PageEvents, cancellationToken).ConfigureAwait(false))
        {
            foreach (var told in page)
            {
                if (KeyRotation.TryRead(told.Leaf.Span) is not ({ Kind: RotatedKey.Signing }, _))
                    continue;
                if (await IndexAsync(told, cancellationToken).ConfigureAwait(false) is { } index && index < manifest.Size)
                    yield return new EvidenceRotation(index, told.Leaf, await TreeProof.InclusionAsync(tiles, index, manifest.Size, cancellationToken).ConfigureAwait(false));
            }
        }
    }

    IAsyncEnumerable<IReadOnlyList<RecordedEvent>> PagesAsync(SubjectAddress address, TimelineOrder order, long? from, int limit, CancellationToken cancellationToken) =>
        PagesAsync(new TimelineQuery { Address = address, Order = order }, from, limit, cancellationToken);

    async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> PagesAsync(TimelineQuery query, long? from, int limit, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var slice = await events.ReadTimelineAsync(query, from, limit, cancellationToken).ConfigureAwait(false);
            if (slice.Events.Count > 0)
                yield return slice.Events;
            if (slice.ContinueFrom is not { } next)
                yield break;
            from = next;
        }
    }

    /// <summary>The tiles of one bundle's proofs: neighbours share nearly all of theirs. Bounded: past so many it begins anew.</summary>
    sealed class RememberedTiles(ITileSource source) : ITileSource
    {
        const int Most = 256;

        readonly Dictionary<TileId, ReadOnlyMemory<byte>?> read = [];

        public async Task<ReadOnlyMemory<byte>?> ReadAsync(TileId tile, CancellationToken cancellationToken)
        {
            if (read.TryGetValue(tile, out var known))
                return known;
            if (read.Count == Most)
                read.Clear();
            return read[tile] = await source.ReadAsync(tile, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>What a bundle would hold.</summary>
public abstract record EvidencePlan
{
    EvidencePlan()
    {
    }

    public sealed record Ready(EvidenceManifest Manifest, PublishedLog Log) : EvidencePlan;

    /// <summary>The subject has no event.</summary>
    public sealed record NoSubject : EvidencePlan;

    /// <summary>No checkpoint commits to any of the subject's events yet.</summary>
    public sealed record NothingPublished : EvidencePlan;
}
