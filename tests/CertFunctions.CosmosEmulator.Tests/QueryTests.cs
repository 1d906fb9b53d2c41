using System.Text.Json;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

/// <summary>What queries answer, however they are planned: see the two classes that inherit this.</summary>
public abstract class QueryTests
{
    protected const string NativePlanning = "AZURE_COSMOS_USE_QUERY_PLAN_INTEROP_LINUX";

    const int Count = 60;

    static readonly Item[] Items = [.. Enumerable.Range(0, Count).Select(i => new Item
    {
        Id = $"d{i:00}",
        Pk = $"p{i % 6}",
        Seq = i,
        Type = i % 3 == 0 ? "renewed" : "issued",
        Tags = i % 2 == 0 ? ["even", $"t{i}"] : null,
    })];

    public static TheoryData<int> Partitions => [1, 4];

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Filters_select_what_they_say(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        (string Where, Func<Item, bool> Expected)[] filters =
        [
            ("c.seq < 10", i => i.Seq < 10),
            ("c.seq >= 10 AND c.seq <= 20", i => i.Seq is >= 10 and <= 20),
            ("20 > c.seq", i => i.Seq < 20),
            ("c.seq BETWEEN 10 AND 20", i => i.Seq is >= 10 and <= 20),
            ("c.seq IN (1, 2, 99)", i => i.Seq is 1 or 2),
            ("c.seq NOT IN (1, 2)", i => i.Seq is not (1 or 2)),
            ("c.type = 'renewed' OR c.seq = 1", i => i.Type == "renewed" || i.Seq == 1),
            ("NOT (c.type = 'renewed')", i => i.Type != "renewed"),
            ("c.type != \"renewed\"", i => i.Type != "renewed"),
            ("STARTSWITH(c.id, 'd1')", i => i.Id.StartsWith("d1", StringComparison.Ordinal)),
            ("STARTSWITH(c.id, 'D1', true)", i => i.Id.StartsWith("d1", StringComparison.Ordinal)),
            ("CONTAINS(c.type, 'new')", i => i.Type == "renewed"),
            ("ARRAY_CONTAINS(c.tags, 't4')", i => i.Seq == 4),
            ("IS_NULL(c.tags)", i => i.Tags is null),
            ("c.tags = null", i => i.Tags is null),
            ("IS_DEFINED(c.nothing)", _ => false),
            ("NOT IS_DEFINED(c.nothing)", _ => true),
            ("c.nothing = 1", _ => false),
            ("NOT (c.nothing = 1)", _ => false),
            ("c.seq < 'text'", _ => false),
            ("c.pk = 'p3' AND c.seq > 30", i => i.Pk == "p3" && i.Seq > 30),
            ("c[\"pk\"] = 'p3' AND c.tags[0] = 'even'", i => i.Pk == "p3" && i.Tags is not null),
            ("c.seq % 2 = 0 AND c.seq + 1 < 10", i => i.Seq % 2 == 0 && i.Seq < 9),
            ("(c.seq < 3 OR c.seq > 57) AND c.type = 'issued'", i => i.Seq is < 3 or > 57 && i.Type == "issued"),
            ("c.id = 'd07'", i => i.Seq == 7),
        ];
        foreach (var (where, expected) in filters)
        {
            var found = await Lab.AllAsync(container.GetItemQueryIterator<Item>($"SELECT * FROM c WHERE {where}"));
            Assert.True(
                Items.Where(expected).Select(i => i.Id).SequenceEqual(found.Select(i => i.Id).Order(StringComparer.Ordinal)),
                $"{where}: {string.Join(' ', found.Select(i => i.Id))}");
        }
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Order_pages_and_parameters_work_within_a_partition_key(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        var query = new QueryDefinition("SELECT TOP @n * FROM c WHERE c.seq < @last ORDER BY c.seq DESC").WithParameter("@n", 4).WithParameter("@last", 40);
        var page = await Lab.AllAsync(container.GetItemQueryIterator<Item>(query, requestOptions: new QueryRequestOptions { PartitionKey = new PartitionKey("p3") }));
        Assert.Equal([39, 33, 27, 21], page.Select(i => i.Seq));
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Order_holds_across_partitions_in_both_directions(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        Assert.Equal(Enumerable.Range(0, Count), await SeqsAsync(container, "SELECT * FROM c ORDER BY c.seq"));
        Assert.Equal(Enumerable.Range(0, Count).Reverse(), await SeqsAsync(container, "SELECT * FROM c ORDER BY c.seq DESC"));
        Assert.Equal([59, 58, 57], await SeqsAsync(container, "SELECT TOP 3 * FROM c ORDER BY c.seq DESC"));
        Assert.Equal([10, 11, 12], await SeqsAsync(container, "SELECT * FROM c ORDER BY c.seq OFFSET 10 LIMIT 3"));
        Assert.Equal([45, 42], await SeqsAsync(container, "SELECT * FROM c WHERE c.type = 'renewed' AND c.seq < 48 ORDER BY c.seq DESC OFFSET 0 LIMIT 2"));
        Assert.Equal(5, (await SeqsAsync(container, "SELECT * FROM c OFFSET 3 LIMIT 5")).Count());
        Assert.Equal(7, (await SeqsAsync(container, "SELECT TOP 7 * FROM c WHERE c.seq > 5")).Count());
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Several_paths_sort_by_a_composite_index(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        Assert.Equal(
            Items.OrderBy(i => i.Type, StringComparer.Ordinal).ThenByDescending(i => i.Seq).Select(i => i.Seq),
            await SeqsAsync(container, "SELECT * FROM c ORDER BY c.type ASC, c.seq DESC"));
        Assert.Equal(
            Items.Where(i => i.Seq > 20).OrderByDescending(i => i.Type, StringComparer.Ordinal).ThenBy(i => i.Seq).Select(i => i.Seq),
            await SeqsAsync(container, "SELECT * FROM c WHERE c.seq > 20 ORDER BY c.type DESC, c.seq ASC"));
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task A_continued_query_returns_every_row_once_in_order(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        foreach (var order in (string[])["", "ORDER BY c.seq", "ORDER BY c.seq DESC", "ORDER BY c.type", "ORDER BY c.type DESC", "ORDER BY c.type ASC, c.seq DESC", "ORDER BY c.none"])
            foreach (var where in (string[])["", "WHERE c.seq >= 7", "WHERE c.type = 'issued'", "WHERE c.seq IN (1,2,3,4,5,6,7,8,9,10)"])
            {
                var text = $"SELECT * FROM c {where} {order}";
                var whole = await SeqsAsync(container, text);
                var pages = new List<int>();
                string? continuation = null;
                do
                {
                    // A new iterator for each page, as a stateless caller has.
                    using var iterator = container.GetItemQueryIterator<Item>(text, continuation, new QueryRequestOptions { MaxItemCount = 7 });
                    var page = await iterator.ReadNextAsync();
                    Assert.True(page.Count <= 7);
                    pages.AddRange(page.Select(i => i.Seq));
                    continuation = page.ContinuationToken;
                }
                while (continuation is not null);
                Assert.True(whole.SequenceEqual(pages), $"{text} on {partitions}: {string.Join(' ', pages)}");
            }
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Aggregates_combine_across_partitions(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        Assert.Equal(60, await OneAsync<int>(container, "SELECT VALUE COUNT(1) FROM c"));
        Assert.Equal(20, await OneAsync<int>(container, "SELECT VALUE COUNT(1) FROM c WHERE c.type = 'renewed'"));
        Assert.Equal(59, await OneAsync<int>(container, "SELECT VALUE MAX(c.seq) FROM c"));
        Assert.Equal(5, await OneAsync<int>(container, "SELECT VALUE MIN(c.seq) FROM c WHERE c.seq > 4"));
        Assert.Equal(Items.Sum(i => i.Seq), await OneAsync<int>(container, "SELECT VALUE SUM(c.seq) FROM c"));
        Assert.Equal(29.5, await OneAsync<double>(container, "SELECT VALUE AVG(c.seq) FROM c"));
        Assert.Equal("issued", await OneAsync<string>(container, "SELECT VALUE MIN(c.type) FROM c"));
        Assert.Equal(0, await OneAsync<int>(container, "SELECT VALUE COUNT(1) FROM c WHERE c.seq > 1000"));

        var key = new QueryRequestOptions { PartitionKey = new PartitionKey("p3") };
        var several = Assert.Single(await Lab.AllAsync(container.GetItemQueryIterator<JsonElement>("SELECT COUNT(1) AS n, MAX(c.seq) AS last FROM c", requestOptions: key)));
        Assert.Equal("""{"n":10,"last":57}""", several.GetRawText());
        var averaged = await OneAsync<JsonElement>(container, "SELECT AVG(c.seq) AS mean, MIN(c.seq) AS first FROM c WHERE c.seq < 5");
        Assert.Equal((2, 0), (averaged.GetProperty("mean").GetDouble(), averaged.GetProperty("first").GetInt32()));
    }

    [Fact]
    public async Task A_query_of_one_range_runs_directly_where_the_client_asks_for_that()
    {
        await using var lab = await Lab.OpenAsync();
        var container = await FilledAsync(lab);
        var direct = new QueryRequestOptions { EnableOptimisticDirectExecution = true, MaxItemCount = 7 };
        var sorted = await Lab.AllAsync(container.GetItemQueryIterator<Item>("SELECT * FROM c WHERE c.seq > 9 ORDER BY c.type ASC, c.seq DESC OFFSET 1 LIMIT 30", requestOptions: direct));
        Assert.Equal(
            Items.Where(i => i.Seq > 9).OrderBy(i => i.Type, StringComparer.Ordinal).ThenByDescending(i => i.Seq).Skip(1).Take(30).Select(i => i.Seq),
            sorted.Select(i => i.Seq));
        Assert.Equal(60, Assert.Single(await Lab.AllAsync(container.GetItemQueryIterator<int>("SELECT VALUE COUNT(1) FROM c", requestOptions: direct))));
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Projections_take_values_columns_and_distinct_values(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        Assert.Equal(["d00", "d01"], await Lab.AllAsync(container.GetItemQueryIterator<string>("SELECT VALUE c.id FROM c WHERE c.seq < 2 ORDER BY c.seq")));
        var column = Assert.Single(await Lab.AllAsync(container.GetItemQueryIterator<JsonElement>("SELECT c.id, c.seq AS number, c.nothing FROM c WHERE c.seq = 3")));
        Assert.Equal("""{"id":"d03","number":3}""", column.GetRawText());
        var sorted = await Lab.AllAsync(container.GetItemQueryIterator<JsonElement>("SELECT c.id, c.seq AS number FROM c WHERE c.seq < 2 ORDER BY c.seq DESC"));
        Assert.Equal("""{"id":"d01","number":1}""", sorted[0].GetRawText());
        Assert.Equal(["issued", "renewed"], (await Lab.AllAsync(container.GetItemQueryIterator<string>("SELECT DISTINCT VALUE c.type FROM c"))).Order(StringComparer.Ordinal));
        Assert.Equal(["p0", "p1", "p2", "p3", "p4", "p5"], await Lab.AllAsync(container.GetItemQueryIterator<string>("SELECT DISTINCT VALUE c.pk FROM c ORDER BY c.pk")));
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Undefined_null_and_every_kind_sort_as_the_service_sorts_them(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync();
        object?[] values = ["b", 2, null, true, "a", 10, false, -1];
        for (var i = 0; i < values.Length; i++)
            await container.CreateItemAsync(new Dictionary<string, object?> { ["id"] = $"v{i}", ["pk"] = $"p{i}", ["v"] = values[i] });
        await container.CreateItemAsync(new Dictionary<string, object?> { ["id"] = "none", ["pk"] = "x" });

        var ids = await Lab.AllAsync(container.GetItemQueryIterator<string>("SELECT VALUE c.id FROM c ORDER BY c.v"));
        Assert.Equal(["none", "v2", "v6", "v3", "v7", "v1", "v5", "v4", "v0"], ids);
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task A_prefix_of_a_hierarchical_key_is_one_scope(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await lab.ContainerAsync(new ContainerProperties { PartitionKeyPaths = ["/org", "/project", "/subject"] });
        for (var i = 0; i < 48; i++)
            await container.CreateItemAsync(new { id = $"d{i:00}", org = $"o{i % 2}", project = $"p{i % 4}", subject = $"s{i % 8}", seq = i });

        async Task<IEnumerable<int>> Under(PartitionKey key, string text = "SELECT VALUE c.seq FROM c ORDER BY c.seq") =>
            await Lab.AllAsync(container.GetItemQueryIterator<int>(text, requestOptions: new QueryRequestOptions { PartitionKey = key }));
        var all = Enumerable.Range(0, 48).ToArray();
        Assert.Equal(all.Where(i => i % 2 == 1), await Under(new PartitionKeyBuilder().Add("o1").Build()));
        Assert.Equal(all.Where(i => i % 4 == 3), await Under(new PartitionKeyBuilder().Add("o1").Add("p3").Build()));
        Assert.Equal(all.Where(i => i % 8 == 7), await Under(new PartitionKeyBuilder().Add("o1").Add("p3").Add("s7").Build()));
        Assert.Equal([24], await Under(new PartitionKeyBuilder().Add("o1").Build(), "SELECT VALUE COUNT(1) FROM c"));
        Assert.Equal(all.Where(i => i % 4 == 3), await Lab.AllAsync(container.GetItemQueryIterator<int>("SELECT VALUE c.seq FROM c WHERE c.org = 'o1' AND c.project = 'p3' ORDER BY c.seq")));
    }

    [Theory]
    [InlineData("SELECT VALUE t FROM c JOIN t IN c.tags", 501)]
    [InlineData("SELECT c.type, COUNT(1) AS n FROM c GROUP BY c.type", 501)]
    [InlineData("SELECT * FROM c WHERE c.id LIKE 'd%'", 501)]
    [InlineData("SELECT * FROM c WHERE REGEXMATCH(c.id, 'd')", 501)]
    [InlineData("SELECT * FROM c WHERE EXISTS(SELECT VALUE t FROM t IN c.tags)", 501)]
    [InlineData("SELECT * FROM c WHERE COUNT(1) > 1", 400)]
    [InlineData("SELECT c.id, COUNT(1) AS n FROM c", 400)]
    [InlineData("SELECT * FROM c WHERE", 400)]
    [InlineData("SELECT * FROM c WHERE c.value = 1", 400)]
    [InlineData("SELECT * FROM c WHERE c.Order = 1", 400)]
    [InlineData("SELECT c.id AS left FROM c", 400)]
    [InlineData("SELECT * FROM value WHERE value.id = '1'", 400)]
    [InlineData("SELECT * FROM c WHERE c.seq = @missing", 400)]
    [InlineData("SELECT * FROM c WHERE d.seq = 1", 400)]
    [InlineData("SELECT * FROM c WHERE c.seq = 'open", 400)]
    public async Task What_is_not_understood_is_refused(string text, int status)
    {
        await using var lab = await Lab.OpenAsync();
        var container = await lab.ContainerAsync();
        await Lab.RefusedAsync((System.Net.HttpStatusCode)status, () => Lab.AllAsync(container.GetItemQueryIterator<JsonElement>(text)));
    }

    [Theory]
    [MemberData(nameof(Partitions))]
    public async Task Other_spellings_of_the_same_query_are_read(int partitions)
    {
        await using var lab = await Lab.OpenAsync(partitions);
        var container = await FilledAsync(lab);
        foreach (var text in (string[])
        [
            "select value root from root where (root[\"seq\"] > 57)",
            "SELECT VALUE e FROM c AS e WHERE e.seq > 57 -- the last two",
            "SELECT VALUE e FROM c e WHERE e['seq'] >= 58.0 AND true",
            "SELECT * FROM c WHERE c.seq > (50 + 2 * 4) - 1 AND NOT false AND (c.none ?? 1) = 1",
            "SELECT * FROM c WHERE (c.seq > 57 ? true : false)",
            "SELECT c.seq FROM c WHERE c['seq'] > 57 AND NOT IS_DEFINED(c[\"value\"])",
            "SELECT * FROM c WHERE c.id || '!' IN ('d58!', 'd59!')",
        ])
            Assert.Equal([58, 59], (await Lab.AllAsync(container.GetItemQueryIterator<JsonElement>(text))).Select(row => row.GetProperty("seq").GetInt32()).Order());
    }

    static async Task<IEnumerable<int>> SeqsAsync(Container container, string text) =>
        (await Lab.AllAsync(container.GetItemQueryIterator<Item>(text))).Select(i => i.Seq);

    static async Task<T> OneAsync<T>(Container container, string text) =>
        Assert.Single(await Lab.AllAsync(container.GetItemQueryIterator<T>(text)));

    static async Task<Container> FilledAsync(Lab lab)
    {
        var properties = new ContainerProperties { PartitionKeyPath = "/pk" };
        properties.IndexingPolicy.CompositeIndexes.Add([
            new CompositePath { Path = "/type", Order = CompositePathSortOrder.Ascending },
            new CompositePath { Path = "/seq", Order = CompositePathSortOrder.Descending },
        ]);
        var container = await lab.ContainerAsync(properties);
        await Task.WhenAll(Items.Select(item => container.CreateItemAsync(item, new PartitionKey(item.Pk))));
        return container;
    }
}
