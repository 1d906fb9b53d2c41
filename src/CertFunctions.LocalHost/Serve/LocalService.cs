using System.Net.Sockets;
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
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
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
            var service = new LocalService(Build(options, keys, store), store, hold, options.Data) { ApiKey = keys.ApiKey };
            await service.ListenAsync(options, cancellationToken).ConfigureAwait(false);
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
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Url);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // One byte more than is taken, so that the endpoint is the one to say 413, in the API's own words.
            kestrel.Limits.MaxRequestBodySize = RequestBody.MaxBytes + 1;
        });
        builder.Logging.ClearProviders();
        if (!options.Quiet)
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);

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

    async Task ListenAsync(ServeOptions options, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException or SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new MendableException($"{options.Url} is in use by another program: stop that one, or choose another address with --urls (port 0 takes a free one).", e);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or SocketException or UnauthorizedAccessException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new MendableException($"Cannot listen on {options.Url}: {e.Message} Choose an address such as {ServeOptions.DefaultUrl} with --urls.", e);
        }

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Url = new Uri(address);
        await File.WriteAllTextAsync(folder.Address, address + "\n", cancellationToken).ConfigureAwait(false);
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
