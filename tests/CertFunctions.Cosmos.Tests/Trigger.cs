using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Testing.Siem;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos.Tests;

/// <summary>
/// A change feed as the platform's trigger delivers it: batch by batch, each again until its handler returns, to whichever process is there. What is delivered is
/// what stands in the container, read through the SDK.
/// </summary>
static class Trigger
{
    /// <summary>More than any scenario here needs; past it a handler does not come to an end.</summary>
    const int Deliveries = 60;

    /// <summary>Every document of a container, of whatever kind, in the feed's order.</summary>
    public static async Task<IReadOnlyList<JsonElement>> DocumentsAsync(CosmosUnderTest store, string container)
    {
        var all = new List<JsonElement>();
        using var pages = store.Inner.Database.GetContainer(container).GetChangeFeedIterator<JsonElement>(ChangeFeedStartFrom.Beginning(), ChangeFeedMode.LatestVersion);
        while (await pages.ReadNextAsync() is { StatusCode: not System.Net.HttpStatusCode.NotModified } page)
            all.AddRange(page);
        return all;
    }

    /// <summary>Delivers a batch until a handler takes it; how often that was. <paramref name="handler"/> is asked for anew each time: the process may be another.</summary>
    public static async Task<int> DeliverAsync(IReadOnlyList<JsonElement> batch, Func<Func<IReadOnlyList<JsonElement>, CancellationToken, Task>> handler, Func<int, CancellationToken>? token = null)
    {
        for (var delivery = 1; ; delivery++)
        {
            try
            {
                await handler()(batch, token?.Invoke(delivery) ?? default);
                return delivery;
            }
            catch (Exception e) when (delivery < Deliveries && e is IOException or SinkStalledException or OperationCanceledException or InvalidOperationException)
            {
            }
        }
    }

    /// <summary>The handler of the events' feed, as a process has it.</summary>
    public static Func<IReadOnlyList<JsonElement>, CancellationToken, Task> Chain(CosmosUnderTest store) => Feed.Handler(store).HandleAsync;

    /// <summary>The handler of the ledger's feed, as a process has it, with these sinks.</summary>
    public static Func<IReadOnlyList<JsonElement>, CancellationToken, Task> Forward(CosmosUnderTest store, params ISink[] sinks) => new ForwardFeed(Forwarders(store, TimeProvider.System, sinks)).HandleAsync;

    public static ForwardLedgers Forwarders(CosmosUnderTest store, TimeProvider clock, params ISink[] sinks) =>
        new([.. sinks.Select(s => new ForwardLedger(store.Ledger, store.Positions, s, clock))], store.Ledger, clock);

    public static EventHubSink Sink(ScriptedHub hub, string name = "event-hubs") => new(name, hub, EventHubEnvelope.Packed);

    /// <summary>The hub has each ledger whole: first arrivals in index order, nothing missing, and what came twice is the same to the byte.</summary>
    public static async Task AssertForwardedAsync(CosmosUnderTest store, ScriptedHub hub, IEnumerable<RecordedEvent> events)
    {
        foreach (var org in events.GroupBy(e => e.Address.Org))
        {
            var size = (await store.Ledger.CatchUpAsync(org.Key, [], default)).Head.Size;
            Assert.Equal(org.Count(), size);
            Assert.Equal(Enumerable.Range(0, (int)size).Select(i => (long)i), hub.Indexes(org.Key.Value).Distinct());
            Assert.Equal(size, hub.Lines(org.Key.Value).Distinct().Count());
        }
    }
}
