using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos.Tests;

/// <summary>What the change feed has, as its documents stand there, for tests that deliver it as they like.</summary>
static class Feed
{
    /// <summary>Every document of the events container, heads included, in the feed's order.</summary>
    public static async Task<List<JsonElement>> DocumentsAsync(CosmosUnderTest store)
    {
        var all = new List<JsonElement>();
        using var pages = store.Inner.Database.GetContainer(CosmosLayout.Events).GetChangeFeedIterator<JsonElement>(ChangeFeedStartFrom.Beginning(), ChangeFeedMode.LatestVersion);
        while (await pages.ReadNextAsync() is { StatusCode: not System.Net.HttpStatusCode.NotModified } page)
            all.AddRange(page);
        return all;
    }

    /// <summary>The documents of these events, in the order of these events.</summary>
    public static async Task<IReadOnlyList<JsonElement>> DocumentsAsync(CosmosUnderTest store, IEnumerable<RecordedEvent> events)
    {
        var documents = (await DocumentsAsync(store)).ToDictionary(d => (d.GetProperty("org").GetString(), d.GetProperty("subject").GetString(), d.GetProperty("id").GetString()));
        return [.. events.Select(e => documents[(e.Address.Org.Value, CosmosNames.Subject(e.Address.Subject), EventDocument.IdPrefix + e.Id.Value)])];
    }

    /// <summary>A handler as another process has it.</summary>
    public static ChainFeed Handler(CosmosUnderTest store) => new(Whole.Extend(store), store.Inner.Quarantine);

    /// <summary>How often each event stands in the ledger container, whatever its segment.</summary>
    public static async Task<IReadOnlyDictionary<string, int>> ChainedAsync(CosmosUnderTest store)
    {
        var counts = new Dictionary<string, int>();
        using var pages = store.Inner.Database.GetContainer(CosmosLayout.Ledger).GetItemQueryIterator<string>("SELECT VALUE c.event FROM c WHERE c.id != 'head'");
        while (pages.HasMoreResults)
        {
            foreach (var name in await pages.ReadNextAsync())
                counts[name] = counts.GetValueOrDefault(name) + 1;
        }

        return counts;
    }

    public static string Name(RecordedEvent e) => CosmosNames.Event(e.Address, e.Id);

    /// <summary>
    /// Makes a ledger look as though it had grown to <paramref name="size"/> entries, within its first segment: entries between are missing, which no append looks at.
    /// </summary>
    public static async Task GrowAsync(CosmosUnderTest store, OrgId org, long size = LedgerHead.SegmentLength)
    {
        var ledger = store.Inner.Database.GetContainer(CosmosLayout.Ledger);
        var head = (await ledger.ReadItemAsync<SegmentDocument>(SegmentDocument.HeadId, CosmosNames.Partition(org, 0))).Resource;
        await ledger.ReplaceItemAsync(head with { Size = size, Etag = null }, SegmentDocument.HeadId, CosmosNames.Partition(org, 0));
    }
}
