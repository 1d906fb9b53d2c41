using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class BatchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_transactional_batch_does_every_kind_of_operation(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        var key = new PartitionKey("p");
        var head = await container.CreateItemAsync(new Item { Id = "head", Pk = "p", Seq = 1 }, key);
        await container.CreateItemAsync(new Item { Id = "old", Pk = "p" }, key);

        using var response = await container.CreateTransactionalBatch(key)
            .ReplaceItem("head", new Item { Id = "head", Pk = "p", Seq = 2 }, new TransactionalBatchItemRequestOptions { IfMatchEtag = head.ETag })
            .CreateItem(new Item { Id = "e1", Pk = "p", Seq = 1, Text = "é" })
            .UpsertItem(new Item { Id = "e2", Pk = "p", Seq = 2 })
            .DeleteItem("old")
            .ReadItem("e1")
            .ExecuteAsync();

        Assert.True(response.IsSuccessStatusCode, response.ErrorMessage);
        Assert.Equal([200, 201, 201, 204, 200], response.Select(result => (int)result.StatusCode));
        Assert.Equal("é", response.GetOperationResultAtIndex<Item>(4).Resource.Text);
        Assert.Equal(2, (await container.ReadItemAsync<Item>("head", key)).Resource.Seq);
        Assert.Equal(response[0].ETag, (await container.ReadItemAsync<Item>("head", key)).ETag);
        Assert.True(response.RequestCharge > 20);
    }

    [Theory]
    [InlineData(HttpStatusCode.Conflict)]
    [InlineData(HttpStatusCode.PreconditionFailed)]
    [InlineData(HttpStatusCode.NotFound)]
    public async Task A_batch_of_which_one_operation_fails_changes_nothing(HttpStatusCode cause)
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var key = new PartitionKey("p");
        var taken = await container.CreateItemAsync(new Item { Id = "taken", Pk = "p", Seq = 1 }, key);
        await container.CreateItemAsync(new Item { Id = "kept", Pk = "p", Seq = 1 }, key);

        var batch = container.CreateTransactionalBatch(key)
            .CreateItem(new Item { Id = "new", Pk = "p" })
            .ReplaceItem("kept", new Item { Id = "kept", Pk = "p", Seq = 99 })
            .DeleteItem("taken");
        batch = cause switch
        {
            HttpStatusCode.Conflict => batch.CreateItem(new Item { Id = "kept", Pk = "p" }),
            HttpStatusCode.NotFound => batch.ReplaceItem("missing", new Item { Id = "missing", Pk = "p" }),
            _ => batch.ReplaceItem("kept", new Item { Id = "kept", Pk = "p" }, new TransactionalBatchItemRequestOptions { IfMatchEtag = taken.ETag }),
        };
        using var response = await batch.CreateItem(new Item { Id = "after", Pk = "p" }).ExecuteAsync();

        Assert.Equal(cause, response.StatusCode);
        Assert.Equal([424, 424, 424, (int)cause, 424], response.Select(result => (int)result.StatusCode));
        var left = await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.id"));
        Assert.Equal([("kept", 1), ("taken", 1)], left.Select(item => (item.Id, item.Seq)));
        Assert.Equal(taken.ETag, left[1].ETag);
    }

    [Fact]
    public async Task A_batch_of_a_hundred_is_taken_and_one_more_is_not()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var key = new PartitionKey("p");
        using (var full = await Batch(100).ExecuteAsync()) Assert.True(full.IsSuccessStatusCode);
        using (var over = await Batch(101).ExecuteAsync()) Assert.Equal(HttpStatusCode.BadRequest, over.StatusCode);
        Assert.Equal(1, lab.Emulator.Counters.Requests(OperationKind.TransactionalBatch) - lab.Emulator.Counters.Failures(OperationKind.TransactionalBatch));
        Assert.Equal(100, lab.Emulator.Counters.BatchOperations(OperationKind.TransactionalBatch));

        TransactionalBatch Batch(int count)
        {
            var batch = container.CreateTransactionalBatch(key);
            for (var i = 0; i < count; i++) batch.UpsertItem(new Item { Id = $"i{i}", Pk = "p" });
            return batch;
        }
    }

    [Fact]
    public async Task A_batch_above_two_megabytes_is_refused_whole()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var batch = container.CreateTransactionalBatch(new PartitionKey("p"));
        for (var i = 0; i < 5; i++) batch.CreateItem(new Item { Id = $"i{i}", Pk = "p", Text = new string('x', 500_000) });
        using var response = await batch.ExecuteAsync();
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Empty(await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Bulk_execution_writes_each_for_itself(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var plain = await lab.ContainerAsync();
        await plain.CreateItemAsync(new Item { Id = "d7", Pk = "p7" });
        using var client = lab.SecondClient(options => options.AllowBulkExecution = true);
        var container = client.GetContainer("lab", plain.Id);

        var writes = await Task.WhenAll(Enumerable.Range(0, 500).Select(async i =>
        {
            try
            {
                return (await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}", Seq = i }, new PartitionKey($"p{i}"))).StatusCode;
            }
            catch (CosmosException refused)
            {
                return refused.StatusCode;
            }
        }));

        Assert.Equal(499, writes.Count(status => status == HttpStatusCode.Created));
        Assert.Equal(HttpStatusCode.Conflict, writes[7]);
        Assert.Equal(500, lab.Emulator.DocumentsByRange("lab", plain.Id).Values.Sum());
        Assert.All(lab.Emulator.DocumentsByRange("lab", plain.Id).Values, count => Assert.True(count > 0));
        Assert.True(lab.Emulator.Counters.Requests(OperationKind.BulkBatch) < 100);
        Assert.Equal(0, lab.Emulator.Counters.Requests(OperationKind.PartitionKeyRanges) - lab.Emulator.Counters.Requests(OperationKind.PartitionKeyRanges, plain.Id));
    }

    [Fact]
    public async Task Bulk_and_hierarchical_keys_agree_with_the_sdk_on_where_a_key_lies()
    {
        await using var lab = await Lab.OpenAsync(4, options => options.AllowBulkExecution = true);
        var container = await lab.ContainerAsync(new ContainerProperties { PartitionKeyPaths = ["/org", "/project", "/subject"] });
        var written = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
        {
            var document = new { id = $"d{i}", org = $"o{i % 3}", project = i % 5, subject = i % 2 == 0 };
            return container.CreateItemAsync(document, new PartitionKeyBuilder().Add($"o{i % 3}").Add(i % 5).Add(i % 2 == 0).Build());
        }));
        Assert.All(written, each => Assert.Equal(HttpStatusCode.Created, each.StatusCode));
        Assert.Equal(0, lab.Emulator.Counters.Failures(OperationKind.BulkBatch));
    }
}
