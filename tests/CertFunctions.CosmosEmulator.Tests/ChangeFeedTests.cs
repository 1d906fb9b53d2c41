using System.Collections.Concurrent;
using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class ChangeFeedTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task The_pull_model_returns_each_change_in_order_and_then_waits(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        for (var i = 0; i < 30; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i % 3}", Seq = i });

        var (first, continuation) = await DrainAsync(container, ChangeFeedStartFrom.Beginning());
        Assert.Equal(Enumerable.Range(0, 30), first.Select(i => i.Seq).Order());
        foreach (var key in first.GroupBy(i => i.Pk)) Assert.Equal(key.Select(i => i.Seq).Order(), key.Select(i => i.Seq));

        // The latest version only, and a deleted document not at all.
        await container.UpsertItemAsync(new Item { Id = "d0", Pk = "p0", Seq = 100 });
        await container.UpsertItemAsync(new Item { Id = "d0", Pk = "p0", Seq = 101 });
        await container.DeleteItemAsync<Item>("d1", new PartitionKey("p1"));
        var (next, _) = await DrainAsync(container, ChangeFeedStartFrom.ContinuationToken(continuation));
        Assert.Equal([101], next.Select(i => i.Seq));
    }

    [Fact]
    public async Task It_starts_from_now_and_from_a_time_and_covers_one_key()
    {
        var clock = new MovableClock();
        await using var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { Partitions = 2, Clock = clock });
        var container = await lab.ContainerAsync();
        await container.CreateItemAsync(new Item { Id = "old", Pk = "a", Seq = 1 });
        clock.Advance(TimeSpan.FromMinutes(1));
        var between = clock.GetUtcNow().UtcDateTime;
        var (none, now) = await DrainAsync(container, ChangeFeedStartFrom.Now());
        Assert.Empty(none);
        await container.CreateItemAsync(new Item { Id = "new", Pk = "a", Seq = 2 });
        await container.CreateItemAsync(new Item { Id = "other", Pk = "b", Seq = 3 });

        Assert.Equal([2, 3], (await DrainAsync(container, ChangeFeedStartFrom.ContinuationToken(now))).Changes.Select(i => i.Seq).Order());
        Assert.Equal([2, 3], (await DrainAsync(container, ChangeFeedStartFrom.Time(between))).Changes.Select(i => i.Seq).Order());
        Assert.Equal([1, 2], (await DrainAsync(container, ChangeFeedStartFrom.Beginning(FeedRange.FromPartitionKey(new PartitionKey("a"))))).Changes.Select(i => i.Seq));
    }

    [Fact]
    public async Task A_page_never_cuts_a_transaction_in_two()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        for (var b = 0; b < 3; b++)
        {
            var batch = container.CreateTransactionalBatch(new PartitionKey("p"));
            for (var i = 0; i < 5; i++) batch.CreateItem(new Item { Id = $"b{b}-{i}", Pk = "p", Seq = b * 5 + i });
            using var response = await batch.ExecuteAsync();
            Assert.True(response.IsSuccessStatusCode);
        }

        using var iterator = container.GetChangeFeedIterator<Item>(ChangeFeedStartFrom.Beginning(), ChangeFeedMode.Incremental, new ChangeFeedRequestOptions { PageSizeHint = 7 });
        var page = await iterator.ReadNextAsync();
        Assert.Equal(Enumerable.Range(0, 10), page.Select(i => i.Seq));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Two_processors_share_the_leases_and_see_everything(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        var leases = await lab.ContainerAsync("/id");
        var seen = new ConcurrentDictionary<int, string>();
        var one = Processor(container, leases, "one", seen);
        var two = Processor(container, leases, "two", seen);
        await one.StartAsync();
        await two.StartAsync();
        for (var i = 0; i < 100; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}", Seq = i });
        await Lab.UntilAsync(() => seen.Count == 100, "both processors saw everything");
        await one.StopAsync();

        // What the first had, the other takes over.
        for (var i = 100; i < 140; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}", Seq = i });
        await Lab.UntilAsync(() => seen.Count == 140, "the second processor took over");
        await two.StopAsync();
        Assert.Equal(partitions, await LeasesAsync(leases));
    }

    [Fact]
    public async Task The_estimator_tells_how_far_behind_a_processor_is()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var leases = await lab.ContainerAsync("/id");
        var seen = new ConcurrentDictionary<int, string>();
        var processor = Processor(container, leases, "one", seen);
        await processor.StartAsync();
        await container.CreateItemAsync(new Item { Id = "d0", Pk = "p", Seq = 0 });
        await Lab.UntilAsync(() => seen.Count == 1, "the processor saw the first");
        var estimator = container.GetChangeFeedEstimator("test", leases);
        await Lab.UntilAsync(async () => await LagAsync() == 0, "the processor had caught up");
        await processor.StopAsync();

        for (var i = 1; i <= 12; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = "p", Seq = i });
        Assert.Equal(12, await LagAsync());

        async Task<long> LagAsync() => (await Lab.AllAsync(estimator.GetCurrentStateIterator())).Sum(state => state.EstimatedLag);
    }

    [Fact]
    public async Task A_batch_its_handler_failed_on_comes_again()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var leases = await lab.ContainerAsync("/id");
        var deliveries = 0;
        var processor = container
            .GetChangeFeedProcessorBuilder<Item>("failing", (IReadOnlyCollection<Item> changes, CancellationToken _) =>
                Interlocked.Increment(ref deliveries) == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask)
            .WithInstanceName("one")
            .WithLeaseContainer(leases)
            .WithPollInterval(TimeSpan.FromMilliseconds(50))
            .WithStartTime(DateTime.MinValue.ToUniversalTime())
            .WithLeaseConfiguration(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1))
            .Build();
        await container.CreateItemAsync(new Item { Id = "d", Pk = "p" });
        await processor.StartAsync();
        await Lab.UntilAsync(() => Volatile.Read(ref deliveries) >= 2, "the batch came again");
        await processor.StopAsync();
    }

    /// <summary>A lease names the range it is about; the documents beside the leases do not.</summary>
    static async Task<int> LeasesAsync(Container leases) =>
        (await Lab.AllAsync(leases.GetItemQueryIterator<string>("SELECT VALUE c.id FROM c WHERE IS_DEFINED(c.LeaseToken)"))).Count;

    static ChangeFeedProcessor Processor(Container container, Container leases, string name, ConcurrentDictionary<int, string> seen) => container
        .GetChangeFeedProcessorBuilder<Item>("test", (IReadOnlyCollection<Item> changes, CancellationToken _) =>
        {
            foreach (var change in changes) seen[change.Seq] = name;
            return Task.CompletedTask;
        })
        .WithInstanceName(name)
        .WithLeaseContainer(leases)
        .WithStartTime(DateTime.MinValue.ToUniversalTime())
        .WithPollInterval(TimeSpan.FromMilliseconds(50))
        .WithLeaseConfiguration(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1))
        .Build();

    static async Task<(List<Item> Changes, string Continuation)> DrainAsync(Container container, ChangeFeedStartFrom from)
    {
        var changes = new List<Item>();
        using var iterator = container.GetChangeFeedIterator<Item>(from, ChangeFeedMode.Incremental, new ChangeFeedRequestOptions { PageSizeHint = 4 });
        while (true)
        {
            var page = await iterator.ReadNextAsync();
            if (page.StatusCode == HttpStatusCode.NotModified) return (changes, page.ContinuationToken);
            changes.AddRange(page);
        }
    }
}
