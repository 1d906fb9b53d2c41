using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;
using CertFunctions.Cosmos;
using CertFunctions.Emulation;
using CertFunctions.Http;
using CertFunctions.Http.Hosting;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Tests;

/// <summary>
/// R35 for the app as it is deployed: its keys are lists in its settings, and one more at the end comes into force by an entry of the log. The app is put together as
/// its program does it, over Cosmos DB's emulator; who checks it has <c>certfn</c> and the first key.
/// </summary>
public sealed class DeployedRotationTests : IAsyncLifetime
{
    const string ApiKey = "cfn_SAMPLE-do-not-deploy";

    static readonly OrgId Ledger = OrgId.Parse("local");

    readonly TempFolder home = new();
    readonly List<WebApplication> apps = [];
    readonly string[] signing = [.. Enumerable.Range(0, 3).Select(_ => NewSigningKey())];
    readonly string[] macs = [.. Enumerable.Range(0, 2).Select(_ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)))];
    CosmosEmulator emulator = null!;

    public async Task InitializeAsync()
    {
        emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions());
        Directory.CreateDirectory(home.File("data"));
    }

    public async Task DisposeAsync()
    {
        foreach (var app in apps)
            await app.DisposeAsync();
        await emulator.DisposeAsync();
        home.Dispose();
    }

    [Fact]
    public async Task Both_keys_rotate_by_the_settings_and_who_pins_the_first_verifies_all_of_it()
    {
        var before = await StartAsync(signing[..1], macs[..1]);
        var first = Verifier(before);
        await PostAsync(before, "e-1", receipt: true);
        await TimersAsync(before);

        var after = await StartAsync(signing[..2], macs);
        await PostAsync(after, "e-2", receipt: true);
        for (var minute = 0; minute < 4; minute++)
            await TimersAsync(after);
        await PostAsync(after, "e-3", receipt: true);
        await TimersAsync(after);
        Assert.NotEqual(first, Verifier(after));

        // The one that still runs with what was in force before says why it publishes nothing.
        var refused = await Assert.ThrowsAsync<AggregateException>(() => before.Services.GetRequiredService<PublishCheckpoints>().RunAsync(default));
        Assert.Contains("not signed by a key of this log, as far as this service knows them", refused.Message, StringComparison.Ordinal);

        Assert.Equal(["cert.downloaded", "cert.downloaded", "ledger.key_rotated", "ledger.key_rotated", "cert.downloaded"], (await EntriesAsync(after)).Select(Type));
        Assert.Equal(["hmac-1", "hmac-1", "hmac-1", "hmac-1", "hmac-2"], (await EntriesAsync(after)).Select(e => e.KeyId));
        var report = await VerifyAsync(after, first);
        Assert.Equal(("valid", Verifier(after).ToString(), 5), (report.GetProperty("verdict").GetString(), report.GetProperty("log_key").GetString(), report.GetProperty("checkpoint_size").GetInt32()));
        var archived = JsonDocument.Parse((await Certfn.RunAsync(home.Path, "verify", home.File("archive"), "--trust", home.File("policy"), "--json")).Exits(0).Out).RootElement;
        Assert.Equal(Verifier(after).ToString(), archived.GetProperty("log_key").GetString());

        // Receipts of before, of meanwhile and of after.
        foreach (var id in new[] { "e-1", "e-2", "e-3" })
            Assert.Equal("kept", await ReceiptAsync(after, id, first, exit: 0));
    }

    [Fact]
    public async Task A_receipt_under_a_key_that_never_came_into_force_is_unverifiable()
    {
        var app = await StartAsync(signing[..1], macs[..1]);
        await PostAsync(app, "e-1", receipt: true);
        await TimersAsync(app);
        var note = await File.ReadAllTextAsync(home.File("e-1"));
        var text = Encoding.UTF8.GetBytes(JsonDocument.Parse(note).RootElement.GetProperty("receipt").GetString()!.Split("\n\n")[0] + "\n");
        using var stranger = Key(signing[2]);
        await File.WriteAllBytesAsync(home.File("forged"), new SignedNote(text, [await stranger.Named(Verifier(app).Name).SignAsync(text, default)]).ToBytes());

        Assert.Equal("kept", await ReceiptAsync(app, "e-1", Verifier(app), exit: 0));
        Assert.Equal("unverifiable", await ReceiptAsync(app, "forged", Verifier(app), exit: 1));
    }

    [Fact]
    public async Task A_start_with_keys_that_cannot_be_right_is_refused_before_anything_is_signed()
    {
        var app = await StartAsync(signing[..1], macs[..1]);
        await PostAsync(app, "e-1");
        await TimersAsync(app);

        await RefusedAsync([signing[1]], macs[..1], "it comes with");
        var after = await StartAsync(signing[..2], macs[..1]);
        await PostAsync(after, "e-2");
        for (var minute = 0; minute < 3; minute++)
            await TimersAsync(after);

        await RefusedAsync(signing[..1], macs[..1], "gave way: the log is signed with");
        await RefusedAsync([signing[1], signing[0]], macs[..1], "none comes back");
        await RefusedAsync([signing[0], signing[2]], macs[..1], "it comes with");
        await RefusedAsync(signing[..2], [macs[1]], "another MAC key called 'hmac-1'");
        // The first key's private half may go once it gave way.
        await StartAsync([Verifier(app).ToString(), signing[1]], macs[..1]);
    }

    static string NewSigningKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    static EcdsaLogKey Key(string setting)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(setting), out _);
        return new EcdsaLogKey(key);
    }

    async Task RefusedAsync(string[] signing, string[] macs, string says) =>
        Assert.Contains(says, (await Assert.ThrowsAsync<CosmosStoreException>(() => StartAsync(signing, macs))).Message, StringComparison.Ordinal);

    /// <summary>A start of the app with these keys in its settings, as its program does it; its calls are served where a socket is free.</summary>
    async Task<WebApplication> StartAsync(string[] signing, string[] macs)
    {
        var settings = HostSettings.Read(Configuration(signing, macs));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services
            .AddCertFunctions(settings)
            .AddCosmos(new CosmosSettings { Connection = settings.Cosmos, Database = settings.CosmosDatabase, Policies = settings.Expiry, ProvisionAtStart = settings.IsOnThisMachine })
            .AddArchive(settings.Archive, _ => new FolderArchive(home.File("archive")));
        var app = builder.Build();
        apps.Add(app);
        await app.Services.GetRequiredService<CosmosStore>().CheckAsync(settings.LedgerKeys, app.Services.GetRequiredService<LogKeys>(), default);
        app.Services.GetRequiredService<Endpoints>().Map(app);
        await app.StartAsync();
        return app;
    }

    IConfiguration Configuration(string[] signing, string[] macs)
    {
        using var sample = JsonDocument.Parse(File.ReadAllText(Repository.File("local.settings.sample.json")));
        var values = sample.RootElement.GetProperty("Values").EnumerateObject().ToDictionary(v => v.Name.Replace("__", ":", StringComparison.Ordinal), v => v.Value.GetString());
        values["Cosmos"] = emulator.ConnectionString;
        foreach (var (i, key) in signing.Index())
            values[$"SigningKeys:{i}:Key"] = key;
        foreach (var (i, key) in macs.Index())
            (values[$"HmacKeys:{i}:Id"], values[$"HmacKeys:{i}:Key"], values["HmacKeyId"]) = ($"hmac-{i + 1}", key, $"hmac-{i + 1}");
        return new ConfigurationBuilder().AddInMemoryCollection(values).Build();
    }

    static VerifierKey Verifier(WebApplication app) => app.Services.GetRequiredService<LogKeys>().Signer($"localhost/certfunctions/{Ledger}").Verifier;

    async Task PostAsync(WebApplication app, string id, bool receipt = false)
    {
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiKey);
        using var body = new StringContent(Make.Json("c1", id: id), Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri($"/api/v1/projects/web/events?receipt={(receipt ? "true" : "false")}", UriKind.Relative), body);
        Assert.Equal(201, (int)answer.StatusCode);
        await File.WriteAllTextAsync(home.File(id), await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What a minute's timers do.</summary>
    static async Task TimersAsync(WebApplication app)
    {
        foreach (var job in new[] { "reconcile", PublishCheckpoints.JobName })
            await app.Services.GetRequiredService<RunJob>().HandleAsync(job, default);
    }

    static Task<IReadOnlyList<ChainedEvent>> EntriesAsync(WebApplication app) => app.Services.GetRequiredService<ILedgerStore>().ReadAsync(Ledger, 0, 100, default);

    static string Type(ChainedEvent entry) => LeafHeader.TryRead(entry.Event.Leaf.Span, out var header) ? header.Type : "";

    async Task<JsonElement> VerifyAsync(WebApplication app, VerifierKey pinned)
    {
        await File.WriteAllBytesAsync(home.File("policy"), new TrustPolicy { Origin = pinned.Name, Ledger = Ledger, LogKeys = [pinned] }.ToJson());
        DataFolderWith(macs);
        return JsonDocument.Parse((await Certfn.RunWithAsync(home.Path, "CERTFN_API_KEY", ApiKey, "verify", app.Urls.Single(), "--trust", home.File("policy"), "--json")).Exits(0).Out).RootElement;
    }

    async Task<string?> ReceiptAsync(WebApplication app, string file, VerifierKey pinned, int exit)
    {
        var ended = await Certfn.RunWithAsync(home.Path, "CERTFN_API_KEY", ApiKey, "receipt", home.File(file), "--in", app.Urls.Single(), "--key", pinned.ToString(), "--json");
        return JsonDocument.Parse(ended.Exits(exit).Out).RootElement.GetProperty("verdict").GetString();
    }

    /// <summary>An auditor's folder: the MAC keys, as docs/deploy.md says.</summary>
    void DataFolderWith(string[] keys)
    {
        Directory.CreateDirectory(home.File("data/keys"));
        foreach (var (i, key) in keys.Index())
        {
            File.WriteAllText(home.File($"data/keys/hmac-{i + 1}.key"), key);
            Mode.Set(home.File($"data/keys/hmac-{i + 1}.key"), "600");
        }
    }
}
