using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Verification;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Testing.Contracts;

/// <summary>R33: the service checks its own record, at the cost of what is new, and tells of a break once, on every store.</summary>
public abstract class CheckLedgerContract : StoreContract
{
    readonly LedgerHealth health = new();

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
        Assert.Equal((Verdict.Valid, 1510L), Last(CheckScope.Tail));
        Assert.Empty(await OwnEvents.ToldAsync(Store));
    }

    [Fact]
    public async Task The_whole_is_read_from_genesis_each_time()
    {
        await ChainAsync(1100);
        var counted = new CountedReads(Store.Ledger);
        var whole = Check(CheckScope.Whole, counted);

        await whole.RunAsync(default);
        await whole.RunAsync(default);

        Assert.Equal((0, 2200), counted.Taken());
        Assert.Equal((Verdict.Valid, 1100L), Last(CheckScope.Whole));
    }

    [Theory]
    [InlineData(CheckScope.Tail)]
    [InlineData(CheckScope.Whole)]
    public async Task A_break_is_told_once_with_its_index(CheckScope scope)
    {
        await ChainAsync(30);
        var altered = new AlteredLedger(Store.Ledger, e => e.Index == 17 ? e with { Event = e.Event with { Leaf = Altered(e.Event.Leaf) } } : e);

        for (var i = 0; i < 3; i++)
            await Check(scope, altered).RunAsync(default);
        await Check(scope == CheckScope.Tail ? CheckScope.Whole : CheckScope.Tail, altered).RunAsync(default);

        var (type, _, data) = Assert.Single(await OwnEvents.ToldAsync(Store));
        Assert.Equal(("audit.chain_broken", "acme", 17, "tampered"), (type, data.GetProperty("ledger").GetString(), data.GetProperty("index").GetInt32(), data.GetProperty("verdict").GetString()));
        Assert.Equal((Verdict.Tampered, 17L), Last(scope));
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
        Assert.Equal((Verdict.Tampered, 23L), Last(CheckScope.Tail));
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
        var others = new LedgerKeys("k2", new Dictionary<string, byte[]> { ["k2"] = SHA256.HashData("another key"u8) });

        await Check(CheckScope.Tail, Store.Ledger, others).RunAsync(default);

        Assert.Equal((Verdict.Unverifiable, 4L), Last(CheckScope.Tail));
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
            Assert.Equal((Verdict.Valid, 30L), Last(CheckScope.Tail));
            if (plan.Failed is null)
                break;
            Assert.InRange(failing, 1, 10);
        }
    }

    CheckLedger Check(CheckScope scope, ILedgerStore ledgers, LedgerKeys? keys = null, IEventStore? events = null, IPositionStore? positions = null) =>
        new(ledgers, keys ?? Make.Keys, positions ?? Store.Positions, new TellOwnEvent(events ?? Store.Events, ManualClock.Default, new SeededRandom()), health, ManualClock.Default, scope, TimeSpan.FromSeconds(10));

    (Verdict, long) Last(CheckScope scope)
    {
        var check = health.Checks(Make.Org).Single(c => c.Scope == scope);
        return (check.Verdict, check.Size);
    }

    async Task ChainAsync(int n)
    {
        await Store.Events.AppendAsync([.. Enumerable.Range(0, n).Select(_ => Make.Stamped("c1"))], default);
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
        public int MaxAppend => inner.MaxAppend;

        public async Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken)
        {
            var standing = await inner.CatchUpAsync(ledger, candidates, cancellationToken);
            return head is null ? standing : standing with { Head = head };
        }

        public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => throw new NotSupportedException("a check writes nothing");

        public async Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
            instead is null ? [.. (await inner.ReadAsync(ledger, from, limit, cancellationToken)).Select(alter)] : [.. instead.Skip((int)from).Take(limit)];

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => inner.FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }

    /// <summary>Where reading began, and how many entries it gave.</summary>
    sealed class CountedReads(ILedgerStore inner) : ILedgerStore
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
            return read;
        }

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => inner.FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }
}
