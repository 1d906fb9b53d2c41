using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Paging;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Access;
using CertFunctions.Http.Hosting;
using CertFunctions.Http.Wire;
using CertFunctions.Sqlite;
using CertFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.Http.Tests.Support;

/// <summary>
/// The endpoints on a real Kestrel at a free loopback port, over a real SQLite file, composed as a host composes them. Chaining and forwarding
/// happen when a test asks for them.
/// </summary>
sealed class HttpService : IAsyncDisposable
{
    /// <summary>May do everything in org acme.</summary>
    public const string AcmeKey = "acme-everything";

    /// <summary>May do everything in org globex.</summary>
    public const string GlobexKey = "globex-everything";

    /// <summary>May do everything, in project web of org acme only.</summary>
    public const string WebOnlyKey = "acme-web";

    public static readonly LogName LogName = LogName.Parse("example.com/log");

    static readonly (string Key, Caller Caller)[] Callers =
    [
        (AcmeKey, new Caller("acme", Make.Org, null, Access.Access.All)),
        (GlobexKey, new Caller("globex", OrgId.Parse("globex"), null, Access.Access.All)),
        (WebOnlyKey, new Caller("web", Make.Org, new HashSet<string> { "web" }, Access.Access.All)),
        .. Enum.GetValues<Access.Access>().Select(a => (KeyFor(a), new Caller(a.ToString(), Make.Org, null, a))),
    ];

    /// <summary>What receipts are signed with.</summary>
    public static EcdsaLogKey LogKey { get; } = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    readonly TempFolder folder;
    readonly WebApplication app;
    readonly SqliteStore store;
    readonly PumpEvents pump;
    readonly HttpClient http = new();

    HttpService(TempFolder folder, WebApplication app, SqliteStore store, FaultLog log, ManualClock clock)
    {
        (this.folder, this.app, this.store, Log, Clock) = (folder, app, store, log, clock);
        pump = new PumpEvents(store.Feed, store.Positions, app.Services.GetRequiredService<ExtendLedger>());
        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        http.BaseAddress = Url;
    }

    public Uri Url { get; }

    public FaultLog Log { get; }

    public ManualClock Clock { get; }

    public Endpoints Endpoints => app.Services.GetRequiredService<Endpoints>();

    /// <summary>To the first sink, a file for each org.</summary>
    public ForwardLedger Forwarder => app.Services.GetRequiredService<IReadOnlyList<ForwardLedger>>()[0];

    public IArchive Archive => app.Services.GetRequiredService<IArchive>();

    public LogKeys LogKeys => app.Services.GetRequiredService<LogKeys>();

    public SqliteStore Store => store;

    /// <summary>As another process over the same store would have it.</summary>
    public LedgerHealth Health => new(store.Positions);

    /// <summary>The key of a caller in org acme who may do just that.</summary>
    public static string KeyFor(Access.Access access) => $"acme-{access}";

    public static async Task<HttpService> StartAsync(Func<SqliteOptions, SqliteOptions>? configure = null)
    {
        var folder = new TempFolder();
        var options = new SqliteOptions { Path = folder.File("certfn.db") };
        var store = SqliteStore.Open(configure is null ? options : configure(options));
        var (clock, log) = (ManualClock.Default, new FaultLog());

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = RequestBody.MaxBytes + 1);
        builder.Logging.ClearProviders().AddProvider(log);
        // What a handler stands on is there for each, asked for or not.
        builder.Host.UseDefaultServiceProvider(provider => provider.ValidateOnBuild = true);
        Compose(builder.Services, store, clock, folder);
        var app = builder.Build();
        app.Services.GetRequiredService<Endpoints>().Map(app);
        app.MapFallback(http => Problem.NotFound.ExecuteAsync(http));
        await app.StartAsync();
        return new HttpService(folder, app, store, log, clock);
    }

    /// <summary>The hosts' own composition, and what it leaves to the host.</summary>
    static void Compose(IServiceCollection services, SqliteStore store, ManualClock clock, TempFolder folder) => services
        .AddHandlers(clock, LogName)
        // Ids come again as a test runs again.
        .AddSingleton<RandomNumberGenerator>(new SeededRandom())
        .AddSingleton<ICredentials>(new ApiKeys(Callers.Select(c => KeyValuePair.Create(ApiKeys.Hash(c.Key), c.Caller))))
        .AddSingleton(store.Events)
        .AddSingleton(store.Certificates)
        .AddSingleton(store.Ledger)
        .AddSingleton(store.Positions)
        .AddSingleton(store.Leases)
        .AddSingleton(Make.Keys)
        .AddSingleton(new LogKeys(LogKey))
        .AddSingleton(new CursorSeal("a key for cursors, 32 bytes long"u8.ToArray()))
        .AddSingleton(ExpiryPolicies.Default)
        .AddSingleton(MergeDelay.Default)
        .AddSingleton<ISink>(new FileSink("file", folder.File("siem")))
        .AddSingleton<ISink, Taking>()
        .AddSingleton<IArchive>(new FolderArchive(folder.File("archive")))
        .AddSingleton(new LedgerHealth(store.Positions))
        .AddJob<Idle>();

    /// <summary>A sink that may be sent everything again, called siem; nothing forwards to it.</summary>
    sealed class Taking : ISink
    {
        public string Name => "siem";

        public Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) => Task.FromResult<SinkOutcome>(new SinkOutcome.Delivered());
    }

    /// <summary>A timed job that does nothing.</summary>
    sealed class Idle : ITimedJob
    {
        public string Name => "idle";

        public TimeSpan Every => TimeSpan.FromHours(1);

        public Task RunAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Posts to <c>/api/v1/projects/web…</c>.</summary>
    public Task<Answer> PostAsync(string body, string path = "/events", string? contentType = "application/json", string key = AcmeKey, string? traceparent = null) =>
        PostAsync(Encoding.UTF8.GetBytes(body), path, contentType, key, traceparent);

    public Task<Answer> PostAsync(byte[] body, string path = "/events", string? contentType = "application/json", string? key = AcmeKey, string? traceparent = null)
    {
        var content = new ByteArrayContent(body);
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/projects/web{path}") { Content = content };
        if (traceparent is not null)
            request.Headers.TryAddWithoutValidation("traceparent", traceparent);
        return SendAsync(request, key);
    }

    /// <summary>Gets a path below <c>/api/v1</c>.</summary>
    public Task<Answer> GetAsync(string path, string? key = AcmeKey) => SendAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1" + path), key);

    public Task<Answer> TimelineAsync(string subject, string query = "", string key = AcmeKey) =>
        GetAsync($"/projects/web/certificates/{Uri.EscapeDataString(subject)}/events{query}", key);

    public async Task<Answer> SendAsync(HttpRequestMessage request, string? key = AcmeKey)
    {
        using (request)
        {
            if (key is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return await Answer.ReadAsync(await http.SendAsync(request));
        }
    }

    /// <summary>Every event the store holds, in the order of its feed: read past the API.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> StoredAsync() => (await store.Feed.ReadFeedAsync(null, int.MaxValue, CancellationToken.None)).Events;

    public async Task NothingIsStoredAsync() => Assert.Empty(await StoredAsync());

    /// <summary>Chains what is stored, and forwards what is chained.</summary>
    public async Task SettleAsync()
    {
        while (await pump.StepAsync(CancellationToken.None) > 0)
        {
        }

        foreach (var ledger in await store.Ledger.ListAsync(CancellationToken.None))
        {
            while (await Forwarder.HandleAsync(ledger, CancellationToken.None) is ForwardOutcome.Sent)
            {
            }
        }
    }

    /// <summary>Chains what is stored and publishes it, a minute later.</summary>
    public async Task PublishAsync()
    {
        await SettleAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await new PublishCheckpoints(store.Ledger, Archive, LogName, LogKeys, Clock) { Health = Health }.RunAsync(CancellationToken.None);
    }

    /// <summary>What no archive does, and someone with access to its files may.</summary>
    public Task ReplaceInArchiveAsync(string name, byte[] bytes) => File.WriteAllBytesAsync(Path.Combine(folder.File("archive"), name), bytes);

    public string SiemFile(string org) => folder.File($"siem/{org}.jsonl");

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await store.DisposeAsync();
        folder.Dispose();
    }
}
