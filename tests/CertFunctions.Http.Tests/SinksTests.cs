using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R41: a sink's lag and last error are visible.</summary>
public sealed class SinksTests : HttpTest
{
    [Fact]
    public async Task A_sink_that_has_seen_nothing_stands_at_0()
    {
        var sink = await SinkAsync();
        Assert.Equal(("file", 0, 0, 0), (sink.GetProperty("name").GetString(), sink.GetProperty("position").GetInt32(), sink.GetProperty("lag").GetInt32(), sink.GetProperty("failures_in_a_row").GetInt32()));
        Assert.Equal(System.Text.Json.JsonValueKind.Null, sink.GetProperty("last_error").ValueKind);
    }

    [Fact]
    public async Task Each_sink_there_is_stands_in_the_answer() => Assert.Equal(
        ["file", "siem"], (await Service.GetAsync("/siem/sinks")).Json.GetProperty("sinks").EnumerateArray().Select(s => s.GetProperty("name").GetString()));

    [Fact]
    public async Task A_sink_that_is_up_has_what_the_ledger_has()
    {
        await FillAsync("a");
        await Service.SettleAsync();
        var sink = await SinkAsync();
        Assert.Equal((3, 0, "2026-03-01T12:00:00Z"), (sink.GetProperty("position").GetInt32(), sink.GetProperty("lag").GetInt32(), sink.GetProperty("at").GetString()));
        Assert.Equal((await Service.GetAsync("/ledger/entries")).Text, await File.ReadAllTextAsync(Service.SiemFile("acme")));
    }

    [Fact]
    public async Task A_sink_that_is_down_says_why_lags_and_catches_up_with_nothing_lost()
    {
        await FillAsync("a");
        await Service.SettleAsync();
        var file = Service.SiemFile("acme");
        File.Move(file, file + ".away");
        Directory.CreateDirectory(file);
        await FillAsync("b");
        await Service.SettleAsync();
        await Service.Forwarder.HandleAsync(Make.Org, CancellationToken.None);
        var down = await SinkAsync();
        Assert.Equal((3, 3, 2), (down.GetProperty("position").GetInt32(), down.GetProperty("lag").GetInt32(), down.GetProperty("failures_in_a_row").GetInt32()));
        Assert.False(string.IsNullOrEmpty(down.GetProperty("last_error").GetString()));

        Directory.Delete(file);
        File.Move(file + ".away", file);
        await Service.SettleAsync();
        var up = await SinkAsync();
        Assert.Equal((6, 0, 0), (up.GetProperty("position").GetInt32(), up.GetProperty("lag").GetInt32(), up.GetProperty("failures_in_a_row").GetInt32()));
        Assert.Equal((await Service.GetAsync("/ledger/entries")).Text, await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task Another_orgs_standing_is_not_shown()
    {
        await FillAsync("a");
        await Service.SettleAsync();
        var sink = (await Service.GetAsync("/siem/sinks", HttpService.GlobexKey)).Json.GetProperty("sinks")[0];
        Assert.Equal((0, 0), (sink.GetProperty("position").GetInt32(), sink.GetProperty("lag").GetInt32()));
    }

    async Task FillAsync(string prefix)
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(201, (await Service.PostAsync(Make.Json("c1", id: $"{prefix}{i}"))).Status);
    }

    async Task<System.Text.Json.JsonElement> SinkAsync() =>
        Assert.Single((await Service.GetAsync("/siem/sinks")).Json.GetProperty("sinks").EnumerateArray(), s => s.GetProperty("name").GetString() == "file");
}
