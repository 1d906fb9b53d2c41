using System.Text.Json;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>What the program prints, and how it ends when it is asked wrongly.</summary>
public sealed class CommandLineTests(CommandLineTests.Running running) : IClassFixture<CommandLineTests.Running>
{
    const char Escape = '\u001b';

    string Home => running.Home.Path;

    [Theory]
    [InlineData("improt", "certfn: ", "See 'certfn --help'.")]
    [InlineData("--colour", "certfn: ", "See 'certfn --help'.")]
    [InlineData("import", "certfn: ", "See 'certfn import --help'.")]
    [InlineData("timeline", "certfn: ", "See 'certfn timeline --help'.")]
    [InlineData("timeline c1 --limits 5", "--limits", "See 'certfn timeline --help'.")]
    [InlineData("verify a b", "'b'", "See 'certfn verify --help'.")]
    [InlineData("serve --urls", "--urls", "See 'certfn serve --help'.")]
    [InlineData("demo extra", "'extra'", "See 'certfn demo --help'.")]
    [InlineData("export --format csv", "--format", "See 'certfn export --help'.")]
    public async Task What_it_does_not_know_is_2_with_a_hint(string arguments, string says, string hint)
    {
        var ended = (await Certfn.RunAsync(Home, arguments.Split(' '))).Exits(2).Says(says).Says(hint);
        Assert.Equal("", ended.Out);
    }

    [Fact]
    public async Task A_replay_says_what_the_service_says_of_it()
    {
        (await Certfn.RunAsync(Home, "replay", "file", "--from", "0")).Exits(3).Says("takes nothing twice").Says("/ledger/entries");
        (await Certfn.RunAsync(Home, "replay", "nobody", "--from", "0")).Says("No such sink");
        (await Certfn.RunAsync(Home, "replay", "file")).Exits(2).Says("--from");
        (await Certfn.RunAsync(Home, "replay", "file", "--from", "soon")).Exits(2);
    }

    [Fact]
    public async Task Without_a_verb_it_is_2_with_a_hint() => (await Certfn.RunAsync(Home)).Exits(2).Says("See 'certfn --help'.");

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    public async Task Help_has_every_verb_an_example_of_each_and_the_exit_codes(string option)
    {
        var ended = (await Certfn.RunAsync(Home, option)).Exits(0);
        foreach (var text in new[] { "Examples:", "certfn demo ", "certfn serve ", "certfn import /etc/ssl/certs", "certfn timeline FINGERPRINT", "certfn verify ", "export", "Exit codes: 0 good; 1 " })
            Assert.Contains(text, ended.Out, StringComparison.Ordinal);
        Assert.Equal("", ended.Error);
    }

    [Theory]
    [InlineData("serve", "--urls", "--data", "--durability", "--max-bytes")]
    [InlineData("import", "<SOURCE>", "--system", "--chain", "--timeout", "--password-file", "--url", "--data", "--project")]
    [InlineData("timeline", "<ID>", "--kind", "--type", "--limit", "--order", "--cursor", "--json")]
    [InlineData("verify", "<SOURCE>", "--json", "Examples:", "certfn verify http://127.0.0.1:7071")]
    [InlineData("export", "--out", "--org")]
    [InlineData("demo", "--certs", "--keep")]
    public async Task Each_verb_helps(string verb, params string[] says)
    {
        var ended = (await Certfn.RunAsync(Home, verb, "--help")).Exits(0);
        Assert.All(says, text => Assert.Contains(text, ended.Out, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_timeline_is_a_table_newest_first()
    {
        var ended = (await Certfn.RunAsync(Home, "timeline", "--project", "web", "c1")).Exits(0);
        Assert.Contains("| seq | occurred | type | severity | status | actor | data |", ended.Row("occurred"), StringComparison.Ordinal);
        Assert.Contains("| 3 | 2026-02-01T00:00:00Z | cert.renewal_failed | error | failure | Ada L. | attempt=1, error_class=auth |", ended.Row("cert.renewal_failed"), StringComparison.Ordinal);
        Assert.True(ended.Out.IndexOf("renewal_failed", StringComparison.Ordinal) < ended.Out.IndexOf("cert.downloaded", StringComparison.Ordinal));
        Assert.DoesNotContain("More with", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeline_goes_on_with_the_cursor_it_prints()
    {
        var first = (await Certfn.RunAsync(Home, "timeline", "--project", "web", "--limit", "1", "--order", "asc", "c1")).Exits(0);
        var cursor = first.Out.Split("More with --cursor ")[1].Trim();
        var second = (await Certfn.RunAsync(Home, "timeline", "--project", "web", "--limit", "1", "--order", "asc", "--cursor", cursor, "c1")).Exits(0);
        Assert.Contains("| 1 |", first.Row("| 1 "), StringComparison.Ordinal);
        Assert.Contains("| 2 |", second.Row("| 2 "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task For_a_program_it_is_the_services_own_answer()
    {
        var page = JsonSerializer.Deserialize<JsonElement>((await Certfn.RunAsync(Home, "timeline", "--project", "web", "--type", "cert.downloaded", "--json", "c1")).Exits(0).Out);
        Assert.Equal([2, 1], page.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("seq").GetInt32()));
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next_cursor").ValueKind);
    }

    [Fact]
    public async Task A_certificate_nobody_knows_has_no_events() => Assert.Equal("No events.", (await Certfn.RunAsync(Home, "timeline", "nobody")).Exits(0).Out.Trim());

    [Fact]
    public async Task Another_kind_of_subject_may_be_asked_for() => Assert.Contains("key.generated", (await Certfn.RunAsync(Home, "timeline", "--project", "web", "--kind", "key", "k1")).Exits(0).Out, StringComparison.Ordinal);

    [Theory]
    [InlineData("--limit", "0", "limit must be a whole number from 1 to 500")]
    [InlineData("--limit", "many", "limit must be a whole number from 1 to 500")]
    [InlineData("--order", "up", "order must be desc")]
    [InlineData("--type", "cert.isued", "did you mean cert.issued?")]
    [InlineData("--cursor", "abc", "cursor is not a cursor this service gave out")]
    [InlineData("--kind", "Key", "kind must be 1 to 32 characters")]
    public async Task A_parameter_that_is_not_right_is_told_in_the_services_words(string option, string value, string says) =>
        (await Certfn.RunAsync(Home, "timeline", "c1", option, value)).Exits(2).Says(says);

    [Fact]
    public async Task Text_from_events_cannot_steer_the_terminal()
    {
        Assert.Equal(201, (await running.Service.PostAsync("""{"type":"ext.x","subject":{"kind":"certificate","id":"evil"},"actor":{"type":"user","id":"u"},"data":{"t":"\u001b[2J\u001b]0;owned\u0007[red]x[/]\r\nseq"}}""")).Status);
        var ended = (await Certfn.RunAsync(Home, "timeline", "--project", "web", "evil")).Exits(0);
        Assert.DoesNotContain(Escape, ended.Out);
        Assert.DoesNotContain('\u0007', ended.Out);
        Assert.Contains("[red]x[/]", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirected_output_has_no_terminal_codes()
    {
        foreach (var arguments in new[] { "--help", "import --help", "timeline --project web c1", "timeline c1 --limit 0", "verify", "export", "improt", "serve --urls nonsense", "import /nowhere" })
        {
            var ended = await Certfn.RunAsync(Home, arguments.Split(' '));
            Assert.False((ended.Out + ended.Error).Contains(Escape, StringComparison.Ordinal), arguments);
            Assert.NotEqual("", ended.Out + ended.Error);
        }
    }

    [Fact]
    public async Task A_key_and_an_address_may_come_from_outside_the_data_folder()
    {
        var info = Certfn.Start(Home, "/bin/sh", ["-c", $"CERTFN_API_KEY=$(cat '{running.Service.Data}/keys/api-key') exec '{Certfn.Dotnet}' '{Certfn.Program}' timeline --data '{Home}/none' --url '{running.Service.Url}' --project web c1"]);
        Assert.Contains("cert.renewal_failed", (await Certfn.EndAsync(info)).Exits(0).Out, StringComparison.Ordinal);
    }

    /// <summary>A service with a few events in it.</summary>
    public sealed class Running : IAsyncLifetime, IDisposable
    {
        public TempFolder Home { get; } = new();

        internal Service Service { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Service = await Service.StartAsync(Home.Path);
            await Service.PostAsync(Make.Json("c1", id: "e1", occurredAt: "2026-02-01T00:00:00Z"));
            await Service.PostAsync(Make.Json("c1", id: "e2", occurredAt: "2026-02-01T00:00:00Z"));
            await Service.PostAsync(Make.Json("c1", id: "e3", type: "cert.renewal_failed", data: """{"attempt":1,"error_class":"auth"}""", occurredAt: "2026-02-01T00:00:00Z"));
            await Service.PostAsync("""{"type":"key.generated","subject":{"kind":"key","id":"k1"},"actor":{"type":"user","id":"u"}}""");
            await Service.SettlesAtAsync(4);
        }

        public async Task DisposeAsync() => await Service.DisposeAsync();

        public void Dispose() => Home.Dispose();
    }
}
