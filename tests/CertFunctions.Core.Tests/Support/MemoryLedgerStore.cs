using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tests.Support;

/// <summary>
/// <see cref="ILedgerStore"/> in memory. It asserts what every caller must keep, and can be told to fail an append before it lands or after.
/// </summary>
sealed class MemoryLedgerStore : ILedgerStore
{
    readonly Lock turn = new();
    readonly Dictionary<OrgId, Kept> ledgers = [];

    /// <summary>Called before an append is looked at; what it throws is an append that did not land.</summary>
    public Action<int> BeforeAppend { get; set; } = _ => { };

    /// <summary>Called after an append landed; what it throws is an append reported failed that did.</summary>
    public Action<int> AfterAppend { get; set; } = _ => { };

    public int Appends { get; private set; }

    public int CatchUps { get; private set; }

    public IReadOnlyList<ChainedEvent> Entries(OrgId ledger)
    {
        lock (turn)
            return [.. Of(ledger).Entries];
    }

    public int MaxAppend { get; init; } = 5000;

    public async Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken)
    {
        await Task.Yield();
        lock (turn)
        {
            CatchUps++;
            Assert.All(candidates, e => Assert.Equal(ledger, e.Address.Org));
            var kept = Of(ledger);
            return new LedgerStanding(kept.Head, [.. candidates.Where(e => !kept.Chained.Contains((e.Address, e.Seq)))]);
        }
    }

    public async Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
    {
        await Task.Yield();
        LedgerAppendOutcome outcome;
        int call;
        lock (turn)
        {
            call = Appends++;
            BeforeAppend(call);
            CheckFollows(expected, entries);
            var kept = Of(expected.Ledger);
            // The token is the store's own: a head made up by the caller is not one.
            Assert.IsType<Version>(expected.Token);
            if (!ReferenceEquals(expected.Token, kept.Head.Token) || entries.Any(e => kept.Chained.Contains((e.Event.Address, e.Event.Seq))))
            {
                outcome = new LedgerAppendOutcome.Conflict();
            }
            else
            {
                kept.Entries.AddRange(entries);
                Assert.All(entries, e => Assert.True(kept.Chained.Add((e.Event.Address, e.Event.Seq))));
                kept.Head = new LedgerHead(expected.Ledger, kept.Entries.Count, entries[^1].Hash, new Version()) { KeyId = entries[^1].KeyId };
                outcome = new LedgerAppendOutcome.Appended(kept.Head);
            }
        }

        AfterAppend(call);
        return outcome;
    }

    public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ChainedEvent>>([.. Entries(ledger).Skip((int)from).Take(limit)]);

    /// <summary>Knows what is chained, and of no event that is not.</summary>
    public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => Task.FromResult<EventStanding>(
        Entries(address.Org).FirstOrDefault(e => e.Event.Address == address && e.Event.Id == id) is { } entry ? new EventStanding.Chained(entry.Index) : new EventStanding.Unknown());

    public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<OrgId>>([.. ledgers.Keys]);

    /// <summary>As if the ledger had been filled before.</summary>
    public void Fill(IReadOnlyList<ChainedEvent> entries)
    {
        var kept = Of(entries[0].Event.Address.Org);
        kept.Entries.AddRange(entries);
        kept.Chained.UnionWith(entries.Select(e => (e.Event.Address, e.Event.Seq)));
        kept.Head = Reviews.HeadOf(kept.Entries) with { Token = new Version() };
    }

    static void CheckFollows(LedgerHead expected, IReadOnlyList<ChainedEvent> entries)
    {
        Assert.NotEmpty(entries);
        var previous = expected.Hash;
        foreach (var (i, entry) in entries.Index())
        {
            Assert.Equal(expected.Ledger, entry.Event.Address.Org);
            Assert.Equal(expected.Size + i, entry.Index);
            Assert.Equal(previous, entry.PreviousHash);
            Assert.Equal(LedgerHash.Leaf(entry.Event.Leaf.Span), entry.LeafHash);
            Assert.Equal(LedgerHash.Entry(entry.Index, previous, entry.LeafHash), entry.Hash);
            previous = entry.Hash;
        }

        Assert.Equal(entries.Count, entries.Select(e => (e.Event.Address, e.Event.Seq)).Distinct().Count());
    }

    Kept Of(OrgId ledger) => ledgers.TryGetValue(ledger, out var kept) ? kept : ledgers[ledger] = new Kept { Head = LedgerHead.Empty(ledger, new Version()) };

    sealed class Version;

    sealed class Kept
    {
        public required LedgerHead Head { get; set; }

        public List<ChainedEvent> Entries { get; } = [];

        public HashSet<(SubjectAddress, long)> Chained { get; } = [];
    }
}
