using System.Buffers;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Evidence;

/// <summary>Finds events in a ledger.</summary>
public interface IFindEntries
{
    /// <summary>The index of each of the events, in their order; null for one that is not in the ledger yet. All of one ledger.</summary>
    Task<IReadOnlyList<long?>> FindAsync(OrgId ledger, IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken);
}

/// <summary>What a log has published: its latest checkpoint, the keys it is signed with, and the tiles that prove from it.</summary>
public sealed record PublishedLog(SignedNote Note, Checkpoint Checkpoint, IReadOnlyList<VerifierKey> Keys, ITileSource Tiles);

/// <summary>Gives what is published of a ledger.</summary>
public interface IPublishedLogs
{
    /// <summary>The latest; null where nothing was published yet.</summary>
    Task<PublishedLog?> LatestAsync(OrgId ledger, CancellationToken cancellationToken);
}

/// <summary>
/// Writes the evidence of one subject (R36): every event of it that the latest checkpoint commits to, each with its proof. Streamed, a page of events at a
/// time. Events that are newer than the checkpoint are not in it; the manifest says where it ends.
/// </summary>
public sealed class WriteEvidence(IEventStore events, IFindEntries entries, IPublishedLogs logs)
{
    const int PageEvents = 200;

    /// <summary>Finds out what there is to write, and writes nothing yet.</summary>
    /// <param name="address">The subject.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <param name="published">A checkpoint to write from; null takes the latest.</param>
    public async Task<EvidencePlan> PlanAsync(SubjectAddress address, CancellationToken cancellationToken, PublishedLog? published = null)
    {
        published ??= await logs.LatestAsync(address.Org, cancellationToken).ConfigureAwait(false);
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
            var found = await entries.FindAsync(address.Org, page, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < page.Count && last is null; i++)
                last = found[i] < published.Checkpoint.Size ? page[i].Seq : null;
            if (last is not null)
                break;
        }

        return last is not { } end ? new EvidencePlan.NothingPublished()
            : new EvidencePlan.Ready(new EvidenceManifest(published.Checkpoint.Origin, address, published.Checkpoint.Size, first.Value, end, end - first.Value + 1), published);
    }

    /// <summary>Writes the bundle. <paramref name="timeStamp"/> is a token over the checkpoint's text, or empty.</summary>
    public async Task WriteAsync(EvidencePlan.Ready plan, ReadOnlyMemory<byte> timeStamp, Stream output, CancellationToken cancellationToken)
    {
        var (manifest, log) = plan;
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var lines = new ArrayBufferWriter<byte>(64 * 1024);
        EvidenceLines.Write(manifest, lines);
        EvidenceLines.Write(log.Note, log.Keys, lines);
        if (!timeStamp.IsEmpty)
            EvidenceLines.WriteTimeStamp(timeStamp.Span, lines);
        var tiles = new RememberedTiles(log.Tiles);
        await foreach (var page in PagesAsync(manifest.Address, TimelineOrder.OldestFirst, manifest.FirstSeq - 1, PageEvents, cancellationToken).ConfigureAwait(false))
        {
            var wanted = page.Where(e => e.Seq <= manifest.LastSeq).ToList();
            var found = await entries.FindAsync(manifest.Address.Org, wanted, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < wanted.Count; i++)
            {
                var index = found[i] is { } place && place < manifest.Size ? place : throw new InvalidDataException($"seq {wanted[i].Seq} of {manifest.Address.Subject} is not in the ledger, and later ones are: run 'certfn verify'");
                var proof = await TreeProof.InclusionAsync(tiles, index, manifest.Size, cancellationToken).ConfigureAwait(false);
                EvidenceLines.Write(new EvidenceEvent(index, wanted[i].Leaf, wanted[i].Personal, wanted[i].Salt, proof), lines);
                if (lines.WrittenCount > 256 * 1024)
                    await FlushAsync().ConfigureAwait(false);
            }

            if (wanted.Count < page.Count)
                break;
        }

        whole.AppendData(lines.WrittenSpan);
        EvidenceLines.WriteEnd(new Ledger.Digest(whole.GetCurrentHash()), lines);
        await output.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);

        async Task FlushAsync()
        {
            whole.AppendData(lines.WrittenSpan);
            await output.WriteAsync(lines.WrittenMemory, cancellationToken).ConfigureAwait(false);
            lines.ResetWrittenCount();
        }
    }

    async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> PagesAsync(SubjectAddress address, TimelineOrder order, long? from, int limit, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new TimelineQuery { Address = address, Order = order };
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
