using CertFunctions.Core.Outbound;
using CertFunctions.Core.Paging;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;
using CertFunctions.Core.Witness;
using CertFunctions.Http;
using CertFunctions.Http.Access;
using CertFunctions.Http.Hosting;
using CertFunctions.Http.Wire;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Rotate;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>
/// The whole pipeline in one process: the endpoints on Kestrel, the store, the pump from events to the ledger and the forwarder to each sink.
/// Disposing stops it in that order, so that what was accepted is written.
/// </summary>
sealed class LocalService : IAsyncDisposable
{
    readonly WebApplication app;
    readonly LocalStore store;
    readonly IDisposable hold;
    readonly DataFolder folder;

    LocalService(WebApplication app, LocalStore store, IDisposable hold, DataFolder folder) => (this.app, this.store, this.hold, this.folder) = (app, store, hold, folder);

    /// <summary>Where it listens.</summary>
    public Uri Url { get; private set; } = null!;

    public required string ApiKey { get; init; }

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task Stopping => app.WaitForShutdownAsync();

    public static async Task<LocalService> StartAsync(ServeOptions options, CancellationToken cancellationToken)
    {
        options.CheckUrl();
        var hold = options.Data.Take();
        LocalStore? store = null;
        try
        {
            var keys = ServiceKeys.LoadOrCreate(options.Data);
            store = await LocalStore.OpenAsync(options, keys, cancellationToken).ConfigureAwait(false);
            // Before anything signs: the log may say by now that another key does.
            keys = await RotateKey.FinishAsync(options, keys, store, cancellationToken).ConfigureAwait(false);
            if (await new KeysOnRecord(store.Positions).CheckAsync(keys.Log, keys.Ledger, cancellationToken).ConfigureAwait(false) is { } wrong)
                throw new MendableException($"{wrong}: copy the keys folder of the service that runs on this record, or bring a new key in with 'certfn rotate'.");
            var service = new LocalService(Build(options, keys, store), store, hold, options.Data) { ApiKey = keys.ApiKey };
            service.Url = await LocalWeb.ListenAsync(service.app, options.Url, ServeOptions.DefaultUrl, options.Data, cancellationToken).ConfigureAwait(false);
            return service;
        }
        catch
        {
            if (store is not null)
                await store.DisposeAsync().ConfigureAwait(false);
            hold.Dispose();
            throw;
        }
    }

    static WebApplication Build(ServeOptions options, ServiceKeys keys, LocalStore store)
    {
        var builder = LocalWeb.CreateBuilder(options.Url, RequestBody.MaxBytes, options.Quiet);
        var caller = new Caller("local", options.Org, Projects: null, Access.All);
        var sink = new FileSink(store.FileSinkName, options.Data.Siem);
        builder.Services
            .AddHandlers(options.Clock, options.Data.LogName(options.LogName))
            .AddSingleton<ICredentials>(new ApiKeys([new(ApiKeys.Hash(keys.ApiKey), caller)]))
            .AddSingleton(store.Events)
            .AddSingleton(store.Ledger)
            .AddSingleton(store.Positions)
            .AddSingleton(keys.Ledger)
            .AddSingleton(store.Certificates)
            .AddSingleton(store.Leases)
            .AddSingleton(options.Expiry)
            .AddSingleton(new CursorSeal(keys.Cursor))
            .AddSingleton(keys.Log)
            .AddSingleton(options.MergeDelay)
            .AddSingleton<ISink>(sink)
            .AddSingleton<IArchive>(new FolderArchive(options.Data.Archive))
            .AddSingleton<LedgerSignal>();
        store.AddPump(builder.Services);
        builder.Services.AddHostedService<SinkPumps>();
        AddTimers(builder.Services, options, store);
        AddWitnesses(builder.Services, options, store);

        var app = builder.Build();
        app.Services.GetRequiredService<Endpoints>().Map(app);
        app.Services.GetRequiredService<Probes>().Map(app);
        app.MapFallback((HttpContext http) => Problem.NotFound.ExecuteAsync(http));
        return app;
    }

    /// <summary>Every <see cref="ITimedJob"/> there is runs on its timer. The lease's holder is the folder: after a kill, its next start waits for no lease of its own.</summary>
    static void AddTimers(IServiceCollection services, ServeOptions options, LocalStore store)
    {
        services
            .AddJobs(options.Clock, options.Data.LogName(options.LogName), options.Org, options.SweepEvery, options.CheckEvery, store.PublishJobName, options.PublishEvery)
            .AddSingleton(s =>
            {
                var log = s.GetRequiredService<ILogger<RunTimers>>();
                return new RunTimers(s.GetRequiredService<RunJob>(), store.Leases, options.Clock, options.Cosmos is null ? "local" : options.Data.Instance(), notice => TimerLog.Tell(log, notice));
            })
            .AddHostedService<TimerPump>();
    }

    /// <summary>Each checkpoint goes to the witnesses that were named; over HTTP that calls no address it should not.</summary>
    static void AddWitnesses(IServiceCollection services, ServeOptions options, LocalStore store)
    {
        if (options.Witnesses.Count == 0)
            return;
        services
            .AddSingleton(_ => new HttpClient(OutboundHttp.Create()))
            .AddSingleton(s => new RequestCosignatures(store.Ledger, s.GetRequiredService<IArchive>(), [.. options.Witnesses.Select(w => new AskWitness(s.GetRequiredService<HttpClient>(), w))], options.Clock)
            {
                // As publishing is called: each folder has an archive of its own.
                Name = RequestCosignatures.JobName + store.PublishJobName[PublishCheckpoints.JobName.Length..],
                Health = s.GetRequiredService<LedgerHealth>(),
            })
            .AddJob<RequestCosignatures>();
    }

    public async ValueTask DisposeAsync()
    {
        // Requests first, pumps with them; then the store, which writes what it accepted; the folder is let go of last.
        await app.StopAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
        await store.DisposeAsync().ConfigureAwait(false);
        File.Delete(folder.Address);
        hold.Dispose();
    }
}
