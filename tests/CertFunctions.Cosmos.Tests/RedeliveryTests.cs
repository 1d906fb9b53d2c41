using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Testing;

namespace CertFunctions.Cosmos.Tests;

/// <summary>The feed may deliver anything again, in pieces, in any order, to several handlers at once: the ledger holds each event once.</summary>
public sealed class RedeliveryTests
{
    [Fact]
    public async Task Batches_cut_mixed_repeated_and_delivered_to_two_handlers_at_once_chain_each_event_once()
    {
        await using var store = await CosmosUnderTest.OpenAsync(4);
        var random = new Random(11);
        var acknowledged = new List<RecordedEvent>();
        var handlers = new[] { Feed.Handler(store), Feed.Handler(store) };
        for (var round = 0; round < 12; round++)
        {
            foreach (var subject in (string[])["a", "b", "c"])
                acknowledged.AddRange(await Whole.SubmitAsync(store.Events, Whole.Stamped(random.Next(1, 12), subject, $"r{round}")));
            var documents = (await Feed.DocumentsAsync(store)).ToArray();
            await Task.WhenAll(handlers.Select(handler => Task.Run(() => DeliverAsync(handler, documents, new Random(random.Next())))));
        }

        await Whole.AssertAsync(store, acknowledged);
    }

    [Fact]
    public async Task Two_extenders_at_once_on_one_ledger_chain_each_event_once()
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        var events = (await Whole.SubmitAsync(store.Events, [.. Enumerable.Range(0, 400).Select(i => Make.Stamped($"c{i % 7}", $"e{i}"))])).ToArray();
        var extenders = Enumerable.Range(0, 3).Select(_ => Whole.Extend(store)).ToList();

        await Task.WhenAll(extenders.Select((extend, n) => Task.Run(async () =>
        {
            // Each begins elsewhere and goes round.
            foreach (var piece in events.Skip(130 * n).Concat(events.Take(130 * n)).Chunk(70))
                await extend.HandleAsync(piece, default);
        })));

        await Whole.AssertAsync(store, events);
    }

    static async Task DeliverAsync(ChainFeed handler, JsonElement[] documents, Random random)
    {
        var mixed = documents.ToArray();
        random.Shuffle(mixed);
        for (var at = 0; at < mixed.Length;)
        {
            var piece = mixed.Skip(at).Take(random.Next(1, 40)).ToArray();
            await handler.HandleAsync(piece, default);
            if (random.Next(3) == 0)
                await handler.HandleAsync(piece, default);
            at += piece.Length;
        }
    }
}
