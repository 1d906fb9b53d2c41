using CertFunctions.Core.Ledger;
using CertFunctions.Emulation;
using CertFunctions.Testing;

namespace CertFunctions.Cosmos.Tests;

/// <summary>The second reader of the feed chains what the first passed over, and leaves alone what is chained.</summary>
public sealed class ReconcileTests
{
    [Fact]
    public async Task Events_that_no_pump_ever_saw_are_chained()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        var events = await Whole.SubmitAsync(store.Events, [.. Enumerable.Range(0, 250).Select(i => Make.Stamped($"c{i % 5}", $"e{i}"))]);

        Assert.Equal(250, await new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store)).HandleAsync(default));

        await Whole.AssertAsync(store, events);
    }

    [Fact]
    public async Task A_batch_in_the_middle_that_was_lost_with_its_lease_is_chained()
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(90, "c1", "e"));
        // The trigger's lease went past these thirty; what comes after them is chained already.
        await Whole.Extend(store).HandleAsync([.. events.Take(30), .. events.Skip(60)], default);
        var reconcile = new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store));

        Assert.Equal(90, await reconcile.HandleAsync(default));

        var later = await Whole.SubmitAsync(store.Events, Whole.Stamped(5, "c1", "later"));
        Assert.Equal(5, await reconcile.HandleAsync(default));
        await Whole.AssertAsync(store, [.. events, .. later]);
    }

    [Fact]
    public async Task Where_all_is_chained_nothing_is_written()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(150, "c1", "e"));
        await Whole.Extend(store).HandleAsync(events, default);
        store.Emulator.Counters.Reset();

        Assert.Equal(150, await new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store)).HandleAsync(default));

        Assert.Equal(0, store.Emulator.Counters.Requests(OperationKind.TransactionalBatch));
        await Whole.AssertAsync(store, events);
    }

    [Fact]
    public async Task A_reconciler_that_starts_anew_goes_on_where_the_last_one_ended()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(20, "c1", "e"));
        Assert.Equal(20, await new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store)).HandleAsync(default));
        await store.ReopenAsync();
        var later = await Whole.SubmitAsync(store.Events, Whole.Stamped(3, "c2", "later"));

        Assert.Equal(3, await new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store)).HandleAsync(default));

        await Whole.AssertAsync(store, [.. events, .. later]);
    }

    [Fact]
    public async Task Two_reconcilers_and_a_handler_at_once_chain_each_event_once()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        var events = await Whole.SubmitAsync(store.Events, [.. Enumerable.Range(0, 300).Select(i => Make.Stamped($"c{i % 3}", $"e{i}"))]);
        var documents = await Feed.DocumentsAsync(store);

        await Task.WhenAll(
            Task.Run(() => new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store)).HandleAsync(default)),
            Task.Run(() => new ReconcileEvents(store.Feed, store.Positions, Whole.Extend(store)).HandleAsync(default)),
            Task.Run(() => Feed.Handler(store).HandleAsync(documents, default)));

        await Whole.AssertAsync(store, events);
    }
}
