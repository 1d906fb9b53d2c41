using System.Net;
using System.Text;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class DocumentTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_document_is_created_read_replaced_upserted_and_deleted(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        var key = new PartitionKey("p");

        var created = await container.CreateItemAsync(new Item { Id = "a", Pk = "p", Seq = 1 }, key);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(created.ETag, created.Resource.ETag);
        Assert.True(created.RequestCharge > 5);

        var read = await container.ReadItemAsync<Item>("a", key);
        Assert.Equal(1, read.Resource.Seq);
        Assert.Equal(1, read.RequestCharge);

        var replaced = await container.ReplaceItemAsync(read.Resource with { Seq = 2 }, "a", key);
        Assert.Equal(HttpStatusCode.OK, replaced.StatusCode);
        Assert.NotEqual(created.ETag, replaced.ETag);

        Assert.Equal(HttpStatusCode.OK, (await container.UpsertItemAsync(new Item { Id = "a", Pk = "p", Seq = 3 }, key)).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await container.UpsertItemAsync(new Item { Id = "b", Pk = "p" }, key)).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await container.DeleteItemAsync<Item>("a", key)).StatusCode);
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReadItemAsync<Item>("a", key));
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.DeleteItemAsync<Item>("a", key));
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReplaceItemAsync(new Item { Id = "a", Pk = "p" }, "a", key));
    }

    [Fact]
    public async Task A_second_create_conflicts_and_the_same_id_under_another_key_does_not()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p" });
        await Lab.RefusedAsync(HttpStatusCode.Conflict, () => container.CreateItemAsync(new Item { Id = "a", Pk = "p" }));
        await container.CreateItemAsync(new Item { Id = "a", Pk = "q" });
    }

    [Fact]
    public async Task If_match_refuses_a_stale_writer_and_if_none_match_saves_a_read()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var key = new PartitionKey("p");
        var first = await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, key);
        var second = await container.ReplaceItemAsync(new Item { Id = "a", Pk = "p", Seq = 2 }, "a", key, new ItemRequestOptions { IfMatchEtag = first.ETag });

        var stale = new ItemRequestOptions { IfMatchEtag = first.ETag };
        await Lab.RefusedAsync(HttpStatusCode.PreconditionFailed, () => container.ReplaceItemAsync(new Item { Id = "a", Pk = "p", Seq = 3 }, "a", key, stale));
        await Lab.RefusedAsync(HttpStatusCode.PreconditionFailed, () => container.UpsertItemAsync(new Item { Id = "a", Pk = "p", Seq = 3 }, key, stale));
        await Lab.RefusedAsync(HttpStatusCode.PreconditionFailed, () => container.DeleteItemAsync<Item>("a", key, stale));

        using var unchanged = await container.ReadItemStreamAsync("a", key, new ItemRequestOptions { IfNoneMatchEtag = second.ETag });
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        using var changed = await container.ReadItemStreamAsync("a", key, new ItemRequestOptions { IfNoneMatchEtag = first.ETag });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }

    [Fact]
    public async Task A_document_keeps_its_numbers_and_characters_as_they_were_sent()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        const string Json = """{"id":"ä b","pk":"p","big":12345678901234567,"exact":1.50,"text":"é\u0001\"<>😀","none":null}""";
        using (var created = await container.CreateItemStreamAsync(new MemoryStream(Encoding.UTF8.GetBytes(Json)), new PartitionKey("p")))
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);

        using var read = await container.ReadItemStreamAsync("ä b", new PartitionKey("p"));
        using var reader = new StreamReader(read.Content);
        var text = await reader.ReadToEndAsync();
        Assert.Contains("\"big\":12345678901234567,\"exact\":1.50,", text, StringComparison.Ordinal);
        Assert.Equal("é\u0001\"<>😀", System.Text.Json.JsonElement.Parse(text).GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_write_without_content_response_still_returns_its_etag()
    {
        await using var lab = await Lab.OpenAsync(1, options => options.EnableContentResponseOnWrite = false);
        var container = await lab.ContainerAsync();
        var created = await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, new PartitionKey("p"));
        Assert.Null(created.Resource);
        Assert.Equal(created.ETag, (await container.ReadItemAsync<Item>("a", new PartitionKey("p"))).ETag);
    }

    [Fact]
    public async Task A_key_that_is_not_the_documents_own_is_refused()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var refused = await Lab.RefusedAsync(HttpStatusCode.BadRequest, () => container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, new PartitionKey("q")));
        Assert.Equal(1001, refused.SubStatusCode);
    }

    [Fact]
    public async Task A_document_above_two_megabytes_is_refused()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await Lab.RefusedAsync(HttpStatusCode.RequestEntityTooLarge, () =>
            container.CreateItemAsync(new Item { Id = "a", Pk = "p", Text = new string('x', 2 * 1024 * 1024) }, new PartitionKey("p")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Every_kind_of_key_finds_its_document_again(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync("/k");
        (object? Value, PartitionKey Key)[] keys =
        [
            ("text", new("text")), ("", new("")), ("äöü😀", new("äöü😀")), (0, new(0)), (-1.5, new(-1.5)), (1e300, new(1e300)),
            (true, new(true)), (false, new(false)), (null, PartitionKey.Null),
        ];
        for (var i = 0; i < keys.Length; i++)
            await container.CreateItemAsync(new Dictionary<string, object?> { ["id"] = $"d{i}", ["k"] = keys[i].Value }, keys[i].Key);
        await container.CreateItemAsync(new Dictionary<string, object?> { ["id"] = "none" }, PartitionKey.None);

        for (var i = 0; i < keys.Length; i++)
            Assert.Equal(HttpStatusCode.OK, (await container.ReadItemAsync<Dictionary<string, object?>>($"d{i}", keys[i].Key)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await container.ReadItemAsync<Dictionary<string, object?>>("none", PartitionKey.None)).StatusCode);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Read_many_returns_those_that_exist(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        for (var i = 0; i < 40; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i % 7}", Seq = i });

        var wanted = Enumerable.Range(0, 50).Select(i => ($"d{i}", new PartitionKey($"p{i % 7}"))).ToList();
        var found = await container.ReadManyItemsAsync<Item>(wanted);
        Assert.Equal(Enumerable.Range(0, 40), found.Select(item => item.Seq).Order());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task All_documents_are_read_page_by_page(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        for (var i = 0; i < 30; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}", Seq = i });
        var all = await Lab.AllAsync(container.GetItemQueryIterator<Item>(requestOptions: new QueryRequestOptions { MaxItemCount = 4 }));
        Assert.Equal(Enumerable.Range(0, 30), all.Select(i => i.Seq).Order());
        Assert.True(lab.Emulator.Counters.Requests(OperationKind.ReadFeed) >= 8);
    }

    [Fact]
    public async Task Writers_that_race_with_etags_lose_no_update()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var key = new PartitionKey("p");
        await container.CreateItemAsync(new Item { Id = "count", Pk = "p", Seq = 0 }, key);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var done = 0; done < 10;)
            {
                var head = await container.ReadItemAsync<Item>("count", key);
                using var response = await container.CreateTransactionalBatch(key)
                    .ReplaceItem("count", head.Resource with { Seq = head.Resource.Seq + 1 }, new TransactionalBatchItemRequestOptions { IfMatchEtag = head.ETag })
                    .CreateItem(new Item { Id = $"e{head.Resource.Seq + 1}", Pk = "p" })
                    .ExecuteAsync();
                if (response.IsSuccessStatusCode) done++;
                else Assert.Equal(HttpStatusCode.PreconditionFailed, response.StatusCode);
            }
        }));
        Assert.Equal(80, (await container.ReadItemAsync<Item>("count", key)).Resource.Seq);
        Assert.Equal(81, lab.Emulator.DocumentsByRange("lab", container.Id)["0"]);
    }

    [Fact]
    public async Task What_is_not_emulated_says_so()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p" });
        var patch = await Lab.RefusedAsync(HttpStatusCode.NotImplemented, () =>
            container.PatchItemAsync<Item>("a", new PartitionKey("p"), [PatchOperation.Set("/seq", 3)]));
        Assert.Contains("does not emulate", patch.ResponseBody, StringComparison.Ordinal);
        await Lab.RefusedAsync(HttpStatusCode.NotImplemented, () => container.Scripts.ReadStoredProcedureAsync("none"));
        await Lab.RefusedAsync(HttpStatusCode.NotImplemented, () => container.ReadThroughputAsync());
        using var direct = lab.SecondClient(options => options.ConnectionMode = ConnectionMode.Direct);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => direct.GetContainer("lab", container.Id).ReadItemAsync<Item>("a", new PartitionKey("p")));
        Assert.True(refused.ToString().Contains("ConnectionMode.Gateway", StringComparison.Ordinal), refused.ToString());
    }
}
