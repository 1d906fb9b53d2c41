using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Data;
using CertFunctions.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.LocalHost.Serve;

/// <summary>The store a local service runs on: its ports, and what carries its change feed to the ledger.</summary>
abstract class LocalStore : IAsyncDisposable
{
    public abstract IEventStore Events { get; }

    public abstract ILedgerStore Ledger { get; }

    public abstract IPositionStore Positions { get; }

    public abstract ICertificateStore Certificates { get; }

    public abstract ILeases Leases { get; }

    /// <summary>
    /// What the file sink's position is kept under. A database of this folder's own has one file; a shared one has as many as there are services, each
    /// with the whole ledger.
    /// </summary>
    public abstract string FileSinkName { get; }

    /// <summary>What the publishing job is called. Each folder has an archive of its own, so services that share a database must each publish.</summary>
    public virtual string PublishJobName => PublishCheckpoints.JobName;

    public abstract void AddPump(IServiceCollection services);

    /// <summary>Chains whatever is recorded by now, without a service around it.</summary>
    public abstract Task ChainAllAsync(ExtendLedger ledger, CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>Opens the store of these options. <see cref="MendableException"/> says why it cannot be used.</summary>
    public static async Task<LocalStore> OpenAsync(ServeOptions options, ServiceKeys keys, CancellationToken cancellationToken)
    {
        try
        {
            if (options.Cosmos is not { } cosmos)
                return new SqliteLocalStore(SqliteStore.Open(new SqliteOptions { Path = options.Data.Database, Durability = options.Durability, MaxBytes = options.MaxBytes, Policies = options.Expiry, Clock = options.Clock }));
            var store = await CosmosStore.OpenAsync(cosmos with { Policies = options.Expiry }, options.Clock, cancellationToken).ConfigureAwait(false);
            try
            {
                await store.CheckKeysAsync(keys.Ledger, cancellationToken).ConfigureAwait(false);
                return new CosmosLocalStore(store, options.Data.Instance());
            }
            catch
            {
                store.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is SqliteStoreException or CosmosStoreException)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }
}

sealed class SqliteLocalStore(SqliteStore store) : LocalStore
{
    public override IEventStore Events => store.Events;

    public override ILedgerStore Ledger => store.Ledger;

    public override IPositionStore Positions => store.Positions;

    public override ICertificateStore Certificates => store.Certificates;

    public override ILeases Leases => store.Leases;

    public override string FileSinkName => "file";

    public override async Task ChainAllAsync(ExtendLedger ledger, CancellationToken cancellationToken)
    {
        var pump = new PumpEvents(store.Feed, store.Positions, ledger);
        while (await pump.StepAsync(cancellationToken).ConfigureAwait(false) > 0)
        {
        }
    }

    public override void AddPump(IServiceCollection services) => services.AddSingleton(store.Feed).AddSingleton<PumpEvents>().AddHostedService<LedgerPump>();

    public override ValueTask DisposeAsync() => store.DisposeAsync();
}

sealed class CosmosLocalStore(CosmosStore store, string instance) : LocalStore
{
    public override IEventStore Events => store.Events;

    public override ILedgerStore Ledger => store.Ledger;

    public override IPositionStore Positions => store.Positions;

    public override ICertificateStore Certificates => store.Certificates;

    public override ILeases Leases => store.Leases;

    public override string FileSinkName => $"file-{instance}";

    public override Task ChainAllAsync(ExtendLedger ledger, CancellationToken cancellationToken) => new ReconcileEvents(store.Feed, store.Positions, ledger).HandleAsync(cancellationToken);

    public override string PublishJobName => $"{PublishCheckpoints.JobName}-{instance}";

    public override void AddPump(IServiceCollection services) =>
        services.AddSingleton(store).AddSingleton(store.Quarantine).AddSingleton<ChainFeed>().AddSingleton(store.Feed).AddSingleton<ReconcileEvents>()
            .AddHostedService(s => ActivatorUtilities.CreateInstance<CosmosPump>(s, instance)).AddHostedService<ReconcilePump>();

    public override ValueTask DisposeAsync()
    {
        store.Dispose();
        return ValueTask.CompletedTask;
    }
}
