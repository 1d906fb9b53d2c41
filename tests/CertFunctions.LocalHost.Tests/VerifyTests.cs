using System.Text.Json;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>R33: verdicts, the first bad index, and exit codes.</summary>
public sealed class VerifyTests : IClassFixture<VerifyTests.Seeded>, IDisposable
{
    const int Entries = 12;

    readonly TempFolder home = new();
    readonly Seeded seeded;

    /// <summary>Each test has a copy of the same stopped service's data.</summary>
    public VerifyTests(Seeded seeded)
    {
        this.seeded = seeded;
        foreach (var file in Directory.GetFiles(seeded.Data, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Data, Path.GetRelativePath(seeded.Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    string Data => home.File("data");

    string Export => home.File("export.jsonl");

    [Fact]
    public async Task A_data_folder_that_is_whole_is_valid()
    {
        var ended = await VerifyAsync(0);
        Assert.Contains("verdict VALID", ended.Row("verdict"), StringComparison.Ordinal);
        Assert.Contains("entries checked 12", ended.Row("entries checked"), StringComparison.Ordinal);
        Assert.Contains("MACs checked", ended.Row("MACs"), StringComparison.Ordinal);
        Assert.Equal("", ended.Error);
    }

    [Fact]
    public async Task A_data_folder_may_be_named_instead()
    {
        (await Certfn.RunAsync(home.Path, "verify", seeded.Data)).Exits(0);
        (await Certfn.RunAsync(home.Path, "verify", "--data", seeded.Data)).Exits(0);
    }

    [Fact]
    public async Task For_a_program_the_report_is_one_JSON_object_a_line()
    {
        var report = JsonSerializer.Deserialize<JsonElement>(Assert.Single((await VerifyAsync(0, "--json")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(("valid", "local", Entries, true), (report.GetProperty("verdict").GetString(), report.GetProperty("ledger").GetString(), report.GetProperty("entries").GetInt32(), report.GetProperty("macs_checked").GetBoolean()));
        Assert.Equal((64, 0, 0), (report.GetProperty("head_hash").GetString()!.Length, report.GetProperty("pending").GetInt32(), report.GetProperty("erased").GetInt32()));
        Assert.False(report.TryGetProperty("first_index", out _));
    }

    [Theory]
    [InlineData("DROP TRIGGER events_stay_as_they_are; UPDATE events SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"format\":\"pem\"', '\"format\":\"der\"') AS BLOB) WHERE position = (SELECT event FROM ledger_entries WHERE idx = 7)", 7)]
    [InlineData("UPDATE events SET personal = CAST(replace(CAST(personal AS TEXT), 'u-17', 'u-18') AS BLOB) WHERE position = (SELECT event FROM ledger_entries WHERE idx = 3)", 3)]
    [InlineData("DROP TRIGGER entries_stay_as_they_are; UPDATE ledger_entries SET mac = zeroblob(32) WHERE idx = 0", 0)]
    [InlineData("DROP TRIGGER entries_are_kept; DELETE FROM ledger_entries WHERE idx = 5", 5)]
    [InlineData("DROP TRIGGER entries_stay_as_they_are; UPDATE ledger_entries SET event = -1 WHERE idx = 8; UPDATE ledger_entries SET event = 9 WHERE idx = 9; UPDATE ledger_entries SET event = 10 WHERE idx = 8", 8)]
    [InlineData("DROP TRIGGER events_stay_as_they_are; UPDATE events SET type = 'cert.revoked' WHERE position = (SELECT event FROM ledger_entries WHERE idx = 11)", 11)]
    public async Task What_someone_with_the_file_altered_is_found_at_the_entry_it_was_done_to(string sql, int index)
    {
        Database.Run(Data, "PRAGMA foreign_keys = OFF; " + sql);
        var ended = await VerifyAsync(1);
        Assert.Contains("verdict TAMPERED", ended.Row("verdict"), StringComparison.Ordinal);
        Assert.Contains($"first bad index {index} ", ended.Row("first bad index"), StringComparison.Ordinal);
        var report = JsonSerializer.Deserialize<JsonElement>((await VerifyAsync(1, "--json")).Out);
        Assert.Equal(("tampered", index), (report.GetProperty("verdict").GetString(), report.GetProperty("first_index").GetInt32()));
        Assert.False(string.IsNullOrEmpty(report.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task An_end_that_was_cut_off_is_truncated()
    {
        Database.Run(Data, "DROP TRIGGER entries_are_kept; DELETE FROM ledger_entries WHERE idx >= 9");
        var report = JsonSerializer.Deserialize<JsonElement>((await VerifyAsync(1, "--json")).Out);
        Assert.Equal(("truncated", 9), (report.GetProperty("verdict").GetString(), report.GetProperty("first_index").GetInt32()));
    }

    [Fact]
    public async Task Without_its_key_a_ledger_is_checked_as_far_as_that_goes_and_never_called_tampered()
    {
        File.Delete(Path.Combine(Data, "keys", "hmac-1.key"));
        Assert.Contains("not checked: no key at hand", (await VerifyAsync(0)).Row("MACs"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(Data, "keys", "hmac-2.key"), new string('a', 64) + "\n");
        if (!OperatingSystem.IsWindows())
            Mode.Set(Path.Combine(Data, "keys", "hmac-2.key"), "600");
        Assert.Contains("UNVERIFIABLE", (await VerifyAsync(1)).Row("verdict"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_service_is_verified_beside_its_work()
    {
        await using var service = await Service.StartAsync(home.Path);
        (await Certfn.RunAsync(home.Path, "verify", service.Url.ToString())).Exits(0);
        (await VerifyAsync(0, "--json", service.Url.ToString().TrimEnd('/'))).Says("");
        (await VerifyAsync(0)).Says("");
        Database.Run(Data, "DROP TRIGGER events_stay_as_they_are; UPDATE events SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"format\":\"pem\"', '\"format\":\"der\"') AS BLOB) WHERE position = (SELECT event FROM ledger_entries WHERE idx = 4)");
        Assert.Contains("first bad index 4 ", (await Certfn.RunAsync(home.Path, "verify", service.Url.ToString())).Exits(1).Row("first bad index"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_none_is_told()
    {
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var url = $"http://{other.LocalEndpoint}";
        other.Stop();
        (await Certfn.RunAsync(home.Path, "verify", url)).Exits(3).Says("No service answers at");
    }

    [Fact]
    public async Task An_export_verifies_elsewhere_with_and_without_the_key()
    {
        Assert.StartsWith("12 entries written to", (await Certfn.RunAsync(home.Path, "export", "--out", Export)).Exits(0).Out, StringComparison.Ordinal);
        Assert.Contains("MACs checked", (await VerifyAsync(0, Export)).Row("MACs"), StringComparison.Ordinal);
        Assert.Contains("no key at hand", (await Certfn.RunAsync(home.Path, "verify", "--data", home.File("none"), Export)).Exits(0).Row("MACs"), StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Data, "siem", "local.jsonl")), await File.ReadAllTextAsync(Export));
        Assert.Equal(await File.ReadAllTextAsync(Export), (await Certfn.RunAsync(home.Path, "export", "--org", "local")).Exits(0).Out);
        (await VerifyAsync(0, Path.Combine(Data, "siem", "local.jsonl"))).Says("");
    }

    [SkippableFact]
    public async Task An_export_holds_personal_values_and_is_its_owners()
    {
        Mode.Needed();
        (await Certfn.RunAsync(home.Path, "export", "--out", Export)).Exits(0);
        Assert.Equal("600", Mode.Of(Export));
    }

    [Fact]
    public async Task An_export_cut_in_a_line_is_incomplete_and_one_altered_is_tampered()
    {
        (await Certfn.RunAsync(home.Path, "export", "--out", Export)).Exits(0);
        var text = await File.ReadAllTextAsync(Export);
        var lines = text.Split('\n');
        await File.WriteAllTextAsync(Export, text[..^40]);
        Assert.Contains("INCOMPLETE", (await VerifyAsync(1, Export)).Row("verdict"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Export, string.Join('\n', lines[3..]));
        Assert.Contains("INCOMPLETE", (await VerifyAsync(1, Export)).Row("verdict"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Export, string.Join('\n', lines.Where((_, i) => i != 6)));
        Assert.Contains("first bad index 6 ", (await VerifyAsync(1, Export)).Row("first bad index"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(Export, text.Replace("\"seq\":9", "\"seq\":8", StringComparison.Ordinal));
        Assert.Contains("first bad index 8 ", (await VerifyAsync(1, Export)).Row("first bad index"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("These are my notes.\nAll of them.\n")]
    [InlineData("{\"v\":1}\n")]
    [InlineData("\n")]
    [InlineData("")]
    [InlineData("no line feed")]
    public async Task A_file_that_is_no_ledger_is_not_valid(string text)
    {
        await File.WriteAllTextAsync(Export, text);
        var ended = (await Certfn.RunAsync(home.Path, "verify", Export)).Exits(1);
        Assert.DoesNotContain("VALID", ended.Row("verdict"), StringComparison.Ordinal);
        Assert.Equal("", ended.Error);
    }

    [Fact]
    public async Task What_is_not_there_is_told()
    {
        (await Certfn.RunAsync(home.Path, "verify", home.File("nowhere"))).Exits(2).Says("is no folder, no file and no URL");
        (await Certfn.RunAsync(home.Path, "verify", "--data", home.File("nowhere"))).Exits(3).Says("There is no data in").Says("certfn serve");
        (await Certfn.RunAsync(home.Path, "export", "--data", home.File("nowhere"))).Exits(3).Says("There is no data in").Says("--data");
        (await Certfn.RunAsync(home.Path, "export", "--org", "globex")).Exits(2).Says("There is no ledger of 'globex': there are local");
        (await Certfn.RunAsync(home.Path, "export", "--out", home.File("no/such/folder/file"))).Exits(3).Says("The export stopped");
    }

    Task<Ended> VerifyAsync(int code, params string[] arguments) => ExitsAsync(Certfn.RunAsync(home.Path, ["verify", .. arguments]), code);

    static async Task<Ended> ExitsAsync(Task<Ended> run, int code) => (await run).Exits(code);

    public void Dispose() => home.Dispose();

    /// <summary>The data of a service that recorded, chained and forwarded twelve events, and was stopped.</summary>
    public sealed class Seeded : IAsyncLifetime, IDisposable
    {
        readonly TempFolder home = new();

        public string Data => home.File("data");

        public async Task InitializeAsync()
        {
            await using var service = await Service.StartAsync(home.Path);
            Assert.Equal(201, (await service.PostAsync(string.Join('\n', Enumerable.Range(1, Entries).Select(i => Make.Json("c1", id: $"e{i}"))), "application/x-ndjson")).Status);
            await service.SettlesAtAsync(Entries);
            Assert.Equal(0, await service.StopAsync());
        }

        public Task DisposeAsync() => Task.CompletedTask;

        public void Dispose() => home.Dispose();
    }
}
