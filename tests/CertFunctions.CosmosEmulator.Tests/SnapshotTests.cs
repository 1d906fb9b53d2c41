using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class SnapshotTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("emulator-snapshot-");

    string File => Path.Combine(folder.FullName, "state.jsonl");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_clean_stop_and_start_gives_everything_back()
    {
        string etag, continuation, id;
        await using (var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { Partitions = 2, SnapshotFile = File }))
        {
            var container = await lab.ContainerAsync(new ContainerProperties
            {
                PartitionKeyPath = "/pk",
                UniqueKeyPolicy = new UniqueKeyPolicy { UniqueKeys = { new UniqueKey { Paths = { "/seq" } } } },
            });
            id = container.Id;
            for (var i = 0; i < 20; i++) await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i % 4}", Seq = i, Text = "line\nbreak" });
            await container.DeleteItemAsync<Item>("d1", new PartitionKey("p1"));
            lab.Emulator.Split("lab", id);
            etag = (await container.UpsertItemAsync(new Item { Id = "d2", Pk = "p2", Seq = 200 })).ETag;
            using var iterator = container.GetChangeFeedIterator<Item>(ChangeFeedStartFrom.Now(), ChangeFeedMode.Incremental);
            continuation = (await iterator.ReadNextAsync()).ContinuationToken;
        }

        Assert.False(System.IO.File.Exists(File + ".tmp"));
        await using (var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { Partitions = 1, SnapshotFile = File }))
        {
            var container = lab.Database.GetContainer(id);
            Assert.Equal(19, (await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c ORDER BY c.seq"))).Count);
            Assert.Equal(3, lab.Emulator.DocumentsByRange("lab", id).Count);
            var read = await container.ReadItemAsync<Item>("d2", new PartitionKey("p2"));
            Assert.Equal(etag, read.ETag);
            await Lab.RefusedAsync(System.Net.HttpStatusCode.Conflict, () => container.CreateItemAsync(new Item { Id = "x", Pk = "p2", Seq = 200 }));

            // The feed goes on from a token of before, and new etags are new.
            var after = await container.CreateItemAsync(new Item { Id = "after", Pk = "p3", Seq = 300 });
            Assert.NotEqual(etag, after.ETag);
            var changes = new List<int>();
            using var iterator = container.GetChangeFeedIterator<Item>(ChangeFeedStartFrom.ContinuationToken(continuation), ChangeFeedMode.Incremental);
            await Lab.UntilAsync(
                async () =>
                {
                    var page = await iterator.ReadNextAsync();
                    if (page.StatusCode == System.Net.HttpStatusCode.OK) changes.AddRange(page.Select(i => i.Seq));
                    return changes.Count > 0;
                },
                "the new change was read");
            Assert.Equal([300], changes);
        }
    }

    [Fact]
    public async Task A_second_emulator_on_the_same_file_is_refused()
    {
        await using var first = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { SnapshotFile = File });
        await Assert.ThrowsAnyAsync<IOException>(() => CosmosEmulator.StartAsync(new CosmosEmulatorOptions { SnapshotFile = File }));
    }

    [Fact]
    public async Task A_torn_last_line_of_the_journal_is_not_an_error_and_a_broken_snapshot_is()
    {
        await using (var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { SnapshotFile = File }))
        {
            var container = await lab.ContainerAsync();
            await container.CreateItemAsync(new Item { Id = "a", Pk = "p" });
        }

        var journal = Assert.Single(folder.GetFiles("*.journal.*"));
        await System.IO.File.WriteAllTextAsync(journal.FullName, """{"t":"commit","rid":"tor""");
        await using (var lab = await Lab.OpenAsync(new CosmosEmulatorOptions { SnapshotFile = File }))
            Assert.Single(await Lab.AllAsync(lab.Database.GetContainer("c1").GetItemQueryIterator<Item>("SELECT * FROM c")));

        await System.IO.File.AppendAllTextAsync(File, "nonsense\n");
        var broken = await Assert.ThrowsAsync<InvalidDataException>(() => CosmosEmulator.StartAsync(new CosmosEmulatorOptions { SnapshotFile = File }));
        Assert.Contains("line ", broken.Message, StringComparison.Ordinal);
    }
}
