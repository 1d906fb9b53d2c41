using System.Security.Cryptography;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
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
    /// <see cref="CursorSeal"/>, <see cref="ExpiryPolicies"/>, <see cref="LogKeys"/>, <see cref="MergeDelay"/>, the <see cref="IArchive"/>, and an <see cref="ISink"/> for each destination.
    /// </summary>
    public static IServiceCollection AddHandlers(this IServiceCollection services, TimeProvider clock, LogName log) => services
        .AddSingleton(clock)
        .AddSingleton(_ => RandomNumberGenerator.Create())
        .AddSingleton<TimelineCursor>()
        .AddSingleton<CertificateCursor>()
        .AddSingleton<IngestEvents>()
        .AddSingleton(s => new SignReceipts(log, s.GetRequiredService<LogKeys>(), s.GetRequiredService<MergeDelay>()))
        .AddSingleton<ReadTimeline>()
        .AddSingleton<ListCertificates>()
        .AddSingleton<ReadCertificate>()
        .AddSingleton<ReplanExpiry>()
        .AddSingleton<SweepExpiry>()
        .AddSingleton<ExtendLedger>()
        .AddSingleton<IReadOnlyList<ForwardLedger>>(s =>
            [.. s.GetServices<ISink>().Select(sink => new ForwardLedger(s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<IPositionStore>(), sink, clock))])
        .AddSingleton<ForwardLedgers>()
        .AddSingleton<Door>()
        .AddSingleton<PostEvents>()
        .AddSingleton<GetTimeline>()
        .AddSingleton<GetCertificates>()
        .AddSingleton<GetCertificate>()
        .AddSingleton<GetLedgerEntries>()
        .AddSingleton<GetLedgerHealth>()
        .AddSingleton<LatestCheckpoints>()
        .AddSingleton<GetPublished>()
        .AddSingleton<GetProof>()
        .AddSingleton<GetSinks>()
        .AddSingleton<GetTimers>()
        .AddSingleton<RunJob>()
        .AddSingleton<LedgerHealth>()
        .AddSingleton<TellOwnEvent>()
        .AddSingleton<Endpoints>()
        .AddSingleton<Probes>();

    /// <summary>Adds the handlers, and what of <paramref name="settings"/> they stand on.</summary>
    public static IServiceCollection AddCertFunctions(this IServiceCollection services, HostSettings settings) => services
        .AddHandlers(TimeProvider.System, settings.LogName)
        .AddSingleton<ICredentials>(settings.ApiKeys)
        .AddSingleton(settings.LedgerKeys)
        .AddSingleton(new CursorSeal(settings.CursorKey))
        .AddSingleton(settings.Expiry)
        .AddSingleton(_ => new LogKeys(SigningKey(settings), settings.EarlierLogKeys))
        .AddSingleton(MergeDelay.Default)
        // The whole of a ledger is for an auditor's 'certfn verify': on a long one it takes longer than a platform lets a function run.
        .AddJobs(TimeProvider.System, settings.LogName, settings.OperatorOrg, TimeSpan.FromHours(1), checkAllEvery: TimeSpan.Zero)
        .AddJob<ReconcileEvents>()
        .AddJob<ForwardLedgers>();

    static EcdsaLogKey SigningKey(HostSettings settings)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(settings.SigningKey.Span, out _);
        return new EcdsaLogKey(key);
    }

    /// <summary>Adds the hub as a sink, where the settings name one; connected to when first asked for.</summary>
    public static IServiceCollection AddEventHub(this IServiceCollection services, EventHubSettings? hub, Func<EventHubSettings, IEventHub> connect) => hub is null ? services : services
        .AddSingleton(_ => connect(hub))
        // The sink's position hangs on its name.
        .AddSingleton<ISink>(s => new EventHubSink("event-hubs", s.GetRequiredService<IEventHub>(), hub.Envelope));

    /// <summary>Adds the archive of checkpoints and tiles; connected to when first asked for.</summary>
    public static IServiceCollection AddArchive(this IServiceCollection services, ArchiveSettings archive, Func<ArchiveSettings, IArchive> connect) => services.AddSingleton(_ => connect(archive));

    /// <summary>
    /// Adds what a host's timers run: the sweep, which leaves its summary in <paramref name="operatorOrg"/>, the publishing of checkpoints, the watch over promised
    /// inclusions, and the checks of our own ledgers. A period of zero leaves the sweep, or the check of everything, out. <paramref name="publishing"/> is the name
    /// of the publishing job, one for each archive.
    /// </summary>
    public static IServiceCollection AddJobs(
        this IServiceCollection services, TimeProvider clock, LogName log, OrgId operatorOrg, TimeSpan sweepEvery, TimeSpan checkAllEvery, string publishing = PublishCheckpoints.JobName)
    {
        if (sweepEvery > TimeSpan.Zero)
            services.AddSingleton<ITimedJob>(s => Sweep(s, operatorOrg, sweepEvery));
        if (checkAllEvery > TimeSpan.Zero)
            services.AddSingleton(s => Check(s, clock, CheckScope.Whole, checkAllEvery));
        return services
            .AddSingleton(s => new PublishCheckpoints(s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<IArchive>(), log, s.GetRequiredService<LogKeys>(), clock) { Name = publishing })
            .AddJob<PublishCheckpoints>()
            .AddJob<WatchInclusion>()
            .AddSingleton(s => Check(s, clock, CheckScope.Tail, TimeSpan.FromSeconds(10)));
    }

    static ExpirySweepJob Sweep(IServiceProvider s, OrgId operatorOrg, TimeSpan every) => new(
        s.GetRequiredService<ReplanExpiry>(), s.GetRequiredService<SweepExpiry>(), s.GetRequiredService<IEventStore>(), operatorOrg, every, s.GetRequiredService<RandomNumberGenerator>(), Measure);

    static ITimedJob Check(IServiceProvider s, TimeProvider clock, CheckScope scope, TimeSpan every) => new CheckLedger(
        s.GetRequiredService<ILedgerStore>(), s.GetRequiredService<LedgerKeys>(), s.GetRequiredService<IPositionStore>(), s.GetRequiredService<TellOwnEvent>(), s.GetRequiredService<LedgerHealth>(), clock, scope, every);

    static void Measure(SweepReport report)
    {
        foreach (var (type, count) in report.Announced)
            Instruments.Announced.Add(count, Instruments.Label("type", type));
    }

    /// <summary>Adds a job for a host's timers to run by its name.</summary>
    public static IServiceCollection AddJob<T>(this IServiceCollection services)
        where T : class, ITimedJob
    {
        services.TryAddSingleton<T>();
        return services.AddSingleton<ITimedJob>(s => s.GetRequiredService<T>());
    }
}
