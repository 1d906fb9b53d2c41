using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CertFunctions.Core.Events;
using CertFunctions.Testing;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos.Tests;

/// <summary>Documents in the events container that cannot be chained: kept with their bytes and a reason, in sight, once; the subject's later events go on.</summary>
public sealed class QuarantineTests
{
    static readonly Dictionary<string, Action<JsonObject>> Poisons = new()
    {
        ["a document of something else"] = d => Keep(d, "org", "project", "subject"),
        ["no leaf"] = d => d.Remove("leaf"),
        ["an empty leaf"] = d => d["leaf"] = "",
        ["a leaf that is null"] = d => d["leaf"] = null,
        ["a leaf that is a number"] = d => d["leaf"] = 7,
        ["a leaf that is not JSON"] = d => d["leaf"] = "{\"v\":1,",
        ["a leaf that is other JSON"] = d => d["leaf"] = "[1,2,3]",
        ["a leaf of another event"] = d => d["leaf"] = Encoding.UTF8.GetString(Make.Stamped("c1", "other").Leaf(2)),
        ["a leaf of another subject"] = d => d["leaf"] = Encoding.UTF8.GetString(Make.Stamped("c2", "poison").Leaf(2)),
        ["a leaf with another seq"] = d => d["leaf"] = Encoding.UTF8.GetString(Make.Stamped("c1", "poison").Leaf(9)),
        ["a seq that is text"] = d => d["seq"] = "2",
        ["a seq that is no whole number"] = d => d["seq"] = 2.5,
        ["a seq of nothing"] = d => d["seq"] = 0,
        ["no seq"] = d => d.Remove("seq"),
        ["a type that is null"] = d => d["type"] = null,
        ["a salt that is not hex"] = d => d["salt"] = "salty",
        ["a personal part that is an object"] = d => d["personal"] = new JsonObject { ["ip"] = "192.0.2.7" },
        ["an id without its prefix"] = d => d["id"] = "poison",
        ["an id that no event has"] = d => d["id"] = EventDocument.IdPrefix + "not an id!",
        ["characters of every kind"] = d => d["leaf"] = "\u0000 \" \\ é 漢 😀 \u2028",
        ["nearly as large as a document can be"] = d => d["leaf"] = string.Concat(Enumerable.Repeat("\"\\", 450_000)),
    };

    public static TheoryData<string> Kinds => [.. Poisons.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_poison_document_is_kept_with_its_bytes_and_a_reason_and_the_events_around_it_are_chained(string kind)
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        var events = new List<RecordedEvent>(await Whole.SubmitAsync(store.Events, Whole.Stamped(1, "c1", "before")));
        var poison = await PoisonAsync(store.Inner.Database.GetContainer(CosmosLayout.Events), events[0], Poisons[kind]);
        events.AddRange(await Whole.SubmitAsync(store.Events, Whole.Stamped(3, "c1", "after")));

        // Twice by the handler, and once more by a reader that goes over the feed by itself.
        var documents = await Feed.DocumentsAsync(store);
        await Feed.Handler(store).HandleAsync(documents, default);
        await Feed.Handler(store).HandleAsync(documents, default);
        await store.ReopenAsync();
        await Whole.AssertOnceChainedAsync(store, events);

        var kept = Assert.Single(await store.Inner.Quarantine.ListAsync(10, default));
        var delivered = documents.Single(d => d.GetProperty("id").GetString() == poison).GetRawText();
        Assert.NotEmpty(kept.Reason);
        if (delivered.Length < 1_000_000)
            Assert.Equal(delivered, kept.Document);
        else
            Assert.StartsWith(kept.Document, delivered, StringComparison.Ordinal);
        Assert.True(kept.Document.Length > 100);
    }

    [Fact]
    public async Task A_document_kept_before_stays_as_it_was_when_it_comes_again()
    {
        var clock = new ManualClock(Make.Now);
        await using var store = await CosmosUnderTest.OpenAsync(1, host: clock);
        var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(2, "c1", "e"));
        await PoisonAsync(store.Inner.Database.GetContainer(CosmosLayout.Events), events[0], Poisons["no leaf"]);
        var documents = await Feed.DocumentsAsync(store);
        await Feed.Handler(store).HandleAsync(documents, default);
        var before = await EtagAsync();

        clock.Advance(TimeSpan.FromDays(1));
        await Feed.Handler(store).HandleAsync(documents, default);

        Assert.Equal(before, await EtagAsync());
        await Whole.AssertAsync(store, events);

        async Task<string> EtagAsync()
        {
            using var pages = store.Inner.Database.GetContainer(CosmosLayout.State).GetItemQueryIterator<JsonElement>(
                "SELECT * FROM c", requestOptions: new QueryRequestOptions { PartitionKey = new PartitionKey(StateDocument.QuarantineKind) });
            return Assert.Single(await pages.ReadNextAsync()).GetProperty("_etag").GetString()!;
        }
    }

    /// <summary>Puts a copy of an event's document, spoilt, beside it; its id.</summary>
    static async Task<string> PoisonAsync(Container container, RecordedEvent model, Action<JsonObject> spoil)
    {
        var partition = CosmosNames.Partition(model.Address);
        using var read = await container.ReadItemStreamAsync(EventDocument.IdPrefix + model.Id.Value, partition);
        var document = JsonNode.Parse(read.Content)!.AsObject();
        foreach (var system in document.Select(m => m.Key).Where(k => k.StartsWith('_')).ToList())
            document.Remove(system);
        document["id"] = EventDocument.IdPrefix + "poison";
        document["seq"] = 2;
        document["leaf"] = Encoding.UTF8.GetString(Make.Stamped("c1", "poison").Leaf(2));
        spoil(document);
        using var body = new MemoryStream(Encoding.UTF8.GetBytes(document.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })));
        using var created = await container.CreateItemStreamAsync(body, partition);
        created.EnsureSuccessStatusCode();
        return document["id"]!.GetValue<string>();
    }

    static void Keep(JsonObject document, params string[] members)
    {
        foreach (var other in document.Select(m => m.Key).Where(k => !members.Contains(k) && k != "id").ToList())
            document.Remove(other);
        document["note"] = "someone else's";
    }
}
