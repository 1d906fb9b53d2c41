using System.Text.Json;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>R34: a receipt resolves to an index of the ledger, to a broken promise, or to one that is not due yet.</summary>
public sealed class ReceiptTests : IDisposable
{
    readonly TempFolder home = new();

    [Fact]
    public async Task A_receipt_is_kept_by_the_service_its_folder_and_its_export_and_broken_where_the_event_is_gone_or_another()
    {
        var key = "";
        await using (var service = await Service.StartAsync(home.Path, "--chained-within", "1s"))
        {
            await service.PostAsync(Make.Json("c1", id: "e1"));
            await service.SettlesAtAsync(1);
            await SaveAsync(service, "e2", "answer.json");
            await service.SettlesAtAsync(2);
            key = (await Certfn.RunAsync(home.Path, "key")).Exits(0).Out.Trim();
            (await Certfn.RunAsync(home.Path, "receipt", home.File("answer.json"), "--in", service.Url.ToString())).Exits(0);
            (await Certfn.RunAsync(home.Path, "export", "--out", home.File("export.jsonl"))).Exits(0);
            await service.StopAsync();
        }

        // The note alone is as good as the answer it came in.
        await File.WriteAllTextAsync(home.File("note"), JsonDocument.Parse(await File.ReadAllTextAsync(home.File("answer.json"))).RootElement.GetProperty("receipt").GetString());
        foreach (var source in new[] { home.File("data"), home.File("export.jsonl") })
        {
            var kept = JsonDocument.Parse((await Certfn.RunAsync(home.Path, "receipt", home.File("note"), "--in", source, "--key", key, "--json")).Exits(0).Out).RootElement;
            Assert.Equal(("kept", 1, "e2"), (kept.GetProperty("verdict").GetString(), kept.GetProperty("index").GetInt32(), kept.GetProperty("event_id").GetString()));
        }

        var lines = await File.ReadAllLinesAsync(home.File("export.jsonl"));
        await File.WriteAllTextAsync(home.File("gone.jsonl"), lines[0] + "\n");
        (await Certfn.RunAsync(home.Path, "receipt", home.File("note"), "--in", home.File("gone.jsonl"))).Exits(1);
        await File.WriteAllTextAsync(home.File("altered.jsonl"), string.Join('\n', lines).Replace("\"format\":\"pem\"", "\"format\":\"der\"", StringComparison.Ordinal) + "\n");
        var altered = JsonDocument.Parse((await Certfn.RunAsync(home.Path, "receipt", home.File("note"), "--in", home.File("altered.jsonl"), "--json")).Exits(1).Out).RootElement;
        Assert.Equal(("broken", 1), (altered.GetProperty("verdict").GetString(), altered.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task A_receipt_that_is_not_due_is_pending_and_one_that_was_altered_is_forged()
    {
        await using (var service = await Service.StartAsync(home.Path, "--chained-within", "1d"))
        {
            await service.PostAsync(Make.Json("c1", id: "e1"));
            await service.SettlesAtAsync(1);
            await SaveAsync(service, "e2", "answer.json");
            await service.SettlesAtAsync(2);
            (await Certfn.RunAsync(home.Path, "export", "--out", home.File("export.jsonl"))).Exits(0);
            await service.StopAsync();
        }

        await File.WriteAllTextAsync(home.File("before.jsonl"), (await File.ReadAllLinesAsync(home.File("export.jsonl")))[0] + "\n");
        Assert.Contains("\"pending\"", (await Certfn.RunAsync(home.Path, "receipt", home.File("answer.json"), "--in", home.File("before.jsonl"), "--json")).Exits(1).Out, StringComparison.Ordinal);
        var note = JsonDocument.Parse(await File.ReadAllTextAsync(home.File("answer.json"))).RootElement.GetProperty("receipt").GetString()!;
        await File.WriteAllTextAsync(home.File("forged"), note.Replace("seq 2", "seq 3", StringComparison.Ordinal));
        Assert.Contains("\"forged\"", (await Certfn.RunAsync(home.Path, "receipt", home.File("forged"), "--json")).Exits(1).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_receipt_is_said_to_be_none()
    {
        foreach (var (text, says) in new[] { ("nonsense", "is no receipt"), ("{}", "without a receipt"), ("{", "neither") })
        {
            await File.WriteAllTextAsync(home.File("file"), text);
            (await Certfn.RunAsync(home.Path, "receipt", home.File("file"))).Exits(2).Says(says);
        }

        (await Certfn.RunAsync(home.Path, "receipt", home.File("none"))).Exits(3);
    }

    public void Dispose() => home.Dispose();

    async Task SaveAsync(Service service, string id, string file)
    {
        var (status, json) = await service.PostAsync(Make.Json("c1", id: id), project: "web", query: "?receipt=true");
        Assert.Equal(201, status);
        await File.WriteAllTextAsync(home.File(file), json.GetRawText());
    }
}
