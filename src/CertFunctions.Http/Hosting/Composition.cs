using System.Security.Cryptography;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Paging;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Core.Telemetry;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Access;
using CertFunctions.Http.Certificates;
using CertFunctions.Http.Ingest;
using CertFunctions.Http.Ledger;
using CertFunctions.Http.Siem;
using CertFunctions.Http.Timeline;
using CertFunctions.Http.Timers;
using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.Http.Hosting;

/// <summary>How the service is put together, the same in both hosts; each is made once, when first asked for.</summary>
public static class Composition
{
    /// <summary>
    /// Adds every handler and endpoint. The host adds what they stand on: the stores, <see cref="ICredentials"/>, <see cref="LedgerKeys"/>,
    /// <see cref="CursorSeal"/>, <see cref="ExpiryPolicies"/>, <see cref="LogKeys"/>, <see cref="MergeDelay"/>, and an <see cref="ISink"/> for each destination.
    /// </summary>
    public static IServiceCollection AddHandlers(this IServiceCollection services, TimeProvider clock, LogName log) => services
        .AddSingleton(clock)
        .AddSingleton(_ => RandomNumberGenerator.Create())
        .AddSingleton<IngestEvents>().AddSingleton<TellOwnEvent>()
        .AddSingleton(s => new SignReceipts(log, s.GetRequiredService<LogKeys>(), s.GetRequiredService<MergeDelay>()))
        .AddSingleton<TimelineCursor>().AddSingleton<ReadTimeline>()
        .AddSingleton<CertificateCursor>().AddSingleton<ListCertificates>().AddSingleton<ReadCertificate>()
        .AddSingleton<ReplanExpiry>().AddSingleton<SweepExpiry>()
        .AddSingleton<ExtendLedger>().AddSingleton<LedgerHealth>()
        .AddSingleton<IReadOnlyList<ForwardLedger>>(s =>
            [.. s.GetServices<ISink>().Select(sink => new ForwardLedger(s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<IPositionStore>(), sink, clock))])
        .AddSingleton<ForwardLedgers>()
        .AddSingleton<Door>()
        .AddSingleton<PostEvents>().AddSingleton<GetTimeline>()
        .AddSingleton<GetCertificates>().AddSingleton<GetCertificate>()
        .AddSingleton<GetLedgerEntries>().AddSingleton<GetLedgerHealth>()
        .AddSingleton<GetSinks>().AddSingleton<GetTimers>().AddSingleton<RunJob>()
        .AddSingleton<Endpoints>().AddSingleton<Probes>();

    /// <summary>Adds the handlers, what of <paramref name="settings"/> they stand on, and a job for each timer.</summary>
    public static IServiceCollection AddCertFunctions(this IServiceCollection services, HostSettings settings) => services
        .AddHandlers(TimeProvider.System, settings.LogName)
        .AddSingleton<ICredentials>(settings.ApiKeys)
        .AddSingleton(settings.LedgerKeys)
        .AddSingleton(new CursorSeal(settings.CursorKey))
        .AddSingleton(settings.Expiry)
        .AddSingleton(_ => new LogKeys(new EcdsaLogKey(PrivateKey(settings.SigningKey)), settings.EarlierLogKeys))
        .AddSingleton(MergeDelay.Default)
        .AddJob(s => ActivatorUtilities.CreateInstance<ReconcileEvents>(s))
        .AddJob(s => s.GetRequiredService<ForwardLedgers>())
        .AddJob(s => ActivatorUtilities.CreateInstance<PublishCheckpoints>(s, settings.LogName))
        .AddJob(s => ActivatorUtilities.CreateInstance<WatchInclusion>(s))
        // What is new, each time. The whole is for an auditor's 'certfn verify': on a long ledger it takes longer than a platform lets a function run.
        .AddJob(s => ActivatorUtilities.CreateInstance<CheckLedger>(s, CheckScope.Tail, TimeSpan.FromMinutes(10)))
        .AddJob(s => ActivatorUtilities.CreateInstance<ExpirySweepJob>(s, settings.OperatorOrg, TimeSpan.FromHours(1), (Action<SweepReport>)Instruments.Swept));

    /// <summary>Adds the hub as a sink, where the settings name one; connected to when first asked for.</summary>
    public static IServiceCollection AddEventHub(this IServiceCollection services, EventHubSettings? hub, Func<EventHubSettings, IEventHub> connect) => hub is null ? services : services
        .AddSingleton(_ => connect(hub))
        // The sink's position hangs on its name.
        .AddSingleton<ISink>(s => new EventHubSink("event-hubs", s.GetRequiredService<IEventHub>(), hub.Envelope));

    /// <summary>Adds the archive of checkpoints and tiles; connected to when first asked for.</summary>
    public static IServiceCollection AddArchive(this IServiceCollection services, ArchiveSettings archive, Func<ArchiveSettings, IArchive> connect) => services.AddSingleton(_ => connect(archive));

    static IServiceCollection AddJob<T>(this IServiceCollection services, Func<IServiceProvider, T> make)
        where T : class, ITimedJob => services.AddSingleton<ITimedJob>(make);

    static ECDsa PrivateKey(ReadOnlyMemory<byte> pkcs8)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8.Span, out _);
        return key;
    }
}
