using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

public sealed class IndexPolicyTests
{
    [Theory]
    [InlineData("c.hidden = 1")]
    [InlineData("c.seq = 1 AND c.hidden > 0")]
    [InlineData("IS_DEFINED(c.hidden)")]
    [InlineData("NOT (c.open.hidden = 1)")]
    [InlineData("ARRAY_CONTAINS(c.hiddenTags, 'x')")]
    [InlineData("STARTSWITH(c.hidden, 'x') OR c.seq = 1")]
    public async Task A_filter_on_an_excluded_path_is_refused(string where)
    {
        await using var lab = await Lab.OpenAsync();
        var container = await ContainerAsync(lab);
        var refused = await RefusedAsync(container, $"SELECT * FROM c WHERE {where}");
        Assert.Contains("excluded from indexing", refused.ResponseBody, StringComparison.Ordinal);

        var scan = new QueryRequestOptions { EnableScanInQuery = true };
        Assert.Empty(await Lab.AllAsync(container.GetItemQueryIterator<Item>($"SELECT * FROM c WHERE {where}", requestOptions: scan)));
    }

    [Theory]
    [InlineData("WHERE c.seq = 1 AND c.id = 'x' AND c.pk = 'p' AND c._ts > 0")]
    [InlineData("WHERE c.open.seen = 1 AND c.open.shown = 2")]
    [InlineData("WHERE ARRAY_CONTAINS(c.tags, 'x')")]
    [InlineData("ORDER BY c.seq")]
    [InlineData("ORDER BY c.seq DESC, c.due ASC")]
    [InlineData("ORDER BY c.seq ASC, c.due DESC")]
    public async Task What_the_policy_serves_is_answered(string clauses)
    {
        await using var lab = await Lab.OpenAsync(2);
        var container = await ContainerAsync(lab);
        Assert.Empty(await Lab.AllAsync(container.GetItemQueryIterator<Item>($"SELECT * FROM c {clauses}")));
    }

    [Theory]
    [InlineData("c.hidden", "requires a range index")]
    [InlineData("c.due", "requires a range index")]
    [InlineData("c.seq, c.due", "corresponding composite index")]
    [InlineData("c.due DESC, c.seq", "corresponding composite index")]
    [InlineData("c.seq, c.type", "corresponding composite index")]
    [InlineData("c.seq DESC, c.due ASC, c.id", "corresponding composite index")]
    public async Task An_order_the_policy_has_no_index_for_is_refused(string order, string reason)
    {
        await using var lab = await Lab.OpenAsync();
        var container = await ContainerAsync(lab);
        var refused = await RefusedAsync(container, $"SELECT * FROM c ORDER BY {order}");
        Assert.Contains(reason, refused.ResponseBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_costs_what_is_indexed()
    {
        await using var lab = await Lab.OpenAsync();
        var lean = await ContainerAsync(lab);
        var full = await lab.ContainerAsync();
        var item = new Item { Id = "a", Pk = "p", Seq = 1, Type = "t", Tags = ["x", "y", "z"] };
        var cheap = (await lean.CreateItemAsync(item)).RequestCharge;
        var dear = (await full.CreateItemAsync(item)).RequestCharge;
        Assert.True(dear > cheap, $"{dear} > {cheap}");
        Assert.Equal(2 * cheap, (await lean.ReplaceItemAsync(item, "a")).RequestCharge, 2);
    }

    static async Task<CosmosException> RefusedAsync(Container container, string text) =>
        await Lab.RefusedAsync(HttpStatusCode.BadRequest, () => Lab.AllAsync(container.GetItemQueryIterator<Item>(text)));

    static Task<Container> ContainerAsync(Lab lab)
    {
        var properties = new ContainerProperties { PartitionKeyPath = "/pk" };
        properties.IndexingPolicy.ExcludedPaths.Add(new ExcludedPath { Path = "/*" });
        properties.IndexingPolicy.ExcludedPaths.Add(new ExcludedPath { Path = "/open/hidden/?" });
        foreach (var path in (string[])["/seq/?", "/open/*", "/tags/[]/?"])
            properties.IndexingPolicy.IncludedPaths.Add(new IncludedPath { Path = path });
        properties.IndexingPolicy.CompositeIndexes.Add([
            new CompositePath { Path = "/seq", Order = CompositePathSortOrder.Descending },
            new CompositePath { Path = "/due", Order = CompositePathSortOrder.Ascending },
        ]);
        properties.IndexingPolicy.CompositeIndexes.Add([new CompositePath { Path = "/seq" }, new CompositePath { Path = "/type" }, new CompositePath { Path = "/due" }]);
        return lab.ContainerAsync(properties);
    }
}
