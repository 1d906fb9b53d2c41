using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;
using CertFunctions.Testing.Faults;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Publishing;

/// <summary>What is published as a ledger grows and rests, whatever write goes wrong.</summary>
public sealed class PublishCheckpointsTests : PublishingTests
{
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
}
