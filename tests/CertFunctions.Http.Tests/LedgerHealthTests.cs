using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.Json;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

public sealed class LedgerHealthTests : HttpTest
{
    [Fact]
    public async Task It_tells_what_the_checks_found_and_nothing_of_another_orgs()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        await Service.SettleAsync();
        await Service.PostAsync(Make.Json("c1", id: "late"));
        Service.Clock.Advance(TimeSpan.FromHours(1));
        var tell = new TellOwnEvent(Service.Store.Events, Service.Clock, new SeededRandom());
        foreach (var scope in Enum.GetValues<CheckScope>())
            await new CheckLedger(Service.Store.Ledger, Make.Keys, Service.Store.Positions, tell, Service.Health, Service.Clock, scope, TimeSpan.FromSeconds(10)).RunAsync(default);
        await new WatchInclusion(Service.Store.Feed, Service.Store.Ledger, Service.Store.Positions, tell, MergeDelay.Default, Service.Health, Service.Clock).RunAsync(default);

        var json = (await Service.GetAsync("/ledger/health")).Json;
        Assert.Equal("acme", json.GetProperty("ledger").GetString());
        Assert.Equal([("tail", "valid", 1), ("whole", "valid", 1)], json.GetProperty("checks").EnumerateArray().Select(Check));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("published").ValueKind);
        Assert.Equal("late", json.GetProperty("overdue").GetProperty("last_event_id").GetString());

        var other = (await Service.GetAsync("/ledger/health", HttpService.GlobexKey)).Json;
        Assert.Empty(other.GetProperty("checks").EnumerateArray());
        Assert.Equal(0, other.GetProperty("overdue").GetProperty("found").GetInt32());
    }

    [Fact]
    public async Task It_tells_what_was_published_last_and_why_no_more_is()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        await Service.PublishAsync();
        var first = Service.Clock.GetUtcNow();
        await Service.ReplaceInArchiveAsync("acme/tile/0/000.p/1", new byte[32]);
        await Service.PostAsync(Make.Json("c1", id: "e2"));

        var ages = new ConcurrentBag<double>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Name == "certfn.checkpoint.age") l.EnableMeasurementEvents(instrument); } };
        meters.SetMeasurementEventCallback<double>((_, age, _, _) => ages.Add(age));
        meters.Start();

        // Each time another publisher: what it does not know itself it has from the store.
        await Assert.ThrowsAsync<AggregateException>(Service.PublishAsync);
        var failing = Service.Clock.GetUtcNow();
        Service.Clock.Advance(TimeSpan.FromSeconds(1234));
        await Assert.ThrowsAsync<AggregateException>(Service.PublishAsync);

        // Other tests publish too, and meters are the process's.
        Assert.Contains((Service.Clock.GetUtcNow() - first).TotalSeconds, ages);
        var published = (await Service.GetAsync("/ledger/health")).Json.GetProperty("published");
        Assert.Equal((1, first.UtcDateTime), (published.GetProperty("size").GetInt32(), published.GetProperty("time").GetDateTime()));
        Assert.Contains("archive", published.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(failing.UtcDateTime, published.GetProperty("failing_since").GetDateTime());
        Assert.Equal(JsonValueKind.Null, (await Service.GetAsync("/ledger/health", HttpService.GlobexKey)).Json.GetProperty("published").ValueKind);
    }

    [Fact]
    public async Task It_is_for_auditors()
    {
        Assert.Equal(200, (await Service.GetAsync("/ledger/health", HttpService.KeyFor(Access.Access.Audit))).Status);
        (await Service.GetAsync("/ledger/health", HttpService.KeyFor(Access.Access.Operate))).IsProblem(403, "forbidden");
    }

    static (string?, string?, int) Check(JsonElement check) => (check.GetProperty("scope").GetString(), check.GetProperty("verdict").GetString(), check.GetProperty("size").GetInt32());
}
