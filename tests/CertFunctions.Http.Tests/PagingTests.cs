using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R25: pages stay exact while events are appended: none twice, none missed.</summary>
public sealed class PagingTests : HttpTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Every_event_comes_once_and_in_order_at_any_limit_while_a_writer_appends(int seed)
    {
        var random = new Random(seed);
        await AppendAsync(random, 60 + random.Next(60));
        foreach (var order in new[] { "desc", "asc" })
        {
            foreach (var limit in new[] { 1, 2, random.Next(3, 20), random.Next(20, 100), 500 })
                await WalkAsync(order, _ => limit, random, filter: "");
            await WalkAsync(order, r => r.Next(1, 30), random, filter: "");
            await WalkAsync(order, r => r.Next(1, 30), random, filter: "&type=cert.revoked");
        }
    }

    /// <summary>Walks a timeline to its end while events are appended between the pages and during them.</summary>
    async Task WalkAsync(string order, Func<Random, int> limit, Random random, string filter)
    {
        var before = await Service.StoredAsync();
        var seen = new List<long>();
        string? cursor = null;
        var appends = 0;
        do
        {
            // Bounded, or a walk to the end of a timeline that keeps growing would never get there.
            var append = random.Next(3) == 0 && appends++ < 10 ? AppendAsync(random, random.Next(1, 4)) : Task.CompletedTask;
            var most = limit(random);
            var page = await Service.TimelineAsync("c1", $"?order={order}&limit={most}{filter}{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.InRange(page.Events.Count, 0, most);
            seen.AddRange(page.Seqs);
            cursor = page.NextCursor;
            await append;
        }
        while (cursor is not null);

        Assert.Equal(order == "asc" ? seen.Order() : seen.OrderDescending(), seen);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        // Whatever was there when the walk began was seen, and nothing but what belongs there now.
        bool Wanted(Core.Events.RecordedEvent e) => filter.Length == 0 || System.Text.Encoding.UTF8.GetString(e.Leaf.Span).Contains("\"type\":\"cert.revoked\"", StringComparison.Ordinal);
        Assert.Empty(before.Where(Wanted).Select(e => e.Seq).Except(seen));
        Assert.Empty(seen.Except((await Service.StoredAsync()).Where(Wanted).Select(e => e.Seq)));
        if (filter.Length == 0)
            Assert.Equal(Enumerable.Range(1, seen.Count).Select(i => (long)i), seen.Order());
    }

    async Task AppendAsync(Random random, int events)
    {
        var lines = Enumerable.Range(0, events).Select(_ => random.Next(3) == 0 ? Make.Json("c1", type: "cert.revoked", data: """{"reason_code":1}""") : Make.Json("c1")).ToList();
        Assert.Equal(201, (await Service.PostAsync(string.Join('\n', lines), contentType: "application/x-ndjson")).Status);
    }
}
