using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;
using CertFunctions.Emulation;
using CertFunctions.Testing;
using Xunit.Abstractions;

namespace CertFunctions.Cosmos.Tests;

/// <summary>What each step costs in requests, as the emulator counts them, and in request units by its model, which bound a regression and are no bill.</summary>
public sealed class CostTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_batch_of_99_events_of_one_subject_takes_two_requests(int partitions)
    {
        await using var store = await OpenWarmAsync(partitions);
        var events = new List<RecordedEvent>();

        events.AddRange(await CountAsync(store, "single event, new subject", 2, 30, () => Whole.SubmitAsync(store.Events, Whole.Stamped(1, "c1", "first"))));
        events.AddRange(await CountAsync(store, "single event, subject with events", 2, 30, () => Whole.SubmitAsync(store.Events, Whole.Stamped(1, "c1", "second"))));
        events.AddRange(await CountAsync(store, "batch of 99", 2, 1250, () => Whole.SubmitAsync(store.Events, Whole.Stamped(99, "c1", "third"))));
        events.AddRange(await CountAsync(store, "batch of 198", 3, 2500, () => Whole.SubmitAsync(store.Events, Whole.Stamped(198, "c1", "fourth"))));

        Assert.Equal(0, store.Emulator.Counters.Failures());
        await Whole.AssertOnceChainedAsync(store, [.. events, .. await WarmAsync(store)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_timeline_page_is_one_query_of_one_partition(int partitions)
    {
        await using var store = await OpenWarmAsync(partitions);
        await Whole.SubmitAsync(store.Events, Whole.Stamped(200, "c1", "e"));
        TimelineQuery[] queries =
        [
            new() { Address = Make.Certificate("c1"), Order = TimelineOrder.NewestFirst },
            new() { Address = Make.Certificate("c1"), Order = TimelineOrder.OldestFirst },
            new() { Address = Make.Certificate("c1"), Order = TimelineOrder.NewestFirst, Types = ["cert.downloaded", "cert.issued"], After = Make.Now.AddDays(-1), Before = Make.Now.AddDays(1) },
            new() { Address = Make.Certificate("nobody"), Order = TimelineOrder.NewestFirst },
        ];
        // Which plan a query has is learnt once.
        foreach (var query in queries)
            await store.Events.ReadTimelineAsync(query, null, 50, default);

        foreach (var query in queries)
        {
            foreach (var from in (long?[])[null, 120])
            {
                await CountAsync(store, $"timeline page of 50, {query.Order}, {query.Types.Count} types", 1, 10, () => store.Events.ReadTimelineAsync(query, from, 50, default));
                Assert.Equal(1, store.Emulator.Counters.Requests(OperationKind.Query, CosmosLayout.Events));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Extending_a_ledger_takes_one_batch_for_99_entries_and_after_a_conflict_one_look(int partitions)
    {
        await using var store = await OpenWarmAsync(partitions);
        var events = await Whole.SubmitAsync(store.Events, [.. Enumerable.Range(0, 297).Select(i => Make.Stamped($"c{i % 4}", $"e{i}"))]);
        var extend = Whole.Extend(store);
        await extend.HandleAsync(await WarmAsync(store), default);

        await CountAsync(store, "ledger append of 99", 1, 1250, () => extend.HandleAsync([.. events.Take(99)], default));
        await CountAsync(store, "ledger append of 198", 2, 2500, () => extend.HandleAsync([.. events.Skip(99)], default));

        // Someone else moves the ledger: the next append meets a conflict, reads the head and what is chained, and goes through.
        var more = await Whole.SubmitAsync(store.Events, Whole.Stamped(99, "c1", "more"));
        await Whole.Extend(store).HandleAsync([.. more.Take(40)], default);
        await CountAsync(store, "ledger append of 99, 40 chained by another", 4, 900, () => extend.HandleAsync(more, default));
        Assert.Equal(2, store.Emulator.Counters.Requests(OperationKind.TransactionalBatch));
        Assert.Equal(1, store.Emulator.Counters.Requests(OperationKind.ReadDocument));
        Assert.Equal(1, store.Emulator.Counters.Requests(OperationKind.Query));

        await CountAsync(store, "redelivery of 99", 3, 60, () => extend.HandleAsync(more, default));
        await CountAsync(store, "catch-up of 99", 2, 20, () => store.Ledger.CatchUpAsync(Make.Org, more, default));
        await Whole.AssertAsync(store, [.. events, .. more, .. await WarmAsync(store)]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Reading_a_ledger_forward_takes_a_query_for_the_entries_and_two_look_ups_of_their_events(int partitions)
    {
        await using var store = await OpenWarmAsync(partitions);
        var events = await Whole.SubmitAsync(store.Events, [.. Enumerable.Range(0, 1000).Select(i => Make.Stamped($"c{i % 40}", $"e{i}"))]);
        await Whole.Extend(store).HandleAsync(events, default);
        await store.Ledger.ReadAsync(Make.Org, 0, 1, default);

        // The SDK asks for a plan of each look-up where it does not plan natively.
        var entries = await CountAsync(store, "forward read of 1000", 5, 200, () => store.Ledger.ReadAsync(Make.Org, 0, 1000, default));

        Assert.Equal(1000, entries.Count);
        Assert.Equal((1, 2), (store.Emulator.Counters.Requests(OperationKind.Query, CosmosLayout.Ledger), store.Emulator.Counters.Requests(OperationKind.Query, CosmosLayout.Events)));
        await Whole.AssertOnceChainedAsync(store, [.. events, .. await WarmAsync(store)]);
    }

    [Theory]
    [InlineData(58 * 1024, 14, "x")]
    [InlineData(16 * 1024, 99, "😀")]
    [InlineData(25 * 1024, 70, "\\\"")]
    public async Task Large_events_are_cut_into_batches_the_service_takes(int bytes, int count, string filling)
    {
        await using var store = await OpenWarmAsync(1);
        var text = string.Concat(Enumerable.Repeat(filling, bytes / System.Text.Encoding.UTF8.GetByteCount(filling)));
        var events = Enumerable.Range(0, count).Select(i => Make.Stamped("c1", $"large-{i}", data: Data(text))).ToList();
        store.Emulator.Counters.Reset();

        var recorded = await Whole.SubmitAsync(store.Events, events);

        Assert.Equal(0, store.Emulator.Counters.Failures(OperationKind.TransactionalBatch));
        await Whole.AssertOnceChainedAsync(store, [.. recorded, .. await WarmAsync(store)]);
    }

    static string Data(string text) => System.Text.Json.JsonSerializer.Serialize(new { format = "pem", ext = new { note = text } });

    async Task<T> CountAsync<T>(CosmosUnderTest store, string what, int requests, double units, Func<Task<T>> work)
    {
        store.Emulator.Counters.Reset();
        var result = await work();
        var counters = store.Emulator.Counters;
        output.WriteLine($"{what}: {counters.DocumentRequests()} requests, {counters.RequestUnits():F1} RU ({string.Join(", ", counters.Snapshot().Select(c => $"{c.Key.Container} {c.Key.Kind} {c.Value.Requests}"))})");
        Assert.InRange(counters.DocumentRequests(), 1, requests);
        Assert.InRange(counters.RequestUnits(), 0, units);
        return result;
    }

    Task CountAsync(CosmosUnderTest store, string what, int requests, double units, Func<Task> work) => CountAsync(store, what, requests, units, async () =>
    {
        await work();
        return true;
    });

    /// <summary>A store whose client has met its containers: what a client learns of a container once is no part of any bar.</summary>
    static async Task<CosmosUnderTest> OpenWarmAsync(int partitions)
    {
        var store = await CosmosUnderTest.OpenAsync(partitions);
        await Whole.Extend(store).HandleAsync(await WarmAsync(store), default);
        return store;
    }

    static Task<IReadOnlyList<RecordedEvent>> WarmAsync(CosmosUnderTest store) => Whole.SubmitAsync(store.Events, Whole.Stamped(1, "warm", "warm"));
}
