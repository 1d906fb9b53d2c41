using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Verification;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>R33: the service checks its own record, at the cost of what is new, and tells of a break once, on every store.</summary>
public abstract partial class CheckLedgerContract : StoreContract
{
    readonly SteppingClock clock = new();

    [Fact]
    public async Task The_first_check_begins_at_genesis_and_the_next_goes_on_where_it_ended()
    {
        await ChainAsync(1500);
        var counted = new CountedReads(Store.Ledger);
        var tail = Check(CheckScope.Tail, counted);

        await tail.RunAsync(default);
        Assert.Equal((0, 1500), counted.Taken());
        await tail.RunAsync(default);
        Assert.Equal((-1, 0), counted.Taken());
        await ChainAsync(7);
        await tail.RunAsync(default);
        Assert.Equal((1500, 7), counted.Taken());

        // Another process, which has only what was saved.
        await Store.ReopenAsync();
        await ChainAsync(3);
        counted = new CountedReads(Store.Ledger);
        await Check(CheckScope.Tail, counted).RunAsync(default);
        Assert.Equal((1507, 3), counted.Taken());
        Assert.Equal((Verdict.Valid, 1510L), await LastAsync(CheckScope.Tail));
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Fact]
    public async Task The_whole_is_read_from_genesis_once_in_each_period()
    {
        await ChainAsync(1100);
        var counted = new CountedReads(Store.Ledger);
        var whole = Check(CheckScope.Whole, counted);

        await whole.RunAsync(default);
        await whole.RunAsync(default);
        Assert.Equal((0, 1100), counted.Taken());
        clock.Advance(Period);
        await whole.RunAsync(default);

        Assert.Equal((0, 1100), counted.Taken());
        Assert.Equal((Verdict.Valid, 1100L), await LastAsync(CheckScope.Whole));
    }

    [Theory]
    [InlineData(CheckScope.Tail)]
    [InlineData(CheckScope.Whole)]
    public async Task A_run_ends_when_its_time_is_up_and_the_next_goes_on_from_there_in_whichever_process(CheckScope scope)
    {
        await ChainAsync(3500);
        var reads = new List<(long, int)>();
        for (var run = 0; run < 3; run++)
        {
            await Store.ReopenAsync();
            var counted = new CountedReads(Store.Ledger, () => clock.Advance(TimeSpan.FromSeconds(1)));
            await Check(scope, counted, within: TimeSpan.FromSeconds(2)).RunAsync(default);
            reads.Add(counted.Taken());
            if (scope == CheckScope.Whole && run == 0)
                Assert.Empty((await new LedgerHealth(Store.Positions).ReadAsync(Make.Org, default)).Checks);
        }

        Assert.Equal([(0, 2000), (2000, 1500), (-1, 0)], reads);
        Assert.Equal((Verdict.Valid, 3500L), await LastAsync(scope));
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Fact]
    public async Task A_pass_that_goes_on_finds_what_was_altered_behind_its_place_in_the_next_pass_and_before_it_in_this()
    {
        await ChainAsync(2500);
        var slow = new CountedReads(Store.Ledger, () => clock.Advance(TimeSpan.FromSeconds(1)));
        await Check(CheckScope.Whole, slow, within: TimeSpan.FromSeconds(1)).RunAsync(default);

        await Check(CheckScope.Whole, new AlteredLedger(Store.Ledger, e => e.Index is 17 or 2200 ? e with { Mac = default } : e)).RunAsync(default);
        Assert.Equal((Verdict.Tampered, 2200L), await LastAsync(CheckScope.Whole));
        clock.Advance(Period);
        await Check(CheckScope.Whole, new AlteredLedger(Store.Ledger, e => e.Index is 17 ? e with { Mac = default } : e)).RunAsync(default);
        Assert.Equal((Verdict.Tampered, 17L), await LastAsync(CheckScope.Whole));
        Assert.Equal([2200, 17], (await OwnEvents.ToldAsync(Store)).Select(t => t.Data.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task A_key_that_was_not_at_hand_in_an_earlier_run_of_a_pass_is_not_forgotten()
    {
        await ChainAsync(1500);
        await Check(CheckScope.Whole, new CountedReads(Store.Ledger, () => clock.Advance(TimeSpan.FromSeconds(1))), Others, within: TimeSpan.FromSeconds(1)).RunAsync(default);

        await Check(CheckScope.Whole, Store.Ledger, Both).RunAsync(default);

        Assert.Equal((Verdict.Unverifiable, 1500L), await LastAsync(CheckScope.Whole));
    }

    [Theory]
    [InlineData(CheckScope.Tail)]
    [InlineData(CheckScope.Whole)]
    public async Task A_break_is_told_once_with_its_index(CheckScope scope)
    {
        await ChainAsync(30);
        var altered = new AlteredLedger(Store.Ledger, e => e.Index == 17 ? e with { Event = e.Event with { Leaf = Altered(e.Event.Leaf) } } : e);

        for (var i = 0; i < 3; i++)
        {
            await Check(scope, altered).RunAsync(default);
            clock.Advance(Period);
        }

        await Check(scope == CheckScope.Tail ? CheckScope.Whole : CheckScope.Tail, altered).RunAsync(default);

        var (type, _, data) = Assert.Single(await OwnEvents.ToldAsync(Store));
        Assert.Equal(("audit.chain_broken", "acme", 17, "tampered"), (type, data.GetProperty("ledger").GetString(), data.GetProperty("index").GetInt32(), data.GetProperty("verdict").GetString()));
        Assert.Equal((Verdict.Tampered, 17L), await LastAsync(scope));
    }

    [Fact]
    public async Task What_is_told_is_chained_like_everything_else()
    {
        await ChainAsync(5);
        await Check(CheckScope.Whole, new AlteredLedger(Store.Ledger, e => e.Index == 2 ? e with { Mac = default } : e)).RunAsync(default);
        await new ReconcileEvents(Store.Feed, Store.Positions, new ExtendLedger(Store.Ledger, Make.Keys)).HandleAsync(default);

        var last = (await Store.Ledger.ReadAsync(Make.Org, 5, 10, default)).Single();
        Assert.True(LeafHeader.TryRead(last.Event.Leaf.Span, out var leaf));
        Assert.Equal("audit.chain_broken", leaf.Type);
    }

    [Fact]
    public async Task A_page_the_store_cannot_read_is_narrowed_down_to_the_entry()
    {
        await ChainAsync(40);
        var broken = new AlteredLedger(Store.Ledger, e => e.Index == 23 ? throw new InvalidDataException("the ledger of acme has no entry 23") : e);

        await Check(CheckScope.Tail, broken).RunAsync(default);

        Assert.Equal(23, Assert.Single(await OwnEvents.ToldAsync(Store)).Data.GetProperty("index").GetInt32());
        Assert.Equal((Verdict.Tampered, 23L), await LastAsync(CheckScope.Tail));
    }

    [Fact]
    public async Task A_ledger_shorter_than_it_was_is_truncated()
    {
        await ChainAsync(20);
        var tail = Check(CheckScope.Tail, Store.Ledger);
        await tail.RunAsync(default);

        var cut = (await Store.Ledger.ReadAsync(Make.Org, 11, 1, default))[0];
        await Check(CheckScope.Tail, new AlteredLedger(Store.Ledger, e => e, new LedgerHead(Make.Org, 12, cut.Hash))).RunAsync(default);

        var data = Assert.Single(await OwnEvents.ToldAsync(Store)).Data;
        Assert.Equal((12, "truncated"), (data.GetProperty("index").GetInt32(), data.GetProperty("verdict").GetString()));
    }

    [Fact]
    public async Task A_history_written_anew_does_not_follow_from_what_was_checked()
    {
        await ChainAsync(20);
        await Check(CheckScope.Tail, Store.Ledger).RunAsync(default);

        var anew = Make.Chain((await Store.Ledger.ReadAsync(Make.Org, 0, 19, default)).Skip(1).Select(e => e.Event).Concat([Make.Recorded("c1", 99), Make.Recorded("c1", 100), Make.Recorded("c1", 101)]));
        await Check(CheckScope.Tail, new AlteredLedger(Store.Ledger, e => anew[(int)e.Index], new LedgerHead(Make.Org, anew.Count, anew[^1].Hash), anew)).RunAsync(default);

        Assert.Equal(20, Assert.Single(await OwnEvents.ToldAsync(Store)).Data.GetProperty("index").GetInt32());
    }

    [Fact]
    public async Task A_key_that_is_not_at_hand_is_no_break()
    {
        await ChainAsync(4);

        await Check(CheckScope.Tail, Store.Ledger, Others).RunAsync(default);

        Assert.Equal((Verdict.Unverifiable, 4L), await LastAsync(CheckScope.Tail));
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Theory]
    [InlineData(Fault.Refused)]
    [InlineData(Fault.LandedButReportedFailed)]
    public async Task Whatever_write_fails_the_next_run_brings_it_to_the_same_end(Fault fault)
    {
        await ChainAsync(30);
        for (var failing = 1; ; failing++)
        {
            clock.Advance(Period);
            var plan = new FaultPlan(failing, fault);
            var altered = new AlteredLedger(Store.Ledger, e => e.Index == 29 ? e with { Mac = default } : e);
            try
            {
                await Check(CheckScope.Tail, Store.Ledger, positions: new FaultyPositionStore(Store.Positions, plan)).RunAsync(default);
                await Check(CheckScope.Whole, altered, events: new FaultyEventStore(Store.Events, plan)).RunAsync(default);
            }
            catch (InjectedFaultException)
            {
            }

            await Check(CheckScope.Tail, Store.Ledger).RunAsync(default);
            await Check(CheckScope.Whole, altered).RunAsync(default);
            Assert.Equal(29, Assert.Single(await OwnEvents.ToldAsync(Store)).Data.GetProperty("index").GetInt32());
            Assert.Equal((Verdict.Valid, 30L), await LastAsync(CheckScope.Tail));
            if (plan.Failed is null)
                break;
            Assert.InRange(failing, 1, 10);
        }
    }

    static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    static readonly byte[] OtherKey = SHA256.HashData("another key"u8);

    /// <summary>Without the key that <see cref="Make.Keys"/> has.</summary>
    static readonly LedgerKeys Others = new("k2", new Dictionary<string, byte[]> { ["k2"] = OtherKey });

    /// <summary>After a rotation.</summary>
    static readonly LedgerKeys Both = new("k2", new Dictionary<string, byte[]> { ["k1"] = Make.Keys.TryGet("k1", out var key) ? key : [], ["k2"] = OtherKey });

    CheckLedger Check(CheckScope scope, ILedgerStore ledgers, LedgerKeys? keys = null, IEventStore? events = null, IPositionStore? positions = null, TimeSpan? within = null) =>
        new(ledgers, keys ?? Make.Keys, positions ?? Store.Positions, new TellOwnEvent(events ?? Store.Events, clock, new SeededRandom()), new LedgerHealth(positions ?? Store.Positions), clock, scope, Period)
        {
            Within = within ?? TimeSpan.FromMinutes(5),
        };

    /// <summary>As another process is told.</summary>
    async Task<(Verdict, long)> LastAsync(CheckScope scope)
    {
        var check = (await new LedgerHealth(Store.Positions).ReadAsync(Make.Org, default)).Checks.Single(c => c.Scope == scope);
        return (check.Verdict, check.Size);
    }

    async Task ChainAsync(int n, OrgId? org = null)
    {
        await Store.Events.AppendAsync([.. Enumerable.Range(0, n).Select(_ => Make.Stamped("c1", org: org))], default);
        await new ReconcileEvents(Store.Feed, Store.Positions, new ExtendLedger(Store.Ledger, Make.Keys)).HandleAsync(default);
    }

    static byte[] Altered(ReadOnlyMemory<byte> leaf)
    {
        var bytes = leaf.ToArray();
        bytes[bytes.Length / 2] ^= 1;
        return bytes;
    }

    /// <summary>A ledger as someone with the store could have left it: read through whatever they did.</summary>
    sealed class AlteredLedger(ILedgerStore inner, Func<ChainedEvent, ChainedEvent> alter, LedgerHead? head = null, IReadOnlyList<ChainedEvent>? instead = null) : ILedgerStore
    {
        public LedgerHead? Head { get; set; } = head;

        public int MaxAppend => inner.MaxAppend;

        public async Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken)
        {
            var standing = await inner.CatchUpAsync(ledger, candidates, cancellationToken);
            return Head is null ? standing : standing with { Head = Head };
        }

        public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => throw new NotSupportedException("a check writes nothing");

        public async Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
            instead is null ? [.. (await inner.ReadAsync(ledger, from, limit, cancellationToken)).Select(alter)] : [.. instead.Skip((int)from).Take(limit)];

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => inner.FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }

    /// <summary>Where reading began, and how many entries it gave.</summary>
    sealed class CountedReads(ILedgerStore inner, Action? each = null) : ILedgerStore
    {
        long first = -1;
        int entries;

        public int MaxAppend => inner.MaxAppend;

        public (long First, int Entries) Taken()
        {
            var taken = (first, entries);
            (first, entries) = (-1, 0);
            return taken;
        }

        public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) => inner.CatchUpAsync(ledger, candidates, cancellationToken);

        public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => throw new NotSupportedException("a check writes nothing");

        public async Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken)
        {
            var read = await inner.ReadAsync(ledger, from, limit, cancellationToken);
            first = first < 0 ? from : first;
            entries += read.Count;
            each?.Invoke();
            return read;
        }

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => inner.FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }

    /// <summary>A clock that stands still, for the time of day and for how long something takes, until it is told.</summary>
    sealed class SteppingClock : TimeProvider
    {
        DateTimeOffset now = ManualClock.Default.GetUtcNow();

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.Ticks;

        public void Advance(TimeSpan by) => now += by;
    }
}
