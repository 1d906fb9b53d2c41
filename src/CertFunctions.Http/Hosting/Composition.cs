using System.Security.Cryptography;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Timers;
using CertFunctions.Http.Access;
using CertFunctions.Http.Ingest;
using CertFunctions.Http.Ledger;
using CertFunctions.Http.Siem;
using CertFunctions.Http.Timeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CertFunctions.Http.Hosting;

/// <summary>How the service is put together, the same in both hosts; each is made once, when first asked for.</summary>
public static class Composition
{
    /// <summary>
    /// Adds every handler and endpoint. The host adds what they stand on: the stores, <see cref="ICredentials"/>, <see cref="LedgerKeys"/>,
    /// <see cref="TimelineCursor"/>, and an <see cref="ISink"/> for each destination.
    /// </summary>
    public static IServiceCollection AddHandlers(this IServiceCollection services, TimeProvider clock) => services
        .AddSingleton(clock)
        .AddSingleton(_ => RandomNumberGenerator.Create())
        .AddSingleton<IngestEvents>()
        .AddSingleton<ReadTimeline>()
        .AddSingleton<ExtendLedger>()
        .AddSingleton<IReadOnlyList<ForwardLedger>>(s =>
            [.. s.GetServices<ISink>().Select(sink => new ForwardLedger(s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<IPositionStore>(), sink, clock))])
        .AddSingleton<ForwardLedgers>()
        .AddSingleton<Door>()
        .AddSingleton<PostEvents>()
        .AddSingleton<GetTimeline>()
        .AddSingleton<GetLedgerEntries>()
        .AddSingleton<GetSinks>()
        .AddSingleton<Endpoints>()
        .AddSingleton<Probes>();

    /// <summary>Adds the handlers, and what of <paramref name="settings"/> they stand on.</summary>
    public static IServiceCollection AddCertFunctions(this IServiceCollection services, HostSettings settings) => services
        .AddHandlers(TimeProvider.System)
        .AddSingleton(settings)
        .AddSingleton<ICredentials>(settings.ApiKeys)
        .AddSingleton(settings.LedgerKeys)
        .AddSingleton(new TimelineCursor(settings.CursorKey))
        .AddJob<ReconcileEvents>()
        .AddJob<ForwardLedgers>()
        .AddSingleton<RunJob>();

    /// <summary>Adds the hub as a sink, where the settings name one; connected to when first asked for.</summary>
    public static IServiceCollection AddEventHub(this IServiceCollection services, EventHubSettings? hub, Func<EventHubSettings, IEventHub> connect) => hub is null ? services : services
        .AddSingleton(_ => connect(hub))
        // The sink's position hangs on its name.
        .AddSingleton<ISink>(s => new EventHubSink("event-hubs", s.GetRequiredService<IEventHub>(), hub.Envelope));

    /// <summary>Adds a job for a host's timers to run by its name.</summary>
    public static IServiceCollection AddJob<T>(this IServiceCollection services)
        where T : class, ITimedJob
    {
        services.TryAddSingleton<T>();
        return services.AddSingleton<ITimedJob>(s => s.GetRequiredService<T>());
    }
}
