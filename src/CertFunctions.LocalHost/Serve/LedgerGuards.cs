using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Outbound;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;
using CertFunctions.Core.Witness;
using CertFunctions.LocalHost.Data;
using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.LocalHost.Serve;

/// <summary>What holds a service to its own record: receipts, the watch over them, the checks of the ledger, and the witnesses' cosignatures.</summary>
static class LedgerGuards
{
    /// <summary>From one check of what is new to the next.</summary>
    static readonly TimeSpan TailEvery = TimeSpan.FromSeconds(30);

    public static void Add(IServiceCollection services, ServeOptions options, ServiceKeys keys, LocalStore store)
    {
        services.AddSingleton<LedgerHealth>().AddSingleton<TellOwnEvent>().AddSingleton(new SignReceipts(options.Data.LogName(options.LogName), keys.Log, options.MergeDelay));
        services.AddSingleton<ITimedJob>(s => new WatchInclusion(store.Feed, store.Ledger, store.Positions, s.GetRequiredService<TellOwnEvent>(), options.MergeDelay, s.GetRequiredService<LedgerHealth>(), options.Clock));
        services.AddSingleton<ITimedJob>(s => Check(s, CheckScope.Tail, TailEvery));
        services.AddSingleton<ITimedJob>(s => Check(s, CheckScope.Whole, options.CheckEvery));
        if (options.Witnesses.Count > 0)
        {
            services.AddSingleton(_ => new HttpClient(OutboundHttp.Create()));
            services.AddSingleton<ITimedJob>(s => new RequestCosignatures(store.Ledger, s.GetRequiredService<IArchive>(),
                [.. options.Witnesses.Select(w => new AskWitness(s.GetRequiredService<HttpClient>(), w))], options.Clock)
            {
                // As publishing is called: each folder has an archive of its own.
                Name = RequestCosignatures.JobName + store.PublishJobName[PublishCheckpoints.JobName.Length..],
            });
        }
    }

    static CheckLedger Check(IServiceProvider services, CheckScope scope, TimeSpan every) => new(
        services.GetRequiredService<ILedgerStore>(),
        services.GetRequiredService<LedgerKeys>(),
        services.GetRequiredService<IPositionStore>(),
        services.GetRequiredService<TellOwnEvent>(),
        services.GetRequiredService<LedgerHealth>(),
        services.GetRequiredService<TimeProvider>(),
        scope,
        every);
}
