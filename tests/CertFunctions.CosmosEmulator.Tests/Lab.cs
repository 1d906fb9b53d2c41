using System.Net;
using System.Text.Json;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

/// <summary>An emulator of its own, a real client on it, and an empty database.</summary>
sealed class Lab : IAsyncDisposable
{
    int containers;

    Lab(CosmosEmulator emulator, CosmosClient client, Database database)
    {
        Emulator = emulator;
        Client = client;
        Database = database;
    }

    public CosmosEmulator Emulator { get; }

    public CosmosClient Client { get; }

    public Database Database { get; }

    public static Task<Lab> OpenAsync(int partitions = 1, Action<CosmosClientOptions>? configure = null) =>
        OpenAsync(new CosmosEmulatorOptions { Partitions = partitions }, configure);

    public static async Task<Lab> OpenAsync(CosmosEmulatorOptions options, Action<CosmosClientOptions>? configure = null)
    {
        var emulator = await CosmosEmulator.StartAsync(options);
        var client = NewClient(emulator.ConnectionString, configure);
        Database database = await client.CreateDatabaseIfNotExistsAsync("lab");
        return new Lab(emulator, client, database);
    }

    public static CosmosClient NewClient(string connectionString, Action<CosmosClientOptions>? configure = null)
    {
        var options = new CosmosClientOptions
        {
            ConnectionMode = ConnectionMode.Gateway,
            UseSystemTextJsonSerializerWithOptions = new JsonSerializerOptions(JsonSerializerDefaults.Web),
        };
        configure?.Invoke(options);
        return new CosmosClient(connectionString, options);
    }

    public CosmosClient SecondClient(Action<CosmosClientOptions>? configure = null) => NewClient(Emulator.ConnectionString, configure);

    public async Task<Container> ContainerAsync(string partitionKeyPath = "/pk") =>
        await ContainerAsync(new ContainerProperties { PartitionKeyPath = partitionKeyPath });

    public async Task<Container> ContainerAsync(ContainerProperties properties)
    {
        properties.Id ??= $"c{Interlocked.Increment(ref containers)}";
        return await Database.CreateContainerAsync(properties);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Emulator.DisposeAsync();
    }

    public static async Task<List<T>> AllAsync<T>(FeedIterator<T> iterator)
    {
        var all = new List<T>();
        using (iterator)
            while (iterator.HasMoreResults)
                all.AddRange(await iterator.ReadNextAsync());
        return all;
    }

    public static async Task<CosmosException> RefusedAsync(HttpStatusCode status, Func<Task> action)
    {
        var refused = await Assert.ThrowsAnyAsync<CosmosException>(action);
        Assert.True(status == refused.StatusCode, $"expected {status}, got {refused.StatusCode}: {refused.ResponseBody}");
        return refused;
    }

    /// <summary>Waits, in small steps and not for ever, until something holds.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string what, int seconds = 90)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"waited {seconds} s in vain until {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public static Task UntilAsync(Func<bool> holds, string what, int seconds = 90) => UntilAsync(() => Task.FromResult(holds()), what, seconds);
}
