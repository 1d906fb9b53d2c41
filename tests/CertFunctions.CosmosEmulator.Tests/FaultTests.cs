using System.Diagnostics;
using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class FaultTests
{
    static readonly PartitionKey Key = new("p");

    [Theory]
    [InlineData(429)]
    [InlineData(449)]
    [InlineData(503)]
    [InlineData(408)]
    public async Task A_refused_request_applies_nothing_and_the_next_one_goes_through(int status)
    {
        await using var lab = await Lab.OpenAsync(1, options =>
        {
            options.MaxRetryAttemptsOnRateLimitedRequests = 0;
            options.RequestTimeout = TimeSpan.FromSeconds(5);
        });
        var container = await lab.ContainerAsync();
        // The SDK retries some of these on its own, so the fault lasts until it is lifted.
        using (var fault = lab.Emulator.Faults.Fail(FaultPlan.Always, status, request => request.Kind == OperationKind.CreateDocument && request.Mentions("\"a\"")))
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
            await Assert.ThrowsAnyAsync<Exception>(() => container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key, cancellationToken: limit.Token));
            Assert.True(fault.Hits >= 1);
        }

        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReadItemAsync<Item>("a", Key));
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
    }

    [Fact]
    public async Task The_sdk_waits_out_throttling_on_its_own()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        using var fault = lab.Emulator.Faults.Fail(3, 429, request => request.IsWrite, retryAfter: TimeSpan.FromMilliseconds(20));
        var watch = Stopwatch.StartNew();
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
        Assert.Equal(3, fault.Hits);
        // A little less than three times twenty: timers are coarse.
        Assert.True(watch.ElapsedMilliseconds >= 50, $"{watch.Elapsed}");
        Assert.Equal(4, lab.Emulator.Counters.Requests(OperationKind.CreateDocument, container.Id));
        Assert.Equal(3, lab.Emulator.Counters.Failures(OperationKind.CreateDocument, container.Id));
    }

    [Fact]
    public async Task The_sdk_retries_a_449_on_its_own()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        using var fault = lab.Emulator.Faults.Fail(2, 449, request => request.IsWrite);
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
        Assert.Equal(2, fault.Hits);
    }

    [Fact]
    public async Task A_batch_whose_answer_is_lost_has_landed()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var head = await container.CreateItemAsync(new Item { Id = "head", Pk = "p", Seq = 0 }, Key);
        using var fault = lab.Emulator.Faults.LoseAnswer(1, request => request.Kind == OperationKind.TransactionalBatch && request.Mentions("\"e1\""));

        HttpStatusCode? status = null;
        try
        {
            using var response = await container.CreateTransactionalBatch(Key)
                .ReplaceItem("head", new Item { Id = "head", Pk = "p", Seq = 1 }, new TransactionalBatchItemRequestOptions { IfMatchEtag = head.ETag })
                .CreateItem(new Item { Id = "e1", Pk = "p" })
                .ExecuteAsync();
            status = response.StatusCode;
        }
        catch (Exception lost) when (lost is CosmosException or HttpRequestException)
        {
            // A client that does not retry sees only that the connection broke.
        }

        // One that does meets its own write.
        Assert.True(status is null or HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict, $"{status}");
        Assert.Equal(1, fault.Hits);
        Assert.Equal(1, (await container.ReadItemAsync<Item>("head", Key)).Resource.Seq);
        Assert.Equal("e1", (await container.ReadItemAsync<Item>("e1", Key)).Resource.Id);
    }

    [Fact]
    public async Task A_connection_broken_before_applying_leaves_nothing_and_a_retry_writes_once()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        using var fault = lab.Emulator.Faults.Disconnect(1, request => request.Kind == OperationKind.CreateDocument);
        try
        {
            await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
        }
        catch (Exception lost) when (lost is CosmosException or HttpRequestException)
        {
            await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
        }

        Assert.Equal(1, fault.Hits);
        Assert.Single(await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c")));
    }

    [Fact]
    public async Task A_held_request_waits_until_it_is_let_go()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var fault = lab.Emulator.Faults.Hold(1, request => request.Kind == OperationKind.CreateDocument);
        var held = container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
        await fault.HitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReadItemAsync<Item>("a", Key));
        Assert.False(held.IsCompleted);
        fault.Dispose();
        await held.WaitAsync(TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task A_delayed_request_is_late_but_applied()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await container.CreateItemAsync(new Item { Id = "warm", Pk = "p" }, Key);
        lab.Emulator.Faults.Delay(1, TimeSpan.FromMilliseconds(200), request => request.IsWrite);
        var watch = Stopwatch.StartNew();
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p" }, Key);
        Assert.True(watch.ElapsedMilliseconds >= 190);
    }

    [Fact]
    public async Task A_throughput_limit_throttles_what_exceeds_it()
    {
        var clock = new MovableClock();
        await using var lab = await Lab.OpenAsync(
            new CosmosEmulatorOptions { RequestUnitsPerSecond = 20, Clock = clock },
            options => options.MaxRetryAttemptsOnRateLimitedRequests = 0);
        var container = await lab.ContainerAsync();
        var taken = 0;
        var refused = await Lab.RefusedAsync(HttpStatusCode.TooManyRequests, async () =>
        {
            for (; taken < 20; taken++) await container.CreateItemAsync(new Item { Id = $"i{taken}", Pk = "p" }, Key);
        });
        Assert.InRange(taken, 2, 5);
        Assert.Equal(3200, refused.SubStatusCode);
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        clock.Advance(TimeSpan.FromSeconds(1));
        await container.CreateItemAsync(new Item { Id = "later", Pk = "p" }, Key);
    }

    [Fact]
    public async Task Counters_tell_requests_units_and_batch_operations_by_container()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var other = await lab.ContainerAsync();
        await other.CreateItemAsync(new Item { Id = "x", Pk = "p" }, Key);
        lab.Emulator.Counters.Reset();

        var batch = container.CreateTransactionalBatch(Key);
        for (var i = 0; i < 99; i++) batch.CreateItem(new Item { Id = $"i{i}", Pk = "p" });
        using var response = await batch.ExecuteAsync();
        await container.ReadItemAsync<Item>("i1", Key);

        var counters = lab.Emulator.Counters;
        Assert.Equal(1, counters.Requests(OperationKind.TransactionalBatch, container.Id));
        Assert.Equal(99, counters.BatchOperations(OperationKind.TransactionalBatch, container.Id));
        Assert.Equal(2, counters.DocumentRequests(container.Id));
        Assert.Equal(0, counters.DocumentRequests(other.Id));
        Assert.Equal(response.RequestCharge, counters.RequestUnits(OperationKind.TransactionalBatch), 1);
        Assert.Equal(1, counters.RequestUnits(OperationKind.ReadDocument));
        Assert.Contains(counters.Snapshot(), entry => entry.Key == (container.Id, OperationKind.ReadDocument));
    }
}
