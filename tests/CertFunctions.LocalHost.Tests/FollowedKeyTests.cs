using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Evidence;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Drill;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>R35: who pins the log's first key alone verifies what its later keys signed, from every source, and is not taken in by a key that gave way.</summary>
public sealed class FollowedKeyTests : IDisposable
{
    static readonly OrgId Ledger = OrgId.Parse("local");

    readonly TempFolder home = new();
    readonly ManualClock clock = ManualClock.Default;
    int recorded;

    DataFolder Folder => new(home.File("data"));

    [Fact]
    public async Task From_the_first_key_alone_database_export_archive_bundle_and_service_are_valid_after_two_rotations()
    {
        await RotatedTwiceAsync();
        await WriteEvidenceAsync("c1");

        foreach (var source in new string[][] { [], [Folder.Archive], [home.File("export")], [home.File("c1.evidence")] })
        {
            // An export names no checkpoint of its own.
            var archive = source is [var path] && path.EndsWith("export", StringComparison.Ordinal) ? new[] { "--archive", Folder.Archive } : [];
            var report = await VerifyAsync(0, [.. source, .. archive]);
            Assert.Contains("signed", Guarantees(report));
            Assert.Equal(8, report.GetProperty("checkpoint_size").GetInt32());
        }

        Assert.Equal(Keys()[0].ToString(), (await VerifyAsync(0)).GetProperty("log_key").GetString());
        await using var service = await LocalService.StartAsync(Options with { Url = "http://127.0.0.1:0", Quiet = true, SweepEvery = TimeSpan.Zero }, default);
        var served = await VerifyAsync(0, service.Url.ToString());
        Assert.Equal(["chained", "signed"], Guarantees(served));
        Assert.Equal(8, served.GetProperty("checkpoint_size").GetInt32());
        using var other = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        Assert.Equal(("unverifiable", "signature"), await VerifyAsync(1, [VerifierKey.Of(First.Name, other)], service.Url.ToString()) is var r ? (r.GetProperty("verdict").GetString(), r.GetProperty("found_by").GetString()) : default);
    }

    [Fact]
    public async Task A_service_whose_checkpoint_is_of_another_history_than_its_entries_is_forked()
    {
        await RecordAsync();
        await PublishAsync();
        First = Keys()[0];
        // The log's key over another root, as the newest in the archive that the service gives from.
        var archive = new FolderArchive(Folder.Archive);
        var newest = (await ArchivedCheckpoints.LatestAsync(archive, Ledger, default))!.Checkpoint;
        var forged = newest with { Root = TreeHash.Empty, Time = newest.Time!.Value.AddYears(50) };
        var signer = ServiceKeys.LoadLog(Folder).Signer(forged.Origin);
        await archive.PutAsync(ArchiveLayout.Checkpoint(Ledger, forged.Size, forged.Time!.Value), new SignedNote(forged.ToText(), [await signer.SignAsync(forged.ToText(), default)]).ToBytes(), default);
        await using var service = await LocalService.StartAsync(Options with { Url = "http://127.0.0.1:0", Quiet = true, SweepEvery = TimeSpan.Zero, PublishEvery = TimeSpan.FromDays(1) }, default);

        var report = await VerifyAsync(1, service.Url.ToString());
        Assert.Equal(("forked", "signature", 0), (report.GetProperty("verdict").GetString(), report.GetProperty("found_by").GetString(), report.GetProperty("first_index").GetInt32()));
        Assert.Contains("the service's newest checkpoint", report.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_under_a_key_that_gave_way_is_tampered_and_the_entry_that_replaced_it_is_named()
    {
        await RotatedTwiceAsync();
        // Whoever stole the first key signs the very ledger as it is.
        await PublishAsync(retired: true);

        foreach (var source in new string[][] { [], [Folder.Archive], [home.File("export"), "--archive", Folder.Archive], [Folder.Path, "--archive", Folder.Archive] })
        {
            var report = await VerifyAsync(1, source);
            Assert.Equal(("tampered", "signature", 2), (report.GetProperty("verdict").GetString(), report.GetProperty("found_by").GetString(), report.GetProperty("first_index").GetInt32()));
            Assert.Contains("gave way with entry 2", report.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        await WriteEvidenceAsync("c1");
        var bundle = await VerifyAsync(1, home.File("c1.evidence"));
        Assert.Equal(("tampered", "signature", 2), (bundle.GetProperty("verdict").GetString(), bundle.GetProperty("found_by").GetString(), bundle.GetProperty("first_index").GetInt32()));
    }

    [Fact]
    public async Task A_policy_that_names_both_keys_refuses_the_first_one_after_its_time_too()
    {
        await RotatedTwiceAsync();
        Assert.Equal("valid", (await VerifyAsync(0, Keys())).GetProperty("verdict").GetString());
        await PublishAsync(retired: true);
        Assert.Equal("tampered", (await VerifyAsync(1, Keys())).GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task A_key_that_nothing_leads_to_is_unverifiable_and_never_tampered()
    {
        await RotatedTwiceAsync();
        await WriteEvidenceAsync("c1");
        // Without the entries that were read before, and with a bundle from which the rotations were taken, which then has another digest.
        var head = (await VerifyAsync(0)).GetProperty("head_hash").GetString();
        Assert.Equal("unverifiable", (await VerifyAsync(1, "--since", $"8:{head}")).GetProperty("verdict").GetString());
        var lines = (await File.ReadAllLinesAsync(home.File("c1.evidence"))).Where(l => !l.StartsWith("{\"rotation\"", StringComparison.Ordinal)).ToList();
        var text = string.Concat(lines[..^1].Select(l => l + "\n"));
        await File.WriteAllTextAsync(home.File("bare"), text + $"{{\"sha256\":\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))}\"}}\n");
        var bare = await VerifyAsync(1, home.File("bare"));
        Assert.Equal(("unverifiable", "signature"), (bare.GetProperty("verdict").GetString(), bare.GetProperty("found_by").GetString()));
        // Whose key is in force is named in the policy, and all is well.
        Assert.Equal("valid", (await VerifyAsync(0, [Keys()[0]], home.File("bare"))).GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task Going_on_from_an_earlier_report_an_archive_tells_of_the_rotations_before_it()
    {
        await RotatedTwiceAsync();
        await File.WriteAllTextAsync(home.File("report"), (await VerifyAsync(0)).GetRawText());
        await RecordAsync();
        await PublishAsync();

        var report = await VerifyAsync(0, "--since", home.File("report"), "--archive", Folder.Archive);
        Assert.Equal((1, 9), (report.GetProperty("entries").GetInt32(), report.GetProperty("checkpoint_size").GetInt32()));
    }

    [Fact]
    public async Task Any_byte_of_a_rotation_in_a_bundle_that_is_altered_is_found()
    {
        await RotatedTwiceAsync();
        await WriteEvidenceAsync("c1");
        var bundle = await File.ReadAllBytesAsync(home.File("c1.evidence"));
        var policy = new TrustPolicy { Origin = Keys()[0].Name, LogKeys = [First] };
        Assert.Equal(Verdict.Valid, Verify(bundle).Verdict);
        var (start, end) = (bundle.AsSpan().IndexOf("{\"rotation\""u8), bundle.AsSpan().IndexOf("{\"index\""u8));
        Assert.True(start > 0 && end > start);
        for (var at = start; at < end; at++)
        {
            bundle[at] ^= 1;
            var report = Verify(bundle);
            Assert.True(report.Verdict is Verdict.Tampered or Verdict.Incomplete, $"byte {at}: {report.Verdict}");
            bundle[at] ^= 1;
        }

        VerifyReport Verify(byte[] bytes)
        {
            using var verify = new VerifyEvidence(policy);
            verify.Push(bytes);
            return verify.Complete();
        }
    }

    [Fact]
    public async Task An_entry_whose_MAC_is_under_a_key_from_before_its_time_is_found()
    {
        await RecordAsync();
        await RecordAsync();
        (await Certfn.RunAsync(home.Path, "rotate", "hmac")).Exits(0);
        await RecordAsync();
        await PublishAsync();
        Assert.Equal("valid", (await VerifyAsync(0)).GetProperty("verdict").GetString());

        // Someone who has the new MAC key puts it on the entries from before it, which no key but the log's speaks against.
        var keys = ServiceKeys.LoadLedger(Folder)!;
        DrillDatabase.Forge(Folder.Database, $"UPDATE ledger_entries SET key_id = 'hmac-2', mac = x'{Convert.ToHexString(keys.Mac(HashOf(1)).AsSpan())}' WHERE idx = 1");
        var report = await VerifyAsync(1);
        Assert.Equal(("tampered", "mac", 1), (report.GetProperty("verdict").GetString(), report.GetProperty("found_by").GetString(), report.GetProperty("first_index").GetInt32()));
    }

    [SkippableFact]
    public async Task The_second_verifier_agrees_with_the_key_in_force()
    {
        Python.SkipWithout();
        await RotatedTwiceAsync();
        await WriteEvidenceAsync("c1");
        await File.WriteAllBytesAsync(home.File("newest"), (await ArchivedCheckpoints.LatestAsync(new FolderArchive(Folder.Archive), Ledger, default))!.Bytes.ToArray());
        var key = Keys()[0].ToString();

        Assert.NotEqual(First.ToString(), key);
        Assert.Equal("valid", (await Python.VerifyAsync(home.File("c1.evidence"))).Verdict);
        Assert.Equal("valid", (await Python.VerifyAsync(home.File("c1.evidence"), "--key", key)).Verdict);
        Assert.Equal("unverifiable", (await Python.VerifyAsync(home.File("c1.evidence"), "--key", First.ToString())).Verdict);
        Assert.Equal("valid", (await Python.VerifyAsync(Folder.Archive, "--org", "local", "--key", key)).Verdict);
        Assert.Equal("valid", (await Python.VerifyAsync(home.File("export"), "--org", "local", "--key", key, "--checkpoint", home.File("newest"))).Verdict);
    }

    public void Dispose() => home.Dispose();

    /// <summary>The key that was in force first, as the checkpoint of the first publication has it.</summary>
    VerifierKey First { get; set; } = null!;

    ServeOptions Options => new() { Data = Folder };

    /// <summary>Two events and a publication under each of three keys: entries 2 and 5 rotate.</summary>
    async Task RotatedTwiceAsync()
    {
        for (var key = 1; key <= 3; key++)
        {
            await RecordAsync();
            await RecordAsync();
            await PublishAsync();
            First ??= Keys()[0];
            if (key < 3)
                (await Certfn.RunAsync(home.Path, "rotate", "signing")).Exits(0);
        }

        await File.WriteAllTextAsync(home.File("export"), (await Certfn.RunAsync(home.Path, "export")).Exits(0).Out);
    }

    IReadOnlyList<VerifierKey> Keys() => ServiceKeys.LoadLog(Folder).Known(Folder.LogName(null).Origin(Ledger));

    Digest HashOf(long index)
    {
        using var reader = new Sqlite.SqliteLedgerReader(Folder.Database);
        return reader.Read(Ledger, index, 1)[0].Hash;
    }

    Task RecordAsync() => WithStoreAsync(async (store, keys) =>
    {
        await store.Events.AppendAsync([Make.Stamped("c1", $"e{++recorded}", Ledger)], default);
        await store.ChainAllAsync(new ExtendLedger(store.Ledger, keys.Ledger), default);
    });

    Task PublishAsync(bool retired = false) => WithStoreAsync(async (store, keys) =>
    {
        clock.Advance(TimeSpan.FromMinutes(1));
        var archive = new FolderArchive(Folder.Archive);
        Assert.IsType<PublishOutcome.Published>(await new PublishCheckpoints(store.Ledger, archive, Folder.LogName(null), keys.Log, clock).HandleAsync(Ledger, default));
        if (!retired)
            return;
        // No publisher of ours would: it is done by hand, a minute later.
        using var stolen = SigningKeys.Read(KeyFiles.Path(Folder, "signing", 1));
        var newest = (await ArchivedCheckpoints.LatestAsync(archive, Ledger, default))!.Checkpoint;
        var again = newest with { Time = newest.Time!.Value.AddMinutes(1) };
        await archive.PutAsync(
            ArchiveLayout.Checkpoint(Ledger, again.Size, again.Time.Value), new SignedNote(again.ToText(), [await stolen.Named(again.Origin).SignAsync(again.ToText(), default)]).ToBytes(), default);
    });

    Task WriteEvidenceAsync(string id) => WithStoreAsync(async (store, keys) =>
    {
        var archive = new FolderArchive(Folder.Archive);
        var write = new WriteEvidence(store.Events, store.Ledger, archive, new LatestCheckpoints(archive, TimeProvider.System), keys.Log);
        var plan = Assert.IsType<EvidencePlan.Ready>(await write.PlanAsync(new SubjectAddress(Ledger, Make.Project, Subject.Parse(Subject.Certificate, id)), default));
        await using var output = File.Create(home.File($"{id}.evidence"));
        await write.WriteAsync(plan, output, default);
    });

    async Task WithStoreAsync(Func<LocalStore, ServiceKeys, Task> action)
    {
        using var hold = Folder.Take();
        var keys = ServiceKeys.LoadOrCreate(Folder);
        await using var store = await LocalStore.OpenAsync(Options, keys, default);
        await action(store, keys);
    }

    Task<JsonElement> VerifyAsync(int code, params string[] arguments) => VerifyAsync(code, [First ?? Keys()[^1]], arguments);

    async Task<JsonElement> VerifyAsync(int code, IReadOnlyList<VerifierKey> pinned, params string[] arguments)
    {
        await File.WriteAllBytesAsync(home.File("policy"), new TrustPolicy { Origin = pinned[0].Name, LogKeys = pinned }.ToJson());
        return JsonSerializer.Deserialize<JsonElement>((await Certfn.RunAsync(home.Path, ["verify", "--json", "--trust", home.File("policy"), .. arguments])).Exits(code).Out);
    }

    static IEnumerable<string?> Guarantees(JsonElement report) => report.GetProperty("guarantees").EnumerateArray().Select(g => g.GetString());
}
