using System.Text.Json;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>R33: <c>certfn verify</c> with what an auditor holds: a policy, an archive, checkpoints seen elsewhere, an earlier verification.</summary>
public sealed class TrustTests(Published published) : IClassFixture<Published>, IDisposable
{
    readonly TempFolder home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task A_folder_under_a_policy_and_with_an_archive_reaches_each_guarantee()
    {
        var (folder, archive) = published.Ground.Copy();
        var report = await VerifyAsync(0, "--data", folder.Path, "--trust", Policy(), "--archive", archive);
        Assert.Equal(["chained", "signed", "archived"], report.GetProperty("guarantees").EnumerateArray().Select(g => g.GetString()));
        Assert.Equal((300, 300, "acme"), (report.GetProperty("checkpoint_size").GetInt32(), report.GetProperty("size").GetInt32(), report.GetProperty("ledger").GetString()));
        Assert.Equal(64, report.GetProperty("root_hash").GetString()!.Length);
        Assert.Equal("witnessed", Assert.Single(report.GetProperty("not_checked").EnumerateArray()).GetProperty("what").GetString());

        var ended = (await Certfn.RunAsync(home.Path, "verify", "--data", folder.Path, "--trust", Policy(), "--archive", archive)).Exits(0);
        Assert.Contains("guaranteed chained, signed, archived", ended.Row("guaranteed"), StringComparison.Ordinal);
        Assert.Contains("signed up to 300", ended.Row("signed up to"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_alone_and_a_bundle_are_known_for_what_they_are()
    {
        var (_, archive) = published.Ground.Copy();
        Assert.Equal(["signed", "archived"], (await VerifyAsync(0, archive, "--trust", Policy())).GetProperty("guarantees").EnumerateArray().Select(g => g.GetString()));

        await File.WriteAllBytesAsync(home.File("c7.evidence"), published.Bundle);
        var report = await VerifyAsync(0, home.File("c7.evidence"), "--trust", Policy());
        Assert.Equal(("c7", 1, 5), (report.GetProperty("evidence").GetProperty("subject").GetProperty("id").GetString(), report.GetProperty("evidence").GetProperty("first_seq").GetInt32(), report.GetProperty("evidence").GetProperty("last_seq").GetInt32()));
        Assert.Contains("evidence of certificate c7 in web, seq 1 to 5", (await Certfn.RunAsync(home.Path, "verify", home.File("c7.evidence"))).Exits(0).Row("evidence of"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Since_an_earlier_report_or_checkpoint_only_what_is_newer_is_read()
    {
        var (folder, archive) = published.Ground.Copy();
        var checkpoint = home.File("checkpoint");
        await File.WriteAllBytesAsync(checkpoint, published.Ground.Policy.Earlier!.Note.ToBytes());

        var report = await VerifyAsync(0, "--data", folder.Path, "--since", checkpoint, "--trust", Policy(), "--archive", archive);
        Assert.Equal((100, 300), (report.GetProperty("entries").GetInt32(), report.GetProperty("size").GetInt32()));
        Assert.Contains("signed", report.GetProperty("guarantees").EnumerateArray().Select(g => g.GetString()));

        await File.WriteAllTextAsync(home.File("report"), report.GetRawText());
        Assert.Equal(0, (await VerifyAsync(0, "--data", folder.Path, "--since", home.File("report"))).GetProperty("entries").GetInt32());
        Assert.Equal(0, (await VerifyAsync(0, published.Export, "--data", folder.Path, "--since", home.File("report"))).GetProperty("entries").GetInt32());
        var head = published.Ground.Policy.Earlier.Checkpoint;
        Assert.Equal(100, (await VerifyAsync(0, published.Export, "--data", folder.Path, "--since", $"{head.Size}:{head.Chain}")).GetProperty("entries").GetInt32());
        Assert.Equal(("tampered", 200), await VerifyAsync(1, "--data", folder.Path, "--since", $"200:{new string('0', 64)}") is var r ? (r.GetProperty("verdict").GetString(), r.GetProperty("first_index").GetInt32()) : default);
    }

    [Fact]
    public async Task A_witnesss_checkpoint_shows_what_a_pin_does_not()
    {
        var (folder, _) = published.Ground.Copy();
        var policy = home.File("witnesses.json");
        await File.WriteAllBytesAsync(policy, published.Ground.WithWitness.Policy!.ToJson());
        var witnessed = home.File("witnessed");
        await File.WriteAllBytesAsync(witnessed, published.Ground.Witnessed.Note.ToBytes());

        Assert.Contains("witnessed", (await VerifyAsync(0, "--data", folder.Path, "--trust", policy, "--checkpoint", witnessed)).GetProperty("guarantees").EnumerateArray().Select(g => g.GetString()));
        Assert.Equal(("unverifiable", "witness"), await VerifyAsync(1, "--data", folder.Path, "--trust", policy) is var r ? (r.GetProperty("verdict").GetString(), r.GetProperty("found_by").GetString()) : default);
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_told_with_the_field_and_how_to_mend_it()
    {
        var policy = home.File("policy.json");
        await File.WriteAllTextAsync(policy, "{\"version\":1,\"origin\":\"a b\",\"log_key\":[]}");
        (await Certfn.RunAsync(home.Path, "verify", "--trust", policy)).Exits(2).Says("is not a trust policy").Says("log_key is not a member").Says("origin must be").Says("log_keys must hold");
        (await Certfn.RunAsync(home.Path, "verify", "--trust", home.File("none"))).Exits(2).Says("cannot be read");
        (await Certfn.RunAsync(home.Path, "verify", "--archive", home.File("none"))).Exits(2).Says("is no folder");
        (await Certfn.RunAsync(home.Path, "verify", "--checkpoint", policy)).Exits(2).Says("is not a signed checkpoint");
        (await Certfn.RunAsync(home.Path, "verify", "--since", "yesterday")).Exits(2).Says("is no head and no file");
        (await Certfn.RunAsync(home.Path, "verify", "--since", policy)).Exits(2).Says("names no head");
        (await Certfn.RunAsync(home.Path, "evidence", "c1", "--out", home.File("x"), "--tsa", "ftp://x")).Exits(2).Says("is not the address of a time-stamp authority");
    }

    string Policy()
    {
        var path = home.File("policy.json");
        File.WriteAllBytes(path, published.Ground.Policy.ToJson());
        return path;
    }

    async Task<JsonElement> VerifyAsync(int code, params string[] arguments) => JsonSerializer.Deserialize<JsonElement>((await Certfn.RunAsync(home.Path, ["verify", "--json", .. arguments])).Exits(code).Out);
}
