using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

public sealed class ServeTests : IDisposable
{
    readonly TempFolder home = new();

    string Data => home.File("data");

    [SkippableFact]
    public async Task The_first_start_makes_keys_that_only_their_owner_may_read()
    {
        Mode.Needed();
        await using var service = await Service.StartAsync(home.Path);
        Assert.Equal(["api-key", "cursor.key", "hmac-1.key", "signing-1.key"], Directory.GetFiles(Path.Combine(Data, "keys")).Select(Path.GetFileName).Order());
        Assert.StartsWith("cfn_", await File.ReadAllTextAsync(Path.Combine(Data, "keys", "api-key")), StringComparison.Ordinal);
        Assert.Equal("700", Mode.Of(Data));
        Assert.Equal("700", Mode.Of(Path.Combine(Data, "keys")));
        Assert.All(Directory.GetFiles(Path.Combine(Data, "keys")), file => Assert.Equal("600", Mode.Of(file)));
    }

    [SkippableFact]
    public async Task What_holds_personal_values_is_its_owners_even_in_a_folder_that_is_open_to_others()
    {
        Mode.Needed();
        Directory.CreateDirectory(Data);
        Mode.Set(Data, "755");
        await using var service = await Service.StartAsync(home.Path);
        await service.PostAsync(Make.Json());
        await service.SettlesAtAsync(1);
        foreach (var file in Directory.GetFiles(Data, "certfn.db*").Append(Path.Combine(Data, "siem", "local.jsonl")))
            Assert.Equal((file, "600"), (file, Mode.Of(file)));
    }

    [Fact]
    public async Task Keys_and_events_are_the_same_after_a_restart()
    {
        string[] keys;
        await using (var first = await Service.StartAsync(home.Path))
        {
            Assert.Equal(201, (await first.PostAsync(Make.Json("c1", id: "e1"))).Status);
            await first.SettlesAtAsync(1);
            keys = Keys();
            Assert.Equal(0, await first.StopAsync());
        }

        await using var second = await Service.StartAsync(home.Path);
        Assert.Equal(keys, Keys());
        Assert.Equal(200, (await second.PostAsync(Make.Json("c1", id: "e1"))).Status);
        Assert.Equal(2, (await second.PostAsync(Make.Json("c1", id: "e2"))).Json.GetProperty("seq").GetInt32());
        await second.SettlesAtAsync(2);

        string[] Keys() => [.. Directory.GetFiles(Path.Combine(Data, "keys")).Order().Select(File.ReadAllText)];
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_ends_cleanly_when_asked_to(string signal)
    {
        await using var service = await Service.StartAsync(home.Path);
        for (var i = 0; i < 5; i++)
            await service.PostAsync(Make.Json());
        Assert.Equal(0, await service.StopAsync(signal));
        Assert.False(File.Exists(Path.Combine(Data, "address")));
        // All of it is in the one file: a copy of that file is a copy of the data.
        Assert.Equal(["certfn.db", "certfn.lock", "log-name"], Directory.GetFiles(Data).Select(Path.GetFileName).Order());
        (await Certfn.RunAsync(home.Path, "verify")).Exits(0);
    }

    [Fact]
    public async Task It_says_where_it_listens_and_where_the_key_is()
    {
        await using var service = await Service.StartAsync(home.Path);
        await Eventually.TrueAsync(() => service.Said.Contains("Stop with Ctrl+C.", StringComparison.Ordinal), "it says how to stop it");
        Assert.Contains($"Listening on {service.Url.ToString().TrimEnd('/')}", service.Said, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Data, "keys", "api-key"), service.Said, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllTextAsync(Path.Combine(Data, "keys", "api-key"))).Trim(), service.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_needs_no_key_and_everything_else_does()
    {
        await using var service = await Service.StartAsync(home.Path);
        using var stranger = new HttpClient { BaseAddress = service.Url };
        Assert.Equal("ok\n", await stranger.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        Assert.Equal("ready\n", await stranger.GetStringAsync(new Uri("/readyz", UriKind.Relative)));
        foreach (var path in new[] { "/api/v1/ledger/head", "/api/v1/ledger/entries", "/api/v1/siem/sinks", "/api/v1/projects/web/certificates/c1/events" })
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(new Uri(path, UriKind.Relative))).StatusCode);
        using var lost = await stranger.GetAsync(new Uri("/nowhere", UriKind.Relative));
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (lost.StatusCode, lost.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_folder_is_refused_and_harms_nothing()
    {
        await using var first = await Service.StartAsync(home.Path);
        await first.PostAsync(Make.Json());
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0")).Exits(3).Says("is in use by another certfn").Says("--data");
        Assert.True(first.IsRunning);
        Assert.True(File.Exists(Path.Combine(Data, "address")));
        Assert.Equal(201, (await first.PostAsync(Make.Json())).Status);
        await first.SettlesAtAsync(2);
    }

    [Fact]
    public async Task A_server_that_was_killed_lets_go_of_its_data_folder()
    {
        await using (var first = await Service.StartAsync(home.Path))
        {
            await first.PostAsync(Make.Json("c1", id: "e1"));
            await first.StopAsync("KILL");
        }

        await using var second = await Service.StartAsync(home.Path);
        Assert.Equal(200, (await second.PostAsync(Make.Json("c1", id: "e1"))).Status);
        await second.SettlesAtAsync(1);
    }

    [Fact]
    public async Task A_port_in_use_is_named_and_the_data_folder_let_go_of()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)}";
        (await Certfn.RunAsync(home.Path, "serve", "--urls", url)).Exits(3).Says($"{url} is in use by another program").Says("--urls");
        await using var service = await Service.StartAsync(home.Path);
        Assert.True(service.IsRunning);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("127.0.0.1:0")]
    [InlineData("ftp://127.0.0.1:0")]
    [InlineData("http://127.0.0.1:port")]
    [InlineData("http://127.0.0.1:70000")]
    [InlineData("http://")]
    [InlineData("")]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("http://192.0.2.1:0")]
    public async Task An_address_it_cannot_listen_on_is_told_with_one_it_can(string urls)
    {
        var ended = (await Certfn.RunAsync(home.Path, "serve", "--urls", urls)).Exits(3).Says("--urls").Says("http://127.0.0.1:7071");
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Data, "address")));
    }

    [Theory]
    [InlineData("--max-bytes", "-1")]
    [InlineData("--max-bytes", "much")]
    [InlineData("--durability", "Sometimes")]
    [InlineData("--port", "80")]
    public async Task An_option_it_does_not_take_is_2(string option, string value) =>
        (await Certfn.RunAsync(home.Path, "serve", option, value)).Exits(2).Says("certfn:").Says("See 'certfn serve --help'.");

    [SkippableFact]
    public async Task A_secret_that_others_may_read_is_refused()
    {
        Mode.Needed();
        await using (var first = await Service.StartAsync(home.Path))
            await first.StopAsync();
        var key = Path.Combine(Data, "keys", "hmac-1.key");
        Mode.Set(key, "644");
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0")).Exits(3).Says("may be read by others").Says("chmod 600");
    }

    [Fact]
    public async Task A_secret_that_is_none_any_more_is_told_and_not_made_anew()
    {
        await using (var first = await Service.StartAsync(home.Path))
            await first.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(Data, "keys", "hmac-1.key"), "abc\n");
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0")).Exits(3).Says("does not hold a key of 64 hex digits");
        Assert.Equal("abc\n", await File.ReadAllTextAsync(Path.Combine(Data, "keys", "hmac-1.key")));
    }

    public void Dispose() => home.Dispose();
}
