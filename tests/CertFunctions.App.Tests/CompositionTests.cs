using System.Text;
using System.Text.Json;
using CertFunctions.App.Tests.Support;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;
using CertFunctions.Cosmos;
using CertFunctions.Emulation;
using CertFunctions.Http;
using CertFunctions.Http.Hosting;
using CertFunctions.Testing;
using CertFunctions.Testing.Siem;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Cosmos;
using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.App.Tests;

/// <summary>The app as its program puts it together, over a real store, with its calls, feeds and timers driven as the platform drives them.</summary>
public sealed class CompositionTests : IAsyncLifetime
{
    readonly ScriptedHub hub = new();
    readonly TempFolder folder = new();
    string archive = "";
    CosmosEmulator emulator = null!;
    HostSettings settings = null!;
    ServiceProvider app = null!;

    public async Task InitializeAsync()
    {
        archive = folder.File("archive");
        emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Partitions = 2 });
        settings = Sample.Settings(("Cosmos", emulator.ConnectionString), ("EventHubs", "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS;UseDevelopmentEmulator=true;"));
        app = Compose(settings);
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await emulator.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task A_call_stores_an_event_its_feed_chains_it_and_the_ledgers_feed_sends_it_to_the_hub()
    {
        await StartAsync();

        Assert.Equal(201, (await PostAsync("e-1")).Status);
        Assert.Equal(200, (await PostAsync("e-1")).Status);
        await app.GetRequiredService<ChainFeed>().HandleAsync(await DocumentsAsync(CosmosLayout.Events), default);
        await app.GetRequiredService<ForwardFeed>().HandleAsync(await DocumentsAsync(CosmosLayout.Ledger), default);

        using var verify = new VerifyLines(settings.LedgerKeys);
        verify.Push(Encoding.UTF8.GetBytes(Assert.Single(hub.Lines("local")) + "\n"));
        Assert.Equal((Verdict.Valid, 1L), (verify.Complete(null).Verdict, verify.Entries));
        Assert.Contains("\"position\":1,\"lag\":0", (await CallAsync("GET", "api/v1/siem/sinks")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_both_feeds_lost_everything_the_timers_make_up_for_it()
    {
        await StartAsync();
        await PostAsync("e-1");
        await PostAsync("e-2");

        await app.GetRequiredService<RunJob>().HandleAsync("reconcile", default);
        await app.GetRequiredService<RunJob>().HandleAsync("forward", default);

        Assert.Equal([0, 1], hub.Indexes("local"));
    }

    [Fact]
    public async Task Every_timer_runs_over_a_service_in_use_and_is_remembered()
    {
        await StartAsync();
        await PostAsync("e-1");

        // What the others look at is chained first.
        foreach (var job in app.GetServices<ITimedJob>().OrderByDescending(j => j.Name == "reconcile"))
            await app.GetRequiredService<RunJob>().HandleAsync(job.Name, default);

        Assert.Equal([0], hub.Indexes("local").Take(1));
        Assert.Contains(Directory.GetFiles(archive, "*", SearchOption.AllDirectories), f => f.Contains("checkpoint", StringComparison.Ordinal));
        var timers = (await CallAsync("GET", "api/v1/timers")).Body;
        Assert.Equal(app.GetServices<ITimedJob>().Count(), timers.Split("\"outcome\":\"done\"").Length - 1);
        Assert.Contains("\"verdict\":\"valid\"", (await CallAsync("GET", "api/v1/ledger/health")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_elsewhere_makes_no_containers_and_says_what_to_run()
    {
        using var elsewhere = CosmosStore.Of(new CosmosSettings { Connection = settings.Cosmos, Database = settings.CosmosDatabase }, TimeProvider.System);

        var problem = await Assert.ThrowsAsync<CosmosStoreException>(() => elsewhere.CheckAsync(settings.LedgerKeys, app.GetRequiredService<LogKeys>(), default));

        Assert.Contains("run 'certfn provision'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_with_other_keys_than_the_record_was_written_under_is_refused()
    {
        await StartAsync();
        var others = new LedgerKeys("sample-1", new Dictionary<string, byte[]> { ["sample-1"] = new byte[32] });

        var problem = await Assert.ThrowsAsync<CosmosStoreException>(() => app.GetRequiredService<CosmosStore>().CheckAsync(others, app.GetRequiredService<LogKeys>(), default));

        Assert.Contains("another MAC key called 'sample-1'", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_probes_answer_without_a_credential_and_the_calls_do_not()
    {
        await StartAsync();

        Assert.Equal((200, "ok\n"), Pair(await ProbeAsync("healthz")));
        Assert.Equal((200, "ready\n"), Pair(await ProbeAsync("readyz")));
        Assert.Equal(401, (await CallAsync("GET", "api/v1/ledger/head", key: null)).Status);
    }

    static (int, string) Pair((int Status, string Body) answer) => (answer.Status, answer.Body);

    [Fact]
    public async Task Nothing_connects_before_it_is_asked_and_everything_is_made_once()
    {
        var connections = 0;
        await using var services = Program(Sample.Settings(("EventHubs", "Endpoint=sb://localhost;SharedAccessKey=SAS;"), ("Cosmos", "AccountEndpoint=http://127.0.0.1:1/;AccountKey=YQ==;")), _ =>
        {
            connections++;
            return hub;
        }).BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });

        services.GetRequiredService<Endpoints>();
        Assert.Same(services.GetRequiredService<ForwardFeed>(), services.GetRequiredService<ForwardFeed>());
        Assert.Equal(1, connections);
    }

    /// <summary>On an emulator, which begins empty, a start makes the database.</summary>
    async Task StartAsync()
    {
        Assert.True(settings.IsOnThisMachine);
        await app.GetRequiredService<CosmosStore>().CheckAsync(settings.LedgerKeys, app.GetRequiredService<LogKeys>(), default);
    }

    ServiceProvider Compose(HostSettings from) => Program(from, _ => hub).BuildServiceProvider();

    /// <summary>As <c>Program.cs</c> has it, line by line, but for the hub's and the archive's own clients.</summary>
    IServiceCollection Program(HostSettings settings, Func<EventHubSettings, IEventHub> connect) => new ServiceCollection()
        .AddLogging()
        .AddCertFunctions(settings)
        .AddCosmos(new CosmosSettings { Connection = settings.Cosmos, Database = settings.CosmosDatabase, Policies = settings.Expiry, ProvisionAtStart = settings.IsOnThisMachine })
        .AddArchive(settings.Archive, _ => new FolderArchive(archive))
        .AddEventHub(settings.EventHub, connect);

    [Fact]
    public void The_program_has_those_lines()
    {
        var program = AppSource.Files.Single(f => f.Name == "Program.cs").Text;

        Assert.Contains(".AddCertFunctions(settings)", program, StringComparison.Ordinal);
        Assert.Contains(".AddCosmos(new CosmosSettings { Connection = settings.Cosmos, Database = settings.CosmosDatabase, Policies = settings.Expiry, ProvisionAtStart = settings.IsOnThisMachine })", program, StringComparison.Ordinal);
        Assert.Contains(".AddArchive(settings.Archive, BlobContainer.Connect)", program, StringComparison.Ordinal);
        Assert.Contains(".AddEventHub(settings.EventHub, EventHub.Connect)", program, StringComparison.Ordinal);
        Assert.Contains("CheckAsync(settings.LedgerKeys, app.Services.GetRequiredService<LogKeys>(), CancellationToken.None);", program, StringComparison.Ordinal);
    }

    Task<(int Status, string Body)> PostAsync(string id) => CallAsync(
        "POST", "api/v1/projects/{project}/events",
        $$$"""{"id":"{{{id}}}","type":"cert.downloaded","subject":{"kind":"certificate","id":"c1"},"actor":{"type":"user","id":"u-1"},"data":{"format":"pem"}}""",
        values: ("project", "web"));

    async Task<(int Status, string Body)> CallAsync(string method, string route, string? body = null, string? key = "cfn_SAMPLE-do-not-deploy", params (string Name, string Value)[] values)
    {
        var http = Context(method, body);
        if (key is not null)
            http.Request.Headers.Authorization = $"Bearer {key}";
        foreach (var (name, value) in values)
            http.Request.RouteValues[name] = value;
        return await ExecuteAsync(http, await app.GetRequiredService<Endpoints>().HandleAsync(http.Request, route));
    }

    async Task<(int Status, string Body)> ProbeAsync(string route)
    {
        var http = Context("GET", null);
        return await ExecuteAsync(http, await app.GetRequiredService<Probes>().HandleAsync(http.Request, route));
    }

    DefaultHttpContext Context(string method, string? body)
    {
        var http = new DefaultHttpContext { RequestServices = app };
        http.Request.Method = method;
        http.Request.ContentType = "application/json";
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body ?? ""));
        http.Response.Body = new MemoryStream();
        return http;
    }

    static async Task<(int Status, string Body)> ExecuteAsync(HttpContext http, IResult result)
    {
        await result.ExecuteAsync(http);
        await http.Response.BodyWriter.FlushAsync();
        return (http.Response.StatusCode, Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray()));
    }

    /// <summary>What a feed of the database delivers.</summary>
    async Task<IReadOnlyList<JsonElement>> DocumentsAsync(string container)
    {
        using var client = new CosmosClient(emulator.ConnectionString, new CosmosClientOptions { ConnectionMode = ConnectionMode.Gateway, LimitToEndpoint = true, UseSystemTextJsonSerializerWithOptions = JsonSerializerOptions.Default });
        var all = new List<JsonElement>();
        using var pages = client.GetContainer(settings.CosmosDatabase, container).GetChangeFeedIterator<JsonElement>(ChangeFeedStartFrom.Beginning(), ChangeFeedMode.LatestVersion);
        while (await pages.ReadNextAsync() is { StatusCode: not System.Net.HttpStatusCode.NotModified } page)
            all.AddRange(page);
        return all;
    }
}
