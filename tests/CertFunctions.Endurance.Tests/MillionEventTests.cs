using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;
using CertFunctions.Sqlite;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

/// <summary>R25 at size: a million events of one certificate, read through the API while writers append to it.</summary>
public sealed class MillionEventTests : IAsyncLifetime
{
    const int Events = 1_000_000;

    readonly TempFolder folder = new();
    LocalService service = null!;
    HttpClient http = null!;

    public async Task InitializeAsync()
    {
        var data = new DataFolder(folder.File("data"));
        using (data.Take())
        {
            await using var store = SqliteStore.Open(new SqliteOptions { Path = data.Database, Durability = SqliteDurability.Normal });
            await FillAsync(store);
        }

        service = await LocalService.StartAsync(new ServeOptions { Data = data, Url = "http://127.0.0.1:0", Quiet = true, Durability = SqliteDurability.Normal }, default);
        http = new HttpClient { BaseAddress = service.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", service.ApiKey);
    }

    public async Task DisposeAsync()
    {
        http.Dispose();
        await service.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_million_events_page_through_the_api_each_once_in_order_while_writers_append()
    {
        using var stop = new CancellationTokenSource();
        var appended = 0;
        var writers = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var content = new StringContent(Make.Json("c1"), Encoding.UTF8, "application/json");
                using var answer = await http.PostAsync("/api/v1/projects/web/certificates/c1/events", content);
                Assert.Equal(201, (int)answer.StatusCode);
                Interlocked.Increment(ref appended);
                await Task.Delay(2);
            }
        })));

        var random = new Random(3);
        var newestFirst = await WalkAsync("desc", _ => random.Next(300, 501), long.MaxValue);
        Assert.True(newestFirst.First >= Events && newestFirst.Last == 1 && newestFirst.Count == newestFirst.First);
        var oldestFirst = await WalkAsync("asc", _ => 500, Events / 4);
        Assert.True(oldestFirst.First == 1 && oldestFirst.Count == oldestFirst.Last);
        foreach (var limit in new[] { 1, 2, 7, 50, 499 })
            Assert.Equal(400L * limit, (await WalkAsync("desc", _ => limit, 400L * limit)).Count);

        await stop.CancelAsync();
        await writers;
        Assert.True(appended > 100, $"only {appended} events were appended meanwhile");
    }

    /// <summary>Follows the cursor for so many events or to the end; every seq must be the neighbour of the one before.</summary>
    async Task<(long First, long Last, long Count)> WalkAsync(string order, Func<int, int> limit, long most)
    {
        long first = 0, last = 0, count = 0;
        string? cursor = null;
        for (var page = 0; count < most; page++)
        {
            var query = $"order={order}&limit={limit(page)}{(cursor is null ? "" : $"&cursor={cursor}")}";
            var body = await http.GetByteArrayAsync($"/api/v1/projects/web/certificates/c1/events?{query}");
            foreach (var seq in Seqs(body))
            {
                Assert.True(count == 0 || seq == last + (order == "asc" ? 1 : -1), $"{seq} follows {last}");
                first = count == 0 ? seq : first;
                last = seq;
                count++;
            }

            if ((cursor = NextCursor(body)) is null)
                break;
        }

        return (first, last, count);
    }

    static List<long> Seqs(ReadOnlySpan<byte> body)
    {
        var seqs = new List<long>(500);
        for (int at; (at = body.IndexOf("\"seq\":"u8)) >= 0;)
        {
            body = body[(at + 6)..];
            Assert.True(Utf8Parser.TryParse(body, out long seq, out _));
            seqs.Add(seq);
        }

        return seqs;
    }

    static string? NextCursor(byte[] body)
    {
        var at = body.AsSpan().LastIndexOf("\"next_cursor\":"u8);
        using var tail = JsonDocument.Parse(Encoding.UTF8.GetBytes("{" + Encoding.UTF8.GetString(body.AsSpan(at))));
        return tail.RootElement.GetProperty("next_cursor").GetString();
    }

    static async Task FillAsync(SqliteStore store)
    {
        const int Batch = 5000;
        var submitted = Make.Submitted(Make.Json("c1"));
        var random = new SeededRandom();
        for (var done = 0; done < Events; done += Batch)
        {
            var batch = Enumerable.Range(0, Batch).Select(_ => StampedEvent.Stamp(submitted, OrgId.Parse("local"), ProjectId.Parse("web"), null, Make.Now, random)).ToList();
            Assert.All(await store.Events.AppendAsync(batch, default), o => Assert.IsType<AppendOutcome.Appended>(o));
        }
    }
}
