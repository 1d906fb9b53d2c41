using System.Security.Cryptography;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Evidence;
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
using Microsoft.Extensions.DependencyInjection.Extensions;

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
        .AddSingleton(s => new SignReceipts(log, s.GetRequiredService<LogKeys>(), s.GetRequiredService<MergeDelay>(), s.GetRequiredService<KeysOnRecord>(), clock))
        .AddSingleton<KeysOnRecord>()
        .AddSingleton<TimelineCursor>().AddSingleton<ReadTimeline>()
        .AddSingleton<CertificateCursor>().AddSingleton<ListCertificates>().AddSingleton<ReadCertificate>()
        .AddSingleton<ReplanExpiry>().AddSingleton<SweepExpiry>()
        .AddSingleton<ExtendLedger>()
        .AddSingleton<IReadOnlyList<ForwardLedger>>(s =>
            [.. s.GetServices<ISink>().Select(sink => new ForwardLedger(s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<IPositionStore>(), sink, clock))])
        .AddSingleton<ForwardLedgers>()
        .AddSingleton<Door>()
        .AddSingleton<PostEvents>()
        .AddSingleton<GetTimeline>()
        .AddSingleton<GetCertificates>()
        .AddSingleton<GetCertificate>()
        .AddSingleton<LatestCheckpoints>()
        .AddSingleton<GetProof>()
        .AddSingleton<WriteEvidence>()
        .AddSingleton<GetEvidence>()
        .AddSingleton<GetLedgerEntries>()
        .AddSingleton<GetLedgerHealth>()
        .AddSingleton<GetPublished>()
        .AddSingleton<GetSinks>()
        .AddSingleton<ReplaySink>().AddSingleton<ReplayOneSink>()
        .AddSingleton<RunJob>()
        .AddSingleton<GetTimers>()
        .AddSingleton<Endpoints>()
        .AddSingleton<Probes>();

    /// <summary>Adds the handlers, what of <paramref name="settings"/> they stand on, and a job for each timer.</summary>
    public static IServiceCollection AddCertFunctions(this IServiceCollection services, HostSettings settings) => services
        .AddHandlers(TimeProvider.System, settings.LogName)
        .AddSingleton<ICredentials>(settings.ApiKeys)
        .AddSingleton(settings.LedgerKeys)
        .AddSingleton(new CursorSeal(settings.CursorKey))
        .AddSingleton(settings.Expiry)
        .AddSingleton(_ => new LogKeys([.. settings.SigningKeys.Select(k => new EcdsaLogKey(PrivateKey(k)))], settings.EarlierLogKeys))
        .AddSingleton(MergeDelay.Default)
        .AddJob<ReconcileEvents>()
        .AddJob<ForwardLedgers>()
        .AddJobs(TimeProvider.System, settings.LogName, settings.OperatorOrg, sweepEvery: TimeSpan.FromHours(1), checkAllEvery: TimeSpan.FromDays(1));

    /// <summary>Adds the hub as a sink, where the settings name one; connected to when first asked for.</summary>
    public static IServiceCollection AddEventHub(this IServiceCollection services, EventHubSettings? hub, Func<EventHubSettings, IEventHub> connect) => hub is null ? services : services
        .AddSingleton(_ => connect(hub))
        // The sink's position hangs on its name.
        .AddSingleton<ISink>(s => new EventHubSink("event-hubs", s.GetRequiredService<IEventHub>(), hub.Envelope));

    /// <summary>Adds the archive of checkpoints and tiles; connected to when first asked for.</summary>
    public static IServiceCollection AddArchive(this IServiceCollection services, ArchiveSettings archive, Func<ArchiveSettings, IArchive> connect) => services.AddSingleton(_ => connect(archive));

    /// <summary>
    /// Adds what every host's timers run: the publishing of checkpoints, the watch over promised inclusions, the check of what was chained, that of all of it each
    /// <paramref name="checkAllEvery"/> and the sweep each <paramref name="sweepEvery"/> (neither where its period is zero), whose summary goes to <paramref name="operatorOrg"/>.
    /// <paramref name="publishing"/> is the name of the publishing job, one for each archive, and <paramref name="publishEvery"/> its pace.
    /// </summary>
    public static IServiceCollection AddJobs(
        this IServiceCollection services, TimeProvider clock, LogName log, OrgId operatorOrg, TimeSpan sweepEvery, TimeSpan checkAllEvery, string publishing = PublishCheckpoints.JobName, TimeSpan? publishEvery = null)
    {
        services
            .AddSingleton<BringInKeys>()
            // What each archive has is told apart as the jobs are.
            .AddSingleton(s => new LedgerHealth(s.GetRequiredService<IPositionStore>(), publishing[PublishCheckpoints.JobName.Length..]))
            .AddSingleton(s => new PublishCheckpoints(s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<IArchive>(), log, s.GetRequiredService<LogKeys>(), clock)
            {
                Name = publishing,
                Every = publishEvery ?? PublishCheckpoints.Longest,
                BringIn = s.GetRequiredService<BringInKeys>(),
                Health = s.GetRequiredService<LedgerHealth>(),
            })
            .AddJob<PublishCheckpoints>()
            .AddJob<WatchInclusion>()
            .AddSingleton(s => Check(s, clock, CheckScope.Tail, TimeSpan.FromSeconds(30)));
        if (checkAllEvery > TimeSpan.Zero)
            services.AddSingleton(s => Check(s, clock, CheckScope.Whole, checkAllEvery));
        if (sweepEvery > TimeSpan.Zero)
            services.AddSingleton<ITimedJob>(s => new ExpirySweepJob(
                s.GetRequiredService<ReplanExpiry>(), s.GetRequiredService<SweepExpiry>(), s.GetRequiredService<IEventStore>(), operatorOrg, sweepEvery, s.GetRequiredService<RandomNumberGenerator>(), Instruments.Swept));
        return services;
    }

    static ITimedJob Check(IServiceProvider s, TimeProvider clock, CheckScope scope, TimeSpan every) => new CheckLedger(
        s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<LedgerKeys>(), s.GetRequiredService<IPositionStore>(), s.GetRequiredService<TellOwnEvent>(), s.GetRequiredService<LedgerHealth>(), clock, scope, every);

    /// <summary>Adds a job for a host's timers to run by its name.</summary>
    public static IServiceCollection AddJob<T>(this IServiceCollection services)
        where T : class, ITimedJob
    {
        services.TryAddSingleton<T>();
        return services.AddSingleton<ITimedJob>(s => s.GetRequiredService<T>());
    }

    static ECDsa PrivateKey(ReadOnlyMemory<byte> pkcs8)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8.Span, out _);
        return key;
    }
}
