using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Cosmos;
using CertFunctions.Emulation;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>Inventory, states and sweeps through a service's front door, alike on both stores.</summary>
public abstract class InventoryTests : IAsyncLifetime
{
    readonly TempFolder home = new();
    readonly SteppedClock clock = SteppedClock.Default;
    LocalService service = null!;
    ApiClient api = null!;

    /// <summary>The account to keep the record in; null for the data folder.</summary>
    private protected abstract Task<CosmosSettings?> StoreAsync();

    public async Task InitializeAsync()
    {
        service = await LocalService.StartAsync(new ServeOptions { Data = new DataFolder(home.File("data")), Url = "http://127.0.0.1:0", Quiet = true, Clock = clock, Cosmos = await StoreAsync() }, default);
        api = new ApiClient(service.Url, service.ApiKey);
    }

    [Fact]
    public async Task R29_the_inventory_pages_filters_and_counts()
    {
        for (var i = 1; i <= 25; i++)
            await PostAsync($"c{i:00}", "cert.issued", Issued($"c{i:00}", i * 4 - 8, i % 2 == 0 ? "CN=even" : "CN=odd"));
        await PostAsync("c09", "cert.revoked", """{"reason_code":1}""");

        var counts = (await GetAsync("certificates?limit=1")).GetProperty("counts");
        Assert.Equal("""{"active":22,"revoked":1,"expired":2}""", counts.GetProperty("by_status").GetRawText());
        Assert.Equal("""{"7":1,"14":3,"30":6,"90":21}""", counts.GetProperty("expiring_within_days").GetRawText());
        var all = Enumerable.Range(1, 25).Select(i => $"c{i:00}").ToList();
        foreach (var limit in new[] { 1, 4, 500 })
        {
            Assert.Equal(all, await WalkAsync("", limit));
            Assert.Equal(all.AsEnumerable().Reverse(), await WalkAsync("&sort=-expiry", limit));
            Assert.Equal(["c03", "c04", "c05"], await WalkAsync("&status=active&expiring_within=14d", limit));
            Assert.Equal(["c04", "c02"], await WalkAsync("&issuer=CN%3Deven&sort=-expiry", limit, take: 12, last: 2));
            Assert.Equal(["c01", "c02"], await WalkAsync("&status=expired", limit));
            Assert.Equal(["c17"], await WalkAsync("&name=n.c17.example", limit));
            Assert.Equal(["c17"], await WalkAsync("&name=.c17.example&sort=-expiry", limit));
        }
    }

    [Fact]
    public async Task R42_a_sweep_speaks_once_and_the_state_shows_it()
    {
        await PostAsync("shop", "cert.issued", Issued("shop", 20, "CN=ca"));
        clock.Advance(TimeSpan.FromHours(1));
        await SaidAsync("shop", "cert.expiring_soon", 1);
        Assert.Equal(30, (await GetAsync("certificates/shop")).GetProperty("said").GetProperty("announced").GetInt32());
        clock.Advance(TimeSpan.FromDays(20));
        await SaidAsync("shop", "cert.expired", 1);
        await SaidAsync("shop", "cert.expiring_soon", 1);
        Assert.Equal("expired", (await GetAsync("certificates/shop")).GetProperty("status").GetString());
        Assert.Equal("active", (await GetAsync("certificates/shop?at_seq=1")).GetProperty("status").GetString());
        Assert.Contains((await GetAsync("certificates/shop/diff?from_seq=1")).GetProperty("changes").EnumerateArray(), c => c.GetProperty("member").GetString() == "said.expired");
    }

    /// <summary>Waits for the sweeps to have said so much, nudging the clock for a wait that began as it was set.</summary>
    Task SaidAsync(string id, string type, int times) => Eventually.TrueAsync(async () =>
    {
        var events = (await GetAsync($"certificates/{id}/events?type={type}")).GetProperty("events").GetArrayLength();
        Assert.True(events <= times, $"{events} {type}");
        clock.Advance(TimeSpan.FromMinutes(1));
        return events == times;
    }, $"{times} {type}");

    async Task<IReadOnlyList<string>> WalkAsync(string query, int limit, int? take = null, int? last = null)
    {
        var ids = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await GetAsync($"certificates?limit={limit}{query}{(cursor is null ? "" : $"&cursor={cursor}")}");
            ids.AddRange(page.GetProperty("certificates").EnumerateArray().Select(c => c.GetProperty("id").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString();
            if (cursor is null)
                break;
        }

        if (take is { } count)
            Assert.Equal(count, ids.Count);
        return last is { } tail ? ids[^tail..] : ids;
    }

    string Issued(string id, int days, string issuer) => JsonSerializer.Serialize(new
    {
        fingerprint = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id))),
        not_before = Rfc3339.Format(clock.GetUtcNow().AddDays(days - 200)),
        not_after = Rfc3339.Format(clock.GetUtcNow().AddDays(days)),
        issuer,
        subject_alt_names = new[] { $"n.{id}.example" },
    });

    async Task PostAsync(string subject, string type, string data)
    {
        using var answer = await api.PostLinesAsync("/api/v1/projects/web/events", Make.Utf8(Make.Json(subject, type: type, data: data)), default);
        Assert.Equal(1, answer.RootElement.GetProperty("stored").GetInt32());
    }

    async Task<JsonElement> GetAsync(string path)
    {
        using var answer = await api.GetJsonAsync("/api/v1/projects/web/" + path, default);
        return answer.RootElement.Clone();
    }

    public virtual async Task DisposeAsync()
    {
        api.Dispose();
        await service.DisposeAsync();
        home.Dispose();
    }
}

public sealed class SqliteInventoryTests : InventoryTests
{
    private protected override Task<CosmosSettings?> StoreAsync() => Task.FromResult<CosmosSettings?>(null);
}

public sealed class CosmosInventoryTests : InventoryTests
{
    CosmosEmulator emulator = null!;

    private protected override async Task<CosmosSettings?> StoreAsync()
    {
        emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Partitions = 2 });
        var settings = new CosmosSettings { Connection = emulator.ConnectionString };
        await CosmosProvisioning.ProvisionAsync(settings, default);
        return settings;
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await emulator.DisposeAsync();
    }
}
