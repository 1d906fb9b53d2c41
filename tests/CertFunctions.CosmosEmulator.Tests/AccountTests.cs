using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class AccountTests
{
    [Fact]
    public async Task A_wrong_key_is_unauthorized()
    {
        await using var lab = await Lab.OpenAsync();
        var wrong = Convert.ToBase64String(new byte[64]);
        using var client = Lab.NewClient($"AccountEndpoint={lab.Emulator.Endpoint};AccountKey={wrong};");
        var refused = await Lab.RefusedAsync(HttpStatusCode.Unauthorized, () => client.GetDatabase("lab").ReadAsync());
        Assert.Contains("The wrong key is being used", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_without_a_signature_is_unauthorized()
    {
        await using var emulator = await CosmosEmulator.StartAsync();
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(emulator.Endpoint, "dbs"));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith("""{"code":"Unauthorized","message":""", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_ones_own_is_taken()
    {
        await using var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { Key = Convert.ToBase64String(new byte[64]) });
        await lab.ContainerAsync();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_an_error()
    {
        await using var first = await CosmosEmulator.StartAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Port = first.Endpoint.Port }));
    }

    [Fact]
    public async Task Databases_are_created_read_listed_and_deleted()
    {
        await using var lab = await Lab.OpenAsync();
        var created = await lab.Client.CreateDatabaseAsync("ä second");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        await Lab.RefusedAsync(HttpStatusCode.Conflict, () => lab.Client.CreateDatabaseAsync("ä second"));
        Assert.Equal(HttpStatusCode.OK, (await lab.Client.CreateDatabaseIfNotExistsAsync("ä second")).StatusCode);
        Assert.Equal(["lab", "ä second"], (await Lab.AllAsync(lab.Client.GetDatabaseQueryIterator<DatabaseProperties>())).Select(d => d.Id));
        Assert.Equal(["lab"], (await Lab.AllAsync(lab.Client.GetDatabaseQueryIterator<DatabaseProperties>("SELECT * FROM c WHERE c.id = 'lab'"))).Select(d => d.Id));
        await created.Database.DeleteAsync();
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => created.Database.ReadAsync());
    }

    [Fact]
    public async Task A_container_keeps_its_definition_and_can_change_its_index_policy()
    {
        await using var lab = await Lab.OpenAsync();
        var properties = new ContainerProperties("full", ["/org", "/project", "/subject"]) { DefaultTimeToLive = 60 };
        properties.UniqueKeyPolicy = new UniqueKeyPolicy { UniqueKeys = { new UniqueKey { Paths = { "/seq" } } } };
        properties.IndexingPolicy.IncludedPaths.Add(new IncludedPath { Path = "/seq/?" });
        properties.IndexingPolicy.ExcludedPaths.Add(new ExcludedPath { Path = "/*" });
        var container = await lab.ContainerAsync(properties);

        var read = (await container.ReadContainerAsync()).Resource;
        Assert.Equal(["/org", "/project", "/subject"], read.PartitionKeyPaths);
        Assert.Equal(60, read.DefaultTimeToLive);
        Assert.Equal("/seq", Assert.Single(Assert.Single(read.UniqueKeyPolicy.UniqueKeys).Paths));
        Assert.Equal("/*", Assert.Single(read.IndexingPolicy.ExcludedPaths, path => path.Path == "/*").Path);
        await Lab.RefusedAsync(HttpStatusCode.Conflict, () => lab.Database.CreateContainerAsync(properties));

        read.IndexingPolicy.IncludedPaths.Add(new IncludedPath { Path = "/due/?" });
        read.DefaultTimeToLive = -1;
        var replaced = (await container.ReplaceContainerAsync(read)).Resource;
        Assert.Equal(2, replaced.IndexingPolicy.IncludedPaths.Count);
        Assert.Equal(-1, replaced.DefaultTimeToLive);
        Assert.NotEqual(read.ETag, replaced.ETag);

        Assert.Equal(["full"], (await Lab.AllAsync(lab.Database.GetContainerQueryIterator<ContainerProperties>())).Select(c => c.Id));
        await container.DeleteContainerAsync();
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReadContainerAsync());
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.CreateItemAsync(new Item { Id = "a", Pk = "p" }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_container_made_again_under_the_same_name_is_an_empty_one(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync(new ContainerProperties("again", "/pk"));
        for (var i = 0; i < 20; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i}", Seq = i });
        await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"));

        // By another client, so that the first one's caches are stale.
        using (var other = lab.SecondClient())
        {
            await other.GetContainer("lab", "again").DeleteContainerAsync();
            await other.GetDatabase("lab").CreateContainerAsync("again", "/pk");
        }

        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReadItemAsync<Item>("d1", new PartitionKey("p1")));
        await container.CreateItemAsync(new Item { Id = "d1", Pk = "p1", Seq = 100 });
        Assert.Equal(100, (await container.ReadItemAsync<Item>("d1", new PartitionKey("p1"))).Resource.Seq);
    }

    [Fact]
    public async Task A_fourth_level_of_key_is_refused()
    {
        await using var lab = await Lab.OpenAsync();
        await Lab.RefusedAsync(HttpStatusCode.BadRequest, () => lab.ContainerAsync(new ContainerProperties("deep", ["/a", "/b", "/c", "/d"])));
    }

    [Fact]
    public async Task A_unique_key_holds_within_a_partition_key()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync(new ContainerProperties
        {
            PartitionKeyPath = "/pk",
            UniqueKeyPolicy = new UniqueKeyPolicy { UniqueKeys = { new UniqueKey { Paths = { "/seq" } } } },
        });
        await container.CreateItemAsync(new Item { Id = "a", Pk = "p", Seq = 1 });
        await container.CreateItemAsync(new Item { Id = "a", Pk = "q", Seq = 1 });
        await Lab.RefusedAsync(HttpStatusCode.Conflict, () => container.CreateItemAsync(new Item { Id = "b", Pk = "p", Seq = 1 }));
        await container.CreateItemAsync(new Item { Id = "b", Pk = "p", Seq = 2 });
        await Lab.RefusedAsync(HttpStatusCode.Conflict, () => container.UpsertItemAsync(new Item { Id = "b", Pk = "p", Seq = 1 }));
        await container.DeleteItemAsync<Item>("a", new PartitionKey("p"));
        await container.UpsertItemAsync(new Item { Id = "b", Pk = "p", Seq = 1 });
    }

    [Fact]
    public async Task A_document_expires_by_its_own_time_or_the_containers()
    {
        var clock = new MovableClock();
        await using var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { Clock = clock });
        var container = await lab.ContainerAsync(new ContainerProperties { PartitionKeyPath = "/pk", DefaultTimeToLive = 60 });
        var never = await lab.ContainerAsync();
        await container.CreateItemAsync(new Item { Id = "default", Pk = "p", Seq = 1 });
        await container.CreateItemAsync(new Item { Id = "own", Pk = "p", Seq = 2, TimeToLive = 10 });
        await container.CreateItemAsync(new Item { Id = "ever", Pk = "p", Seq = 3, TimeToLive = -1 });
        await never.CreateItemAsync(new Item { Id = "own", Pk = "p", TimeToLive = 10 });

        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([1, 2, 3], await SeqsAsync());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1, 3], await SeqsAsync());
        await Lab.RefusedAsync(HttpStatusCode.NotFound, () => container.ReadItemAsync<Item>("own", new PartitionKey("p")));
        await container.UpsertItemAsync(new Item { Id = "default", Pk = "p", Seq = 1 });
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal([1, 3], await SeqsAsync());
        clock.Advance(TimeSpan.FromDays(900));
        Assert.Equal([3], await SeqsAsync());
        await never.ReadItemAsync<Item>("own", new PartitionKey("p"));

        async Task<IEnumerable<int>> SeqsAsync() => (await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"))).Select(i => i.Seq);
    }

    [Fact]
    public async Task A_session_token_from_the_future_is_not_available()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        var written = await container.CreateItemAsync(new Item { Id = "a", Pk = "p" });
        Assert.Equal("0:-1#1", written.Headers.Session);
        await container.ReadItemAsync<Item>("a", new PartitionKey("p"), new ItemRequestOptions { SessionToken = "0:-1#1" });
        var refused = await Lab.RefusedAsync(HttpStatusCode.NotFound, () =>
            container.ReadItemAsync<Item>("a", new PartitionKey("p"), new ItemRequestOptions { SessionToken = "0:-1#99" }));
        Assert.Equal(1002, refused.SubStatusCode);
    }
}
