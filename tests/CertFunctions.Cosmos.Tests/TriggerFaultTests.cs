using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Emulation;
using CertFunctions.Testing;
using CertFunctions.Testing.Siem;
using Microsoft.Azure.Cosmos;
using OperationKind = CertFunctions.Emulation.OperationKind;

namespace CertFunctions.Cosmos.Tests;

/// <summary>
/// The handlers behind both triggers, driven batch by batch as the platform drives them: every request they make goes wrong in turn, a shutdown cuts them at every
/// request in turn, batches come again, in pieces, mixed, to two workers at once, and hold documents of other kinds.
/// </summary>
public sealed class TriggerFaultTests : IAsyncLifetime
{
    static readonly OrgId[] Orgs = [Make.Org, OrgId.Parse("globex")];

    readonly List<RecordedEvent> events = [];
    CosmosUnderTest store = null!;

    public async Task InitializeAsync() => store = await CosmosUnderTest.OpenAsync(2);

    public async Task DisposeAsync() => await store.DisposeAsync();

    public static TheoryData<string> Faults => [.. Effects.Keys];

    static readonly Dictionary<string, Func<FaultPlan, Func<EmulatorRequest, bool>, FaultRule>> Effects = new()
    {
        ["429 from there on"] = (plan, when) => plan.Fail(FaultPlan.Always, 429, when, retryAfter: TimeSpan.FromMilliseconds(1)),
        ["503"] = (plan, when) => plan.Fail(3, 503, when),
        ["connection broken before"] = (plan, when) => plan.Disconnect(3, when),
        ["answer lost"] = (plan, when) => plan.LoseAnswer(3, when),
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_chaining_a_batch_fails_the_batch_comes_again_and_chains_each_event_once(string fault)
    {
        var requests = await EachRequest.FailsAsync(store, Effects[fault], async run =>
        {
            var batch = await NewEventsAsync(run);
            return () => Trigger.DeliverAsync(batch, () => Trigger.Chain(store));
        });

        Assert.InRange(requests, 3, 30);
        await Whole.AssertAsync(store, events);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_forwarding_a_batch_fails_the_batch_comes_again_and_the_hub_gets_the_ledger_whole(string fault)
    {
        var hub = new ScriptedHub();
        var requests = await EachRequest.FailsAsync(store, Effects[fault], async run =>
        {
            var batch = await NewEntriesAsync(run);
            return () => Trigger.DeliverAsync(batch, () => Trigger.Forward(store, Trigger.Sink(hub)));
        });

        Assert.InRange(requests, 4, 40);
        await Trigger.AssertForwardedAsync(store, hub, events);
    }

    [Fact]
    public async Task A_shutdown_at_any_request_of_chaining_is_made_up_for_by_the_next_worker()
    {
        var requests = await EachShutdownAsync(async run =>
        {
            var batch = await NewEventsAsync(run);
            return token => Trigger.DeliverAsync(batch, () => Trigger.Chain(store), token);
        });

        Assert.InRange(requests, 3, 30);
        await Whole.AssertAsync(store, events);
    }

    [Fact]
    public async Task A_shutdown_at_any_request_of_forwarding_is_made_up_for_by_the_next_worker()
    {
        var hub = new ScriptedHub();
        var requests = await EachShutdownAsync(async run =>
        {
            var batch = await NewEntriesAsync(run);
            return token => Trigger.DeliverAsync(batch, () => Trigger.Forward(store, Trigger.Sink(hub)), token);
        });

        Assert.InRange(requests, 4, 40);
        await Trigger.AssertForwardedAsync(store, hub, events);
    }

    [Fact]
    public async Task Batches_cut_mixed_and_repeated_to_two_workers_and_a_timer_at_once_forward_each_entry_in_order()
    {
        var hub = new ScriptedHub(ScriptedHub.Basic);
        var random = new Random(5);
        for (var round = 0; round < 6; round++)
        {
            await NewEntriesAsync(round, 15);
            var documents = (await Trigger.DocumentsAsync(store, CosmosLayout.Ledger)).ToArray();
            var seed = random.Next();
            await Task.WhenAll(
                Task.Run(() => DeliverMixedAsync(documents, new Random(seed), hub)),
                Task.Run(() => DeliverMixedAsync(documents, new Random(seed + 1), hub)),
                Task.Run(() => Trigger.Forwarders(store, TimeProvider.System, Trigger.Sink(hub)).RunAsync(default)));
        }

        await Trigger.AssertForwardedAsync(store, hub, events);
    }

    [Fact]
    public async Task Documents_of_other_kinds_in_the_ledgers_feed_stop_nothing()
    {
        var hub = new ScriptedHub();
        await NewEntriesAsync(0);
        var container = store.Inner.Database.GetContainer(CosmosLayout.Ledger);
        foreach (var text in (string[])["""{"id":"x","org":"acme","segment":"0000000000","event":"x"}""", """{"id":"i.note","org":"no such org!","segment":"0","event":"y"}""", """{"id":"i.7","org":7,"segment":"0","event":"z"}"""])
        {
            using var document = JsonDocument.Parse(text);
            using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            var org = document.RootElement.GetProperty("org");
            var key = org.ValueKind == JsonValueKind.Number ? new PartitionKeyBuilder().Add(org.GetDouble()) : new PartitionKeyBuilder().Add(org.GetString());
            using var created = await container.CreateItemStreamAsync(stream, key.Add(document.RootElement.GetProperty("segment").GetString()).Build());
            Assert.True(created.IsSuccessStatusCode, created.ErrorMessage);
        }

        var batch = await Trigger.DocumentsAsync(store, CosmosLayout.Ledger);
        JsonElement[] odd = [JsonDocument.Parse("7").RootElement, JsonDocument.Parse("null").RootElement, JsonDocument.Parse("[]").RootElement];
        Assert.Equal(1, await Trigger.DeliverAsync([.. odd, .. batch], () => Trigger.Forward(store, Trigger.Sink(hub))));

        await Trigger.AssertForwardedAsync(store, hub, events);
    }

    [Fact]
    public async Task A_batch_without_any_entry_forwards_nothing_and_asks_the_store_nothing()
    {
        await NewEntriesAsync(0);
        var forward = Trigger.Forward(store, Trigger.Sink(new ScriptedHub()));
        store.Emulator.Counters.Reset();

        await forward([JsonDocument.Parse("""{"id":"other","org":"acme"}""").RootElement], default);

        Assert.Equal(0, store.Emulator.Counters.Requests(OperationKind.Query) + store.Emulator.Counters.Requests(OperationKind.ReadDocument));
    }

    [Fact]
    public async Task A_sink_that_is_down_holds_up_no_other_makes_its_batch_come_again_and_in_the_end_has_everything()
    {
        var clock = new ManualClock(Make.Now);
        var (up, down) = (new ScriptedHub(), new ScriptedHub { Script = n => n <= 2 ? new(new EventHubException("ServiceBusy")) : null });
        var batch = await NewEntriesAsync(0);
        var feed = new ForwardFeed(Trigger.Forwarders(store, clock, Trigger.Sink(down, "down"), Trigger.Sink(up, "up")));

        var stalled = await Assert.ThrowsAsync<SinkStalledException>(() => feed.HandleAsync(batch, default));
        Assert.Contains("the sink down does not take the ledger of acme", stalled.Message, StringComparison.Ordinal);
        await Trigger.AssertForwardedAsync(store, up, events);

        // It asked for ten seconds: until then it is not troubled again, though the batch comes again sooner.
        var tries = down.Sends;
        await Assert.ThrowsAsync<SinkStalledException>(() => feed.HandleAsync(batch, default));
        Assert.Equal(tries, down.Sends);

        clock.Advance(TimeSpan.FromSeconds(10));
        await feed.HandleAsync(batch, default);
        await Trigger.AssertForwardedAsync(store, down, events);
    }

    [Fact]
    public async Task What_a_lost_lease_passed_over_the_timer_forwards()
    {
        var hub = new ScriptedHub();
        await NewEntriesAsync(0, 120);

        await Trigger.Forwarders(store, TimeProvider.System, Trigger.Sink(hub)).RunAsync(default);

        await Trigger.AssertForwardedAsync(store, hub, events);
    }

    [Fact]
    public async Task Run_twice_neither_handler_writes_anything()
    {
        var hub = new ScriptedHub();
        var entries = await NewEntriesAsync(0);
        var documents = await Trigger.DocumentsAsync(store, CosmosLayout.Events);
        await Trigger.Forward(store, Trigger.Sink(hub))(entries, default);
        store.Emulator.Counters.Reset();
        var sends = hub.Sends;

        await Trigger.Chain(store)(documents, default);
        await Trigger.Forward(store, Trigger.Sink(hub))(entries, default);

        Assert.Equal(sends, hub.Sends);
        Assert.Equal(0, store.Emulator.Counters.Requests(OperationKind.TransactionalBatch) + store.Emulator.Counters.Requests(OperationKind.UpsertDocument));
    }

    async Task DeliverMixedAsync(JsonElement[] documents, Random random, ScriptedHub hub)
    {
        var mixed = documents.ToArray();
        random.Shuffle(mixed);
        for (var at = 0; at < mixed.Length;)
        {
            var piece = mixed.Skip(at).Take(random.Next(1, 30)).ToArray();
            await Trigger.DeliverAsync(piece, () => Trigger.Forward(store, Trigger.Sink(hub)));
            at += piece.Length;
        }
    }

    /// <summary>New events of two orgs, as the events' feed delivers them: heads among them, and a document that is none of ours.</summary>
    async Task<IReadOnlyList<JsonElement>> NewEventsAsync(int run, int each = 4)
    {
        var before = (await Trigger.DocumentsAsync(store, CosmosLayout.Events)).Select(Identity).ToHashSet();
        foreach (var org in Orgs)
            events.AddRange(await Whole.SubmitAsync(store.Events, Whole.Stamped(each, $"c{run}", $"e{run}", org)));
        return [.. (await Trigger.DocumentsAsync(store, CosmosLayout.Events)).Where(d => !before.Contains(Identity(d))), JsonDocument.Parse("""{"id":"note","text":"of somebody else"}""").RootElement];
    }

    /// <summary>New entries of both orgs' ledgers, with the heads that moved.</summary>
    async Task<IReadOnlyList<JsonElement>> NewEntriesAsync(int run, int each = 4)
    {
        var before = (await Trigger.DocumentsAsync(store, CosmosLayout.Ledger)).Select(Identity).ToHashSet();
        await Trigger.Chain(store)(await NewEventsAsync(run, each), default);
        return [.. (await Trigger.DocumentsAsync(store, CosmosLayout.Ledger)).Where(d => !before.Contains(Identity(d)))];
    }

    static string Identity(JsonElement document) => string.Join('/', ((string[])["org", "subject", "segment", "id", "_etag"]).Select(n => document.TryGetProperty(n, out var v) ? v.ToString() : ""));

    /// <summary>Runs the scenario with the worker asked to stop at its first request, then at its second, until it makes no more requests; how many there were.</summary>
    async Task<int> EachShutdownAsync(Func<int, Task<Func<Func<int, CancellationToken>, Task>>> prepare)
    {
        for (var at = 1; ; at++)
        {
            var scenario = await prepare(at);
            using var stop = new CancellationTokenSource();
            var (seen, stopped) = (0, false);
            using var watch = store.Emulator.Faults.Fail(1, 503, _ =>
            {
                if (Interlocked.Increment(ref seen) == at)
                {
                    stopped = true;
                    stop.Cancel();
                }

                return false;
            });
            await scenario(delivery => delivery == 1 ? stop.Token : default).WaitAsync(TimeSpan.FromSeconds(120));
            if (!stopped)
                return at - 1;
        }
    }
}
