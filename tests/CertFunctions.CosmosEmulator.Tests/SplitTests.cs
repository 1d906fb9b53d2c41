using System.Collections.Concurrent;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class SplitTests
{
    [Fact]
    public async Task Reads_writes_and_queries_go_on_across_a_split()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await FillAsync(container, 0, 40);
        Assert.Equal(40, (await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"))).Count);

        var (left, right) = lab.Emulator.Split("lab", container.Id);
        Assert.Equal([left, right], lab.Emulator.DocumentsByRange("lab", container.Id).Keys);
        Assert.All(lab.Emulator.DocumentsByRange("lab", container.Id).Values, count => Assert.InRange(count, 1, 39));

        await FillAsync(container, 40, 60);
        for (var i = 0; i < 60; i++) Assert.Equal(i, (await container.ReadItemAsync<Item>($"d{i}", new PartitionKey($"p{i}"))).Resource.Seq);
        Assert.Equal(Enumerable.Range(0, 60), (await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"))).Select(i => i.Seq));
    }

    [Theory]
    [InlineData("SELECT * FROM c")]
    [InlineData("SELECT * FROM c ORDER BY c.seq DESC")]
    [InlineData("SELECT * FROM c WHERE c.seq >= 0")]
    public async Task A_query_under_way_goes_on_in_the_children(string text)
    {
        await using var lab = await Lab.OpenAsync(2);
        var container = await lab.ContainerAsync();
        await FillAsync(container, 0, 60);
        var seen = new List<int>();
        using var iterator = container.GetItemQueryIterator<Item>(text, requestOptions: new QueryRequestOptions { MaxItemCount = 7 });
        seen.AddRange((await iterator.ReadNextAsync()).Select(i => i.Seq));
        lab.Emulator.Split("lab", container.Id, "0");
        lab.Emulator.Split("lab", container.Id, "1");
        while (iterator.HasMoreResults) seen.AddRange((await iterator.ReadNextAsync()).Select(i => i.Seq));

        Assert.Equal(Enumerable.Range(0, 60), seen.Order());
        if (text.Contains("DESC", StringComparison.Ordinal)) Assert.Equal(seen.OrderDescending(), seen);
    }

    [Fact]
    public async Task Bulk_writes_find_the_new_ranges()
    {
        await using var lab = await Lab.OpenAsync(1, options => options.AllowBulkExecution = true);
        var container = await lab.ContainerAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}" }, new PartitionKey($"p{i}"))));
        lab.Emulator.Split("lab", container.Id);
        await Task.WhenAll(Enumerable.Range(50, 50).Select(i => container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}" }, new PartitionKey($"p{i}"))));
        Assert.Equal(100, lab.Emulator.DocumentsByRange("lab", container.Id).Values.Sum());
    }

    [Fact]
    public async Task The_pull_model_goes_on_in_the_children()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await FillAsync(container, 0, 20);
        var seen = new List<int>();
        using var iterator = container.GetChangeFeedIterator<Item>(ChangeFeedStartFrom.Beginning(), ChangeFeedMode.Incremental, new ChangeFeedRequestOptions { PageSizeHint = 10 });
        seen.AddRange((await iterator.ReadNextAsync()).Select(i => i.Seq));
        Assert.Equal(10, seen.Count);

        lab.Emulator.Split("lab", container.Id);
        await FillAsync(container, 20, 40);
        await Lab.UntilAsync(
            async () =>
            {
                var page = await iterator.ReadNextAsync();
                if (page.StatusCode == System.Net.HttpStatusCode.OK) seen.AddRange(page.Select(i => i.Seq));
                return seen.Count >= 40;
            },
            "every change was read");
        Assert.Equal(Enumerable.Range(0, 40), seen.Order());
    }

    [Fact]
    public async Task A_processor_takes_leases_on_the_children_and_misses_nothing()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var leases = await lab.ContainerAsync("/id");
        var seen = new ConcurrentDictionary<int, int>();
        var processor = container
            .GetChangeFeedProcessorBuilder<Item>("split", (IReadOnlyCollection<Item> changes, CancellationToken _) =>
            {
                foreach (var change in changes) seen.AddOrUpdate(change.Seq, 1, (_, count) => count + 1);
                return Task.CompletedTask;
            })
            .WithInstanceName("one")
            .WithLeaseContainer(leases)
            .WithStartTime(DateTime.MinValue.ToUniversalTime())
            .WithPollInterval(TimeSpan.FromMilliseconds(50))
            .WithLeaseConfiguration(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1))
            .Build();
        await processor.StartAsync();
        await FillAsync(container, 0, 30);
        await Lab.UntilAsync(() => seen.Count == 30, "the processor saw what came before");

        lab.Emulator.Split("lab", container.Id);
        await FillAsync(container, 30, 60);
        await Lab.UntilAsync(() => seen.Count == 60, "the processor saw what came after");
        await processor.StopAsync();
        Assert.Equal(
            ["1", "2"],
            (await Lab.AllAsync(leases.GetItemQueryIterator<string>("SELECT VALUE c.LeaseToken FROM c WHERE IS_DEFINED(c.LeaseToken)"))).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Writers_do_not_notice_splits_under_load()
    {
        await using var lab = await Lab.OpenAsync(2);
        var container = await lab.ContainerAsync(new ContainerProperties { PartitionKeyPaths = ["/pk", "/id"] });
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = writer; i < 400; i += 4)
                await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i % 40}", Seq = i }, new PartitionKeyBuilder().Add($"p{i % 40}").Add($"d{i}").Build());
        })).ToArray();
        await Lab.UntilAsync(() => lab.Emulator.Counters.Requests(OperationKind.CreateDocument) > 50, "writing was under way");
        lab.Emulator.Split("lab", container.Id, "0");
        lab.Emulator.Split("lab", container.Id, "1");
        lab.Emulator.Split("lab", container.Id, "3");
        await Task.WhenAll(writers);

        Assert.Equal(["2", "6", "7", "4", "5"], lab.Emulator.DocumentsByRange("lab", container.Id).Keys);
        Assert.Equal(400, lab.Emulator.DocumentsByRange("lab", container.Id).Values.Sum());
        var prefix = new QueryRequestOptions { PartitionKey = new PartitionKeyBuilder().Add("p7").Build() };
        Assert.Equal(10, (await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq", requestOptions: prefix))).Count);
    }

    static async Task FillAsync(Container container, int from, int to)
    {
        for (var i = from; i < to; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}", Seq = i }, new PartitionKey($"p{i}"));
    }
}
