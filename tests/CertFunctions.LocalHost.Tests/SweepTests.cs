using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary><c>certfn certificates</c>, <c>certificate</c> and <c>sweep</c>, and the sweeps of a service.</summary>
public sealed class SweepTests : IDisposable
{
    readonly TempFolder home = new();

    [Fact]
    public async Task Certificates_are_a_table_with_what_ends_first_on_top_and_counts_above()
    {
        await using var service = await Service.StartAsync(home.Path);
        await ImportAsync(("late.example", 80), ("soon.example", 5), ("gone.example", -3));
        var ended = (await Certfn.RunAsync(home.Path, "certificates")).Exits(0);
        Assert.Contains("2 active, 1 expired; expiring: 1 in 7 days, 1 in 14 days, 1 in 30 days, 2 in 90 days", ended.Out, StringComparison.Ordinal);
        Assert.Matches(@"\| soon\.example \| n\.soon\.example \| active \| (4 d 23 h|5 d 0 h) \| 20.*Z \| CN=ca \|", ended.Row("soon.example"));
        Assert.Matches(@"\| expired \| (2 d 23|3 d 0) h ago \|", ended.Row("gone.example"));
        Assert.True(ended.Out.IndexOf("gone.example", StringComparison.Ordinal) < ended.Out.IndexOf("soon.example", StringComparison.Ordinal) && ended.Out.IndexOf("soon.example", StringComparison.Ordinal) < ended.Out.IndexOf("late.example", StringComparison.Ordinal));

        var page = JsonSerializer.Deserialize<JsonElement>((await Certfn.RunAsync(home.Path, "certificates", "--status", "active", "--expiring-within", "30d", "--name", ".soon.example", "--json")).Exits(0).Out);
        Assert.Equal("soon.example", Assert.Single(page.GetProperty("certificates").EnumerateArray()).GetProperty("id").GetString());
        var first = (await Certfn.RunAsync(home.Path, "certificates", "--limit", "1", "--sort", "-expiry")).Exits(0);
        Assert.Contains("late.example", first.Out, StringComparison.Ordinal);
        var cursor = first.Out.Split("More with --cursor ")[1].Trim();
        Assert.Contains("soon.example", (await Certfn.RunAsync(home.Path, "certificates", "--limit", "1", "--sort", "-expiry", "--cursor", cursor)).Exits(0).Out, StringComparison.Ordinal);
        (await Certfn.RunAsync(home.Path, "certificates", "--status", "fine")).Exits(2).Says("status must be one of");
    }

    [Fact]
    public async Task One_certificate_is_shown_now_and_then_and_what_changed_between()
    {
        await using var service = await Service.StartAsync(home.Path);
        await ImportAsync(("shop.example", 80));
        Assert.Equal(201, (await service.PostAsync(Make.Json("shop.example", type: "cert.revoked", data: """{"reason_code":1}"""), project: "default")).Status);
        Assert.Contains("| status | revoked |", (await Certfn.RunAsync(home.Path, "certificate", "shop.example")).Exits(0).Row("| status "), StringComparison.Ordinal);
        Assert.Contains("| status | active |", (await Certfn.RunAsync(home.Path, "certificate", "shop.example", "--at-seq", "1")).Exits(0).Row("| status "), StringComparison.Ordinal);
        var diff = (await Certfn.RunAsync(home.Path, "certificate", "shop.example", "--at-seq", "1", "--diff")).Exits(0);
        Assert.Contains("| status | active | revoked |", diff.Row("| status "), StringComparison.Ordinal);
        Assert.Equal(2, JsonSerializer.Deserialize<JsonElement>((await Certfn.RunAsync(home.Path, "certificate", "shop.example", "--json")).Exits(0).Out).GetProperty("seq").GetInt32());
        (await Certfn.RunAsync(home.Path, "certificate", "nobody")).Exits(3).Says("No such certificate");
        (await Certfn.RunAsync(home.Path, "certificate", "shop.example", "--diff")).Exits(2).Says("--diff needs a point");
        (await Certfn.RunAsync(home.Path, "certificate", "shop.example", "--at", "noon")).Exits(2).Says("at must be");
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_said_and_why_beside_a_running_service_and_writes_nothing()
    {
        await using var service = await Service.StartAsync(home.Path);
        await ImportAsync(("far.example", 80), ("soon.example", 5), ("gone.example", -3));
        var now = (await Certfn.RunAsync(home.Path, "sweep", "--dry-run")).Exits(0);
        Assert.Matches(@"\| default \| soon\.example \| cert\.expiring_soon \| 20\S+Z \| it ends at 20\S+Z, and its threshold of 7 days was reached at 20\S+Z \|", now.Row("soon.example"));
        Assert.Contains("cert.expired", now.Row("gone.example"), StringComparison.Ordinal);
        Assert.DoesNotContain("far.example", now.Out, StringComparison.Ordinal);
        Assert.Contains("2 announcements at", now.Out, StringComparison.Ordinal);

        var later = (await Certfn.RunAsync(home.Path, "sweep", "--dry-run", "--at", Rfc3339.Format(DateTimeOffset.UtcNow.AddDays(79)), "--json")).Exits(0);
        var lines = later.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonSerializer.Deserialize<JsonElement>(l)).ToDictionary(l => l.GetProperty("certificate").GetString()!);
        Assert.Equal(("cert.expired", "cert.expired", "cert.expiring_soon"), (Type("gone.example"), Type("soon.example"), Type("far.example")));
        Assert.Contains("threshold of 1 days", lines["far.example"].GetProperty("why").GetString(), StringComparison.Ordinal);
        await service.SettlesAtAsync(3);

        string? Type(string id) => lines[id].GetProperty("type").GetString();
    }

    [Fact]
    public async Task A_sweep_says_it_once()
    {
        await using (await Service.StartAsync(home.Path))
        {
            await ImportAsync(("far.example", 80), ("soon.example", 5), ("gone.example", -3));
            (await Certfn.RunAsync(home.Path, "sweep")).Exits(3).Says("in use by another certfn");
        }

        Assert.Contains("2 certificates were due: 1 cert.expired, 1 cert.expiring_soon", (await Certfn.RunAsync(home.Path, "sweep")).Exits(0).Out, StringComparison.Ordinal);
        var again = JsonSerializer.Deserialize<JsonElement>((await Certfn.RunAsync(home.Path, "sweep", "--json")).Exits(0).Out);
        Assert.Equal((0, "{}"), (again.GetProperty("examined").GetInt32(), again.GetProperty("announced").GetRawText()));
        Assert.Contains("0 announcements at", (await Certfn.RunAsync(home.Path, "sweep", "--dry-run")).Exits(0).Out, StringComparison.Ordinal);

        await using var service = await Service.StartAsync(home.Path);
        var said = Assert.Single((await service.GetAsync("/projects/default/certificates/soon.example/events?type=cert.expiring_soon")).GetProperty("events").EnumerateArray());
        Assert.Equal(("certfn", 7, 4), (said.GetProperty("actor").GetProperty("id").GetString(), said.GetProperty("data").GetProperty("threshold").GetInt32(), said.GetProperty("data").GetProperty("days_remaining").GetInt32()));
        Assert.Equal(2, (await service.GetAsync("/projects/system/subjects/timer/expiry-sweep/events")).GetProperty("events").GetArrayLength());
    }

    [Fact]
    public async Task A_service_sweeps_by_itself_and_tells_of_the_run()
    {
        await using var service = await Service.StartAsync(home.Path, "--sweep-every", "1s");
        await ImportAsync(("soon.example", 5));
        await Eventually.TrueAsync(async () => (await service.GetAsync("/projects/default/certificates/soon.example/events?type=cert.expiring_soon")).GetProperty("events").GetArrayLength() == 1, "it is announced");
        var timer = (await service.GetAsync("/timers")).GetProperty("timers").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "expiry-sweep");
        Assert.Equal((1, "done"), (timer.GetProperty("every_seconds").GetInt32(), timer.GetProperty("last").GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Thresholds_are_settings_and_projects_may_have_their_own()
    {
        await using var service = await Service.StartAsync(home.Path);
        await ImportAsync(("a.example", 50));
        await File.WriteAllTextAsync(home.File("expiry.json"), """{"thresholds":[40],"projects":{"default":{"thresholds":[60,10],"share":1}}}""");
        Assert.Contains("0 announcements", (await Certfn.RunAsync(home.Path, "sweep", "--dry-run")).Exits(0).Out, StringComparison.Ordinal);
        Assert.Contains("threshold of 60 days", (await Certfn.RunAsync(home.Path, "sweep", "--dry-run", "--expiry", home.File("expiry.json"))).Exits(0).Row("a.example"), StringComparison.Ordinal);
        Assert.Contains("threshold of 70 days", (await Certfn.RunWithAsync(home.Path, "CERTFN_EXPIRY", """{"thresholds":[70],"share":1}""", "sweep", "--dry-run")).Exits(0).Row("a.example"), StringComparison.Ordinal);
        Assert.Contains("threshold of 60 days", (await Certfn.RunWithAsync(home.Path, "CERTFN_EXPIRY", home.File("expiry.json"), "sweep", "--dry-run")).Exits(0).Row("a.example"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "it is not JSON")]
    [InlineData("[]", "it must be an object")]
    [InlineData("""{"treshold":[1]}""", "treshold is not a setting: there are thresholds and share, and projects")]
    [InlineData("""{"thresholds":[1],"thresholds":[2]}""", "it is not JSON")]
    [InlineData("""{"thresholds":"30"}""", "thresholds must be a list of whole numbers of days")]
    [InlineData("""{"thresholds":[1.5]}""", "thresholds must be a list of whole numbers of days")]
    [InlineData("""{"thresholds":[]}""", "thresholds must be 1 to 16")]
    [InlineData("""{"thresholds":[0]}""", "thresholds must be whole numbers of days from 1 to 3650")]
    [InlineData("""{"thresholds":[7,7]}""", "thresholds must differ")]
    [InlineData("""{"share":0}""", "share must be more than 0")]
    [InlineData("""{"share":"1/3"}""", "share must be a number")]
    [InlineData("""{"projects":[]}""", "projects must be an object")]
    [InlineData("""{"projects":{"a b":{}}}""", "'a b' under projects is not the name of a project")]
    [InlineData("""{"projects":{"web":{"thresholds":[0]}}}""", "projects.web.thresholds must be whole numbers")]
    [InlineData("""{"projects":{"web":{"projects":{}}}}""", "projects.web.projects is not a setting")]
    public async Task Settings_that_are_not_right_stop_the_start_and_say_how_to_mend_them(string json, string says)
    {
        await File.WriteAllTextAsync(home.File("expiry.json"), json);
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0", "--expiry", home.File("expiry.json"))).Exits(2).Says("expiry.json").Says(says);
    }

    [Theory]
    [InlineData("sweep", "--at goes with --dry-run", "--at", "2027-01-01T00:00:00Z")]
    [InlineData("sweep", "--at must be an RFC 3339 time", "--dry-run", "--at", "tomorrow")]
    [InlineData("serve", "--sweep-every must be", "--sweep-every", "soon")]
    [InlineData("serve", "--sweep-every must be", "--sweep-every", "0s")]
    [InlineData("serve", "--sweep-every must be", "--sweep-every", "8d")]
    [InlineData("serve", "expiry.json cannot be read", "--expiry", "expiry.json")]
    public async Task What_it_is_asked_wrongly_is_2(string verb, string says, params string[] options) => (await Certfn.RunAsync(home.Path, [verb, .. options])).Exits(2).Says(says);

    [Fact]
    public async Task Without_data_it_says_where_it_looked() => (await Certfn.RunAsync(home.Path, "sweep", "--dry-run")).Exits(3).Says("There is no data in").Says("--data");

    /// <summary>Imports an inventory of certificates that have so many days left of a long life.</summary>
    async Task ImportAsync(params (string Id, int Days)[] certificates)
    {
        // A minute more, so that whole days are left while the test runs.
        var now = DateTimeOffset.UtcNow.AddMinutes(-1);
        var rows = certificates.Select(c => string.Create(CultureInfo.InvariantCulture,
            $"{c.Id},{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(c.Id)))},{Rfc3339.Format(now.AddDays(c.Days - 200))},{Rfc3339.Format(now.AddDays(c.Days))},CN=ca,n.{c.Id}"));
        await File.WriteAllTextAsync(home.File("inventory.csv"), $"id,fingerprint,not_before,not_after,issuer,names\n{string.Join('\n', rows)}\n");
        (await Certfn.RunAsync(home.Path, "import", home.File("inventory.csv"))).Exits(0);
    }

    public void Dispose() => home.Dispose();
}
