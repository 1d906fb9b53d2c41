using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using CertFunctions.Testing;
using CertFunctions.Testing.Faults;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Publishing;

public sealed class PublishCheckpointsTests : IDisposable
{
    static readonly LogName Log = LogName.Parse("example.com/log");

    static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(900);

    readonly EcdsaLogKey key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
    readonly MemoryArchive archive = new();
    readonly ManualClock clock = ManualClock.Default;
    readonly LogKeys keys;
    MemoryLedgerStore ledgers = new();

    public PublishCheckpointsTests() => keys = new LogKeys(key);

    public void Dispose() => key.Dispose();

    IReadOnlyList<VerifierKey> Known => keys.Known(Log.Origin(Make.Org));

    [Fact]
    public async Task A_ledger_that_grows_is_published_whole_at_each_size()
    {
        var job = Job();
        foreach (var size in new[] { 1, 2, 255, 256, 257, 511, 512, 700 })
        {
            var published = await PublishAsync(job, size);
            Assert.Equal(size, published.Size);
            Assert.Equal(Entries[size - 1].Hash, published.Chain);
        }

        Assert.Equal(8, (await CheckAsync(700)).Count);
    }

    [Fact]
    public async Task An_idle_ledger_is_signed_again_each_minute_and_says_the_same()
    {
        var job = Job();
        var first = await PublishAsync(job, 300);
        var again = await PublishAsync(job, 300);

        Assert.True(first.AgreesWith(again));
        Assert.Equal(first.Time + TimeSpan.FromMinutes(1), again.Time);
        Assert.Equal(2, (await CheckAsync(300)).Count);
    }

    [Fact]
    public async Task Within_one_second_nothing_is_said_twice()
    {
        var job = Job();
        await PublishAsync(job, 10);
        var files = archive.Files.Count;

        Assert.IsType<PublishOutcome.Published>(await job.HandleAsync(Make.Org, default));
        Assert.IsType<PublishOutcome.Published>(await Job().HandleAsync(Make.Org, default));

        Assert.Equal(files, archive.Files.Count);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_does_not_bring_an_earlier_checkpoint()
    {
        var job = Job();
        var first = await PublishAsync(job, 10);
        clock.Advance(TimeSpan.FromHours(-3));

        var second = await PublishAsync(job, 20);

        Assert.Equal(first.Time, second.Time);
        await CheckAsync(20);
    }

    [Fact]
    public void Any_other_process_goes_on_where_one_left_off() =>
        Prop.ForAll(Gen.ListOf(Gen.Choose(0, 280)).Where(l => l.Count is > 0 and < 7).ToArbitrary(), steps =>
        {
            archive.Files.Clear();
            var size = 0;
            foreach (var step in steps)
            {
                size = Math.Min(Entries.Count, size + step);
                PublishAsync(Job(), size).GetAwaiter().GetResult();
            }

            return CheckAsync(size).GetAwaiter().GetResult().Count == steps.Count;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task A_backlog_is_published_in_pieces_of_bounded_size()
    {
        const int Size = PublishCheckpoints.MaxEntriesPerCheckpoint + 300;
        var entries = LightLedger(Size);
        ledgers = Filled(entries);

        await Job().RunAsync(default);

        var found = await PublishedCheck.AssertWholeAsync(archive, entries, Make.Org, Known);
        Assert.Equal([PublishCheckpoints.MaxEntriesPerCheckpoint, Size], found.Select(c => c.Size));
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(66_000)]
    public async Task A_run_reads_the_edge_of_the_archive_and_no_more_whatever_the_size(int size)
    {
        ledgers = Filled(LightLedger(size));
        await Job().RunAsync(default);
        clock.Advance(TimeSpan.FromMinutes(1));
        archive.Reads.Clear();
        var lists = archive.Lists;

        await Job().RunAsync(default);

        Assert.InRange(archive.Reads.Count, 2, 4);
        Assert.Equal(8, archive.Lists - lists);
    }

    public static TheoryData<Fault, bool> Faults => new() { { Fault.Refused, false }, { Fault.Refused, true }, { Fault.LandedButReportedFailed, false }, { Fault.LandedButReportedFailed, true } };

    /// <summary>Every write of a life of growing, resting and growing again goes wrong once, with the process dying there and without.</summary>
    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_write_goes_wrong_no_checkpoint_is_ever_contradicted(Fault fault, bool dies)
    {
        var writes = await LiveAsync(new FaultPlan(), dies: false);
        Assert.Equal(20, writes);
        var kinds = new HashSet<string>();
        for (var failing = 1; failing <= writes; failing++)
        {
            archive.Files.Clear();
            var plan = new FaultPlan(failing, fault);
            await LiveAsync(plan, dies);
            kinds.Add(string.Join('/', Assert.IsType<string>(plan.Failed).Split('/')[1..3]));
        }

        Assert.Equal(["checkpoint/000", "tile/0", "tile/1", "tile/entries"], kinds.Order(StringComparer.Ordinal));
    }

    async Task<int> LiveAsync(FaultPlan plan, bool dies)
    {
        var job = Job(new FaultyArchive(archive, plan));
        foreach (var size in new[] { 3, 250, 256, 256, 600, 601 })
        {
            ledgers = Filled(Entries.Take(size));
            clock.Advance(TimeSpan.FromMinutes(1));
            while (true)
            {
                try
                {
                    Assert.Equal(size, Assert.IsType<PublishOutcome.Published>(await job.HandleAsync(Make.Org, default)).Checkpoint.Size);
                    Assert.Null(Assert.Single(job.Statuses).LastError);
                    break;
                }
                catch (InjectedFaultException e)
                {
                    await CheckAsync(size);
                    Assert.Equal(e.Message, Assert.Single(job.Statuses).LastError);
                    // By the next try the ledger may have grown, and time gone on: what lies there of the failed one must not be in the way.
                    if (dies)
                        job = Job(new FaultyArchive(archive, plan));
                }
            }

            await CheckAsync(size);
        }

        return plan.Writes;
    }

    [Fact]
    public async Task A_run_that_died_is_not_in_the_way_of_a_ledger_that_grew_meanwhile()
    {
        for (var failing = 1; failing <= 8; failing++)
        {
            archive.Files.Clear();
            await PublishAsync(Job(), 250);
            ledgers = Filled(Entries.Take(600));
            clock.Advance(TimeSpan.FromMinutes(1));
            await Assert.ThrowsAsync<InjectedFaultException>(() => Job(new FaultyArchive(archive, new FaultPlan(failing))).HandleAsync(Make.Org, default));

            await PublishAsync(Job(), 777);

            await CheckAsync(777);
        }
    }

    [Fact]
    public async Task Two_publishers_at_once_do_no_harm()
    {
        foreach (var size in new[] { 10, 300, 300, 800 })
        {
            ledgers = Filled(Entries.Take(size));
            clock.Advance(TimeSpan.FromMinutes(1));
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Job().HandleAsync(Make.Org, default))));

            Assert.All(outcomes, o => Assert.Equal(size, Assert.IsType<PublishOutcome.Published>(o).Checkpoint.Size));
            await CheckAsync(size);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(255)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(599)]
    public async Task A_ledger_rewritten_below_what_is_published_is_never_signed_again(int at)
    {
        await PublishAsync(Job(), 600);
        var rewritten = Reviews.Ledger([.. Entries.Take(700).Select((e, i) => i == at ? Reviews.Recorded(e.Event.Address, e.Event.Seq, """{"forged":true}""") : e.Event)]);

        foreach (var size in new[] { 600, 601, 700 })
            await AssertRefusedAsync(Filled(rewritten.Take(size)), "rewritten");
    }

    [Fact]
    public async Task Nor_one_whose_event_was_changed_without_its_hashes()
    {
        await PublishAsync(Job(), 600);
        var forged = Entries.Take(700).Select((e, i) => i is 599 or 530 ? e with { Event = Reviews.Recorded(e.Event.Address, e.Event.Seq, """{"forged":true}""") } : e).ToList();

        await AssertRefusedAsync(Filled(forged.Take(600)), "rewritten");
        await AssertRefusedAsync(Filled(forged), "entry 530");
    }

    [Fact]
    public async Task Nor_one_that_was_cut_off()
    {
        await PublishAsync(Job(), 600);

        await AssertRefusedAsync(Filled(Entries.Take(599)), "cut off");
        await AssertRefusedAsync(new MemoryLedgerStore(), "cut off");
    }

    [Fact]
    public async Task Nor_one_whose_new_entries_do_not_follow()
    {
        await PublishAsync(Job(), 300);
        var swapped = Entries.Take(400).ToList();
        (swapped[350], swapped[351]) = (swapped[351], swapped[350]);

        await AssertRefusedAsync(Filled(swapped), "does not follow");
    }

    [Fact]
    public async Task An_archive_whose_tiles_were_altered_is_refused()
    {
        await PublishAsync(Job(), 600);
        archive.Files[ArchiveLayout.Tile(Make.Org, new TileId(0, 2, 88))][5] ^= 1;

        await AssertRefusedAsync(Filled(Entries.Take(700)), "do not give the root");
    }

    [Fact]
    public async Task An_archive_that_lost_a_tile_or_a_checkpoint_is_refused()
    {
        var job = Job();
        await PublishAsync(job, 500);
        await PublishAsync(job, 600);
        var newest = archive.Files.Keys.Where(n => n.Contains("checkpoint", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        archive.Files.Remove(newest, out var note);

        var refused = Assert.IsType<PublishOutcome.Refused>(await job.HandleAsync(Make.Org, default));
        Assert.Contains($"lost {newest}", refused.Reason, StringComparison.Ordinal);

        archive.Files[newest] = note!;
        archive.Files.Remove(ArchiveLayout.Tile(Make.Org, new TileId(0, 2, 88)), out _);
        await AssertRefusedAsync(Filled(Entries.Take(700)), "tile/0/002.p/88 is not there");
    }

    [Theory]
    [InlineData("acme/tile/entries/000")]
    [InlineData("acme/tile/entries/001.p/44")]
    [InlineData("acme/tile/0/000")]
    [InlineData("acme/tile/1/000.p/1")]
    public async Task An_archive_that_takes_a_write_and_loses_it_is_found_out_before_anything_is_signed(string name)
    {
        archive.Loses = n => n == name;

        await AssertRefusedAsync(Filled(Entries.Take(300)), $"took {name}");
        Assert.DoesNotContain(archive.Files.Keys, n => n.Contains("checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Other_bytes_under_a_tiles_name_are_refused_and_stay()
    {
        archive.Files["acme/tile/0/000.p/10"] = new byte[320];

        await AssertRefusedAsync(Filled(Entries.Take(10)), "holds another acme/tile/0/000.p/10");
        Assert.Equal(new byte[320], archive.Files["acme/tile/0/000.p/10"]);
    }

    [Fact]
    public async Task A_checkpoint_by_another_key_or_another_log_is_not_gone_on_from()
    {
        await PublishAsync(Job(), 100);
        using var stranger = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));

        await AssertRefusedAsync(Filled(Entries.Take(200)), "not signed by a key", new PublishCheckpoints(Filled(Entries.Take(200)), archive, Log, new LogKeys(stranger), clock));
        await AssertRefusedAsync(Filled(Entries.Take(200)), "another log", new PublishCheckpoints(Filled(Entries.Take(200)), archive, LogName.Parse("example.com/other"), keys, clock));
    }

    [Fact]
    public async Task One_ledgers_trouble_is_told_and_does_not_keep_the_others_from_being_published()
    {
        var globex = OrgId.Parse("globex");
        ledgers = new MemoryLedgerStore();
        ledgers.Fill([.. Entries.Take(10)]);
        ledgers.Fill(Reviews.Ledger(Reviews.Events(5, globex)));
        archive.Files["acme/tile/entries/000.p/10"] = [1];
        var job = Job();

        var failed = await Assert.ThrowsAsync<AggregateException>(() => job.RunAsync(default));

        Assert.Contains("acme", Assert.Single(failed.InnerExceptions).Message, StringComparison.Ordinal);
        Assert.Equal(5, Assert.Single(job.Statuses, s => s.Ledger == globex).Last!.Size);
        Assert.Contains("holds another", Assert.Single(job.Statuses, s => s.Ledger == Make.Org).LastError, StringComparison.Ordinal);
    }

    PublishCheckpoints Job(IArchive? through = null) => new(new Through(() => ledgers), through ?? archive, Log, keys, clock);

    async Task<Checkpoint> PublishAsync(PublishCheckpoints job, int size)
    {
        ledgers = Filled(Entries.Take(size));
        clock.Advance(TimeSpan.FromMinutes(1));
        return Assert.IsType<PublishOutcome.Published>(await job.HandleAsync(Make.Org, default)).Checkpoint;
    }

    Task<IReadOnlyList<Checkpoint>> CheckAsync(int size) => PublishedCheck.AssertWholeAsync(archive, [.. Entries.Take(size)], Make.Org, Known);

    async Task AssertRefusedAsync(MemoryLedgerStore given, string reason, PublishCheckpoints? job = null)
    {
        ledgers = given;
        job ??= Job();
        clock.Advance(TimeSpan.FromMinutes(1));
        var checkpoints = archive.Files.Keys.Count(n => n.Contains("checkpoint", StringComparison.Ordinal));

        var refused = Assert.IsType<PublishOutcome.Refused>(await job.HandleAsync(Make.Org, default));

        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
        Assert.Equal(refused.Reason, Assert.Single(job.Statuses).LastError);
        Assert.Equal(checkpoints, archive.Files.Keys.Count(n => n.Contains("checkpoint", StringComparison.Ordinal)));
    }

    static MemoryLedgerStore Filled(IEnumerable<ChainedEvent> entries)
    {
        var store = new MemoryLedgerStore();
        if (entries.ToList() is { Count: > 0 } list)
            store.Fill(list);
        return store;
    }

    /// <summary>A long ledger whose events are small and made quickly.</summary>
    static List<ChainedEvent> LightLedger(int size)
    {
        var template = Reviews.Recorded(Reviews.Address("s-1"), 1);
        var entries = new List<ChainedEvent>(size);
        var previous = LedgerHash.Genesis(Make.Org);
        for (var i = 0; i < size; i++)
        {
            var recorded = template with { Seq = i + 1, Leaf = System.Text.Encoding.ASCII.GetBytes($$"""{"seq":{{i}}}""") };
            var leafHash = LedgerHash.Leaf(recorded.Leaf.Span);
            var hash = LedgerHash.Entry(i, previous, leafHash);
            entries.Add(new ChainedEvent { Index = i, PreviousHash = previous, LeafHash = leafHash, Hash = hash, Mac = default, KeyId = "k2", Event = recorded });
            previous = hash;
        }

        return entries;
    }

    /// <summary>The ledger as it is at each call: a process that goes on while it grows.</summary>
    sealed class Through(Func<ILedgerStore> now) : ILedgerStore
    {
        public int MaxAppend => now().MaxAppend;

        public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) => now().CatchUpAsync(ledger, candidates, cancellationToken);

        public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => now().AppendAsync(expected, entries, cancellationToken);

        public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) => now().ReadAsync(ledger, from, limit, cancellationToken);

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => now().FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => now().ListAsync(cancellationToken);
    }
}
