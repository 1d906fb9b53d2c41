using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Emulation;
using CertFunctions.Testing;

namespace CertFunctions.Cosmos.Tests;

/// <summary>The change feed processor drives the handler: several at once on the same leases, stopped in the middle, robbed of their leases, over four partitions and splits.</summary>
public sealed class PumpTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>One for each of four partitions, and some more.</summary>
    static readonly OrgId[] Orgs = [.. Enumerable.Range(0, 10).Select(i => OrgId.Parse($"customer-{i}"))];

    [Fact]
    public async Task Two_pumps_on_four_partitions_with_one_stopped_in_the_middle_chain_each_event_once()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        await using var first = await Pump.StartAsync(store, "first");
        await using var second = await Pump.StartAsync(store, "second");
        var events = await SubmitAsync(store, "a", 40);
        Assert.All(store.Emulator.DocumentsByRange(store.Settings.Database, CosmosLayout.Events), range => Assert.True(range.Value > 0));
        await Eventually.TrueAsync(() => first.Batches + second.Batches > 0, "a pump takes a batch", Patience);

        // Stopped with events under way, and others still to come.
        var submitting = SubmitAsync(store, "b", 40);
        await first.StopAsync();
        await submitting;

        await AssertChainedAsync(store, [.. events, .. await submitting]);
    }

    [Fact]
    public async Task A_pump_whose_leases_are_taken_in_the_middle_of_its_batches_doubles_nothing()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        var held = new HeldLedger(store.Ledger);
        await using var slow = await Pump.StartAsync(store, "slow", held);
        var events = await SubmitAsync(store, "a", 12);
        // It has a batch of each partition in hand, and goes no further.
        await Eventually.TrueAsync(() => held.Waiting == 4, "the slow pump has batches in hand", Patience);

        await using var quick = await Pump.StartAsync(store, "quick");
        await Eventually.TrueAsync(() => quick.Batches > 0, "the quick pump takes over", Patience);
        var more = await SubmitAsync(store, "b", 12);
        held.Release();

        // What the slow one had in hand, the other had chained.
        await Eventually.TrueAsync(() => held.Conflicts > 0, "the slow pump finds its batch chained", Patience);
        await AssertChainedAsync(store, [.. events, .. more]);
    }

    [Fact]
    public async Task A_handler_that_throws_gets_its_batch_again()
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        using var broken = store.Emulator.Faults.Fail(3, 503, r => r.Kind == OperationKind.TransactionalBatch && r.Container == CosmosLayout.Ledger);
        await using var pump = await Pump.StartAsync(store, "only");

        var events = await SubmitAsync(store, "a", 5);

        await AssertChainedAsync(store, events);
        Assert.NotEmpty(pump.Failures);
    }

    [Fact]
    public async Task Partitions_of_events_and_of_ledgers_split_under_load()
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        await using var first = await Pump.StartAsync(store, "first");
        await using var second = await Pump.StartAsync(store, "second");
        var submitting = Task.Run(async () =>
        {
            var all = new List<RecordedEvent>();
            for (var round = 0; round < 8; round++)
                all.AddRange(await SubmitAsync(store, $"r{round}", 10));
            return all;
        });
        await Eventually.TrueAsync(() => first.Batches + second.Batches > 0, "a pump takes a batch", Patience);

        var (left, _) = store.Emulator.Split(store.Settings.Database, CosmosLayout.Events);
        store.Emulator.Split(store.Settings.Database, CosmosLayout.Ledger);
        store.Emulator.Split(store.Settings.Database, CosmosLayout.Events, left);

        await AssertChainedAsync(store, await submitting);
    }

    [Fact]
    public async Task A_position_in_the_feed_outlives_a_split()
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        var reconcile = new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store));
        var events = new List<RecordedEvent>(await SubmitAsync(store, "a", 10));
        Assert.Equal(events.Count, await reconcile.HandleAsync(default));

        store.Emulator.Split(store.Settings.Database, CosmosLayout.Events);
        store.Emulator.Split(store.Settings.Database, CosmosLayout.Ledger);
        var more = await SubmitAsync(store, "b", 10);

        Assert.Equal(more.Count, await reconcile.HandleAsync(default));
        await Whole.AssertAsync(store, [.. events, .. more]);
    }

    /// <summary>So many events of two subjects of each org, all orgs at once.</summary>
    static async Task<IReadOnlyList<RecordedEvent>> SubmitAsync(CosmosUnderTest store, string prefix, int each)
    {
        var submitted = await Task.WhenAll(Orgs.Select(async org =>
        {
            var all = new List<RecordedEvent>();
            foreach (var piece in Enumerable.Range(0, each).Select(i => Make.Stamped($"c{i % 2}", $"{prefix}-{i}", org)).Chunk(6))
                all.AddRange(await Whole.SubmitAsync(store.Events, piece));
            return all;
        }));
        return [.. submitted.SelectMany(e => e)];
    }

    static async Task AssertChainedAsync(CosmosUnderTest store, IReadOnlyList<RecordedEvent> events)
    {
        var expected = events.GroupBy(e => e.Address.Org).ToDictionary(g => g.Key, g => (long)g.Count());
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (var (org, count) in expected)
                {
                    if ((await store.Ledger.CatchUpAsync(org, [], default)).Head.Size < count)
                        return false;
                }

                return true;
            },
            "everything is chained",
            Patience);
        await Whole.AssertAsync(store, events);
    }

    /// <summary>A pump of a process of its own.</summary>
    sealed class Pump : IAsyncDisposable
    {
        readonly CosmosStore process;
        readonly CosmosEventPump pump;
        int batches;
        bool stopped;

        Pump(CosmosStore process, string instance, ILedgerStore? ledger)
        {
            this.process = process;
            var chain = new ChainFeed(new ExtendLedger(ledger ?? process.Ledger, Make.Keys), process.Quarantine);
            pump = new CosmosEventPump(process, chain, instance, () => Interlocked.Increment(ref batches), Failures.Add);
        }

        public int Batches => batches;

        public ConcurrentBag<Exception> Failures { get; } = [];

        public static async Task<Pump> StartAsync(CosmosUnderTest store, string instance, ILedgerStore? ledger = null)
        {
            var pump = new Pump(await CosmosStore.OpenAsync(store.Settings, TimeProvider.System, default), instance, ledger);
            await pump.pump.StartAsync();
            return pump;
        }

        public async Task StopAsync()
        {
            if (!stopped)
                await pump.StopAsync();
            stopped = true;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            process.Dispose();
        }
    }

    /// <summary>A ledger whose appends wait until they are let go.</summary>
    sealed class HeldLedger(ILedgerStore inner) : ILedgerStore
    {
        readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int waiting, conflicts;

        public int Waiting => waiting;

        public int Conflicts => conflicts;

        public int MaxAppend => inner.MaxAppend;

        public void Release() => released.TrySetResult();

        public async Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref waiting);
            await released.Task;
            // The lease is lost, and with it the call's token; what is under way goes on all the same.
            var outcome = await inner.AppendAsync(expected, entries, CancellationToken.None);
            if (outcome is LedgerAppendOutcome.Conflict)
                Interlocked.Increment(ref conflicts);
            return outcome;
        }

        public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) =>
            inner.CatchUpAsync(ledger, candidates, CancellationToken.None);

        public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) => inner.ReadAsync(ledger, from, limit, cancellationToken);

        public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => inner.FindAsync(address, id, cancellationToken);

        public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
    }
}
