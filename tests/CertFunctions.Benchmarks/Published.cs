using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;

namespace CertFunctions.Benchmarks;

/// <summary>
/// The tree: what building it adds to chaining, one inclusion proof from a large archive, and a run of the publisher on a large ledger held against one on ten
/// thousand entries.
/// </summary>
sealed class Published(Scale scale)
{
    const int NewEntries = 100;

    long BuildEntries => scale.Quick ? 100_000 : 1_000_000;

    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        using var scratch = new Scratch();
        var rows = new List<Row> { await BuildAsync() };
        var small = await PublishedLog.FillAsync(scratch.File("small"), scale.PageSizes[0]);
        foreach (var size in scale.PageSizes.Skip(1))
        {
            var large = await PublishedLog.FillAsync(scratch.File(size.ToString(CultureInfo.InvariantCulture)), size);
            rows.Add(await ProveAsync(large));
            rows.Add(await Interleave.MeasureAsync(
                new Row("published", string.Create(CultureInfo.InvariantCulture, $"publishing {NewEntries} entries after {size:#,0}"), Unit.Microseconds, 0)
                {
                    LimitName = string.Create(CultureInfo.InvariantCulture, $"after {scale.PageSizes[0]:#,0}"),
                    Bar = Bar.Most(1.5),
                },
                scale.Rounds,
                () => PublishAsync(large),
                () => PublishAsync(small)));
        }

        return rows;
    }

    /// <summary>Tiles and root over leaf hashes, against the hashes and the MAC that chaining needs of each entry.</summary>
    async Task<Row> BuildAsync()
    {
        var leaves = Enumerable.Range(0, 10_000).Select(i => Workload.Stamped(Workload.Certificate(i % 1000), i).Leaf(1 + i / 1000)).ToArray();
        var hashes = leaves.Select(l => LedgerHash.Leaf(l)).ToArray();
        return await Interleave.MeasureAsync(
            new Row("published", "building the tree, entries", Unit.Microseconds, 0) { LimitName = "chaining", Bar = Bar.Most(0.25), Note = "processor time of one entry" },
            scale.Rounds,
            () => Task.FromResult(1e6 / Interleave.Rate(BuildEntries, () =>
            {
                var (tree, full) = (new GrowingTiles(), new List<Tile>());
                for (var i = 0; i < BuildEntries; i++)
                {
                    tree.Append(hashes[i % hashes.Length], full);
                    full.Clear();
                }

                tree.Root();
            }).ByCore),
            () => Task.FromResult(1e6 / Interleave.Rate(BuildEntries, () =>
            {
                var previous = LedgerHash.Genesis(PublishedLog.Org);
                for (var i = 0; i < BuildEntries; i++)
                {
                    previous = LedgerHash.Entry(i, previous, LedgerHash.Leaf(leaves[i % leaves.Length]));
                    Workload.Keys.Mac(previous);
                }
            }).ByCore));
    }

    async Task<Row> ProveAsync(PublishedLog log)
    {
        var random = new Random(1);
        var times = new double[scale.Quick ? 300 : 3000];
        for (var i = -100; i < times.Length; i++)
        {
            var index = random.NextInt64(log.Size);
            var started = Stopwatch.GetTimestamp();
            await TreeProof.InclusionAsync(new ArchiveTiles(log.Archive, PublishedLog.Org, log.Size), index, log.Size, CancellationToken.None);
            if (i >= 0)
                times[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        }

        Array.Sort(times);
        return new Row("published", string.Create(CultureInfo.InvariantCulture, $"an inclusion proof from {log.Size:#,0}, p99"), Unit.Microseconds, times[times.Length * 99 / 100])
        {
            Bar = Bar.Most(5000),
            Note = string.Create(CultureInfo.InvariantCulture, $"from the folder's tiles; median {times[times.Length / 2]:0} µs"),
        };
    }

    static async Task<double> PublishAsync(PublishedLog log)
    {
        log.Grow(NewEntries);
        var started = Stopwatch.GetTimestamp();
        if (await log.Job.HandleAsync(PublishedLog.Org, CancellationToken.None) is not PublishOutcome.Published { Checkpoint: var checkpoint } || checkpoint.Size != log.Size)
            throw new InvalidOperationException("it was not published");
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
    }
}

/// <summary>
/// An archive as if so many entries had been published, and a ledger that goes on from there. What lies below the last entries is there as tiles only: no
/// publisher and no proof reads the rest.
/// </summary>
sealed class PublishedLog : ILedgerStore
{
    /// <summary>Entries that are there as such, before the archive's end.</summary>
    const int Kept = 300;

    public static readonly OrgId Org = OrgId.Parse("bench");

    static readonly LogName Log = LogName.Parse("example.com/bench");

    readonly List<ChainedEvent> entries = [];
    readonly MovingClock clock = new();
    readonly long first;
    Digest previous;

    PublishedLog(string folder, long size)
    {
        Archive = new FolderArchive(folder);
        first = size - Kept;
        previous = LedgerHash.Genesis(Org);
        Keys = new LogKeys(new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
        Job = new PublishCheckpoints(this, Archive, Log, Keys, clock);
    }

    public FolderArchive Archive { get; }

    public PublishCheckpoints Job { get; }

    public long Size => first + entries.Count;

    LogKeys Keys { get; }

    public int MaxAppend => 1;

    public static async Task<PublishedLog> FillAsync(string folder, long size)
    {
        // The same place within a tile whatever the size, so that runs on two sizes write as many files.
        size = size / TileId.FullWidth * TileId.FullWidth + 16;
        var log = new PublishedLog(folder, size);
        log.Grow(Kept);
        var (tree, full) = (new GrowingTiles(), new List<Tile>());
        var leaf = LedgerHash.Genesis(Org);
        for (long i = 0; i < size; i++)
        {
            if (i < log.first)
                SHA256.HashData(leaf.AsSpan(), leaf.Bytes);
            tree.Append(i < log.first ? leaf : log.entries[(int)(i - log.first)].LeafHash, full);
            Write(folder, full);
            full.Clear();
        }

        Write(folder, tree.Partial());
        var checkpoint = new Checkpoint { Origin = Log.Origin(Org), Size = size, Root = tree.Root(), Chain = log.previous, Time = Checkpoint.CutToSeconds(log.clock.GetUtcNow()) };
        var text = checkpoint.ToText();
        var note = new SignedNote(text, [await log.Keys.Signer(checkpoint.Origin).SignAsync(text, CancellationToken.None)]);
        await log.Archive.PutAsync(ArchiveLayout.Checkpoint(Org, size, checkpoint.Time.Value), note.ToBytes(), CancellationToken.None);
        return log;
    }

    /// <summary>More entries, a minute later.</summary>
    public void Grow(int count)
    {
        for (var n = 0; n < count; n++)
        {
            var index = Size;
            var stamped = Workload.Stamped(Workload.Certificate(index % 1000), index);
            var recorded = stamped.Record(index, stamped.Leaf(index + 1));
            var leafHash = LedgerHash.Leaf(recorded.Leaf.Span);
            var hash = LedgerHash.Entry(index, previous, leafHash);
            entries.Add(new ChainedEvent { Index = index, PreviousHash = previous, LeafHash = leafHash, Hash = hash, Mac = default, KeyId = "k", Event = recorded });
            previous = hash;
        }

        clock.Now += TimeSpan.FromMinutes(1);
    }

    public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) =>
        Task.FromResult(new LedgerStanding(new LedgerHead(Org, Size, previous), []));

    public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ChainedEvent>>(entries.GetRange((int)(from - first), (int)Math.Min(limit, Size - from)));

    public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<OrgId>>([Org]);

    /// <summary>Straight to the files: filling is not what is measured, and waits for no disk.</summary>
    static void Write(string folder, IEnumerable<Tile> tiles)
    {
        foreach (var tile in tiles)
        {
            var path = Path.Combine(folder, ArchiveLayout.Tile(Org, tile.Id));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, tile.Hashes.Span);
        }
    }

    sealed class MovingClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
