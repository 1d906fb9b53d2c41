using Azure.Identity;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The stores on one Cosmos DB database. One client per process; opening it checks that the account answers and the containers are as
/// <see cref="CosmosLayout"/> says, and tells how to mend what is not.
/// </summary>
public sealed class CosmosStore : IDisposable
{
    readonly CosmosClient client;
    readonly CosmosSettings settings;
    readonly CosmosState state;

    CosmosStore(CosmosClient client, CosmosSettings settings, TimeProvider clock)
    {
        (this.client, this.settings) = (client, settings);
        var database = client.GetDatabase(settings.Database);
        Database = database;
        var heads = new CertificateHeads(database.GetContainer(CosmosLayout.Events), settings.Policies);
        Events = new CosmosEventStore(database.GetContainer(CosmosLayout.Events), heads);
        Certificates = new CosmosCertificateStore(database.GetContainer(CosmosLayout.Events), heads);
        var state = new CosmosState(database.GetContainer(CosmosLayout.State), clock);
        Positions = state;
        Leases = new CosmosLeases(database.GetContainer(CosmosLayout.State), clock);
        Quarantine = state;
        Feed = new CosmosEventFeed(database.GetContainer(CosmosLayout.Events), state);
        this.state = state;
        Ledger = new CosmosLedgerStore(database.GetContainer(CosmosLayout.Ledger), database.GetContainer(CosmosLayout.Events), state, clock);
    }

    public IEventStore Events { get; }

    /// <summary>The change feed, for a reader that keeps its own position.</summary>
    public IEventFeed Feed { get; }

    /// <summary>The certificates' heads, kept with the events.</summary>
    public ICertificateStore Certificates { get; }

    public ILedgerStore Ledger { get; }

    public IPositionStore Positions { get; }

    public ILeases Leases { get; }

    /// <summary>Where documents go that cannot be chained.</summary>
    public IQuarantine Quarantine { get; }

    internal Database Database { get; }

    /// <summary>The stores on a database that nothing is asked of yet. <see cref="CosmosStoreException"/> where the settings cannot be read.</summary>
    public static CosmosStore Of(CosmosSettings settings, TimeProvider clock) => new(Connect(settings), settings, clock);

    /// <summary>Opens a provisioned database. <see cref="CosmosStoreException"/> says why it cannot be used and how to mend it.</summary>
    public static async Task<CosmosStore> OpenAsync(CosmosSettings settings, TimeProvider clock, CancellationToken cancellationToken)
    {
        var store = Of(settings, clock);
        try
        {
            await CosmosProvisioning.CheckAsync(store.Database, settings, cancellationToken).ConfigureAwait(false);
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What a host asks before it starts: the account answers, the containers are as they must be, and the keys are those the record was written under.
    /// <see cref="CosmosStoreException"/> says what is not so.
    /// </summary>
    public async Task CheckAsync(LedgerKeys keys, LogKeys log, CancellationToken cancellationToken)
    {
        if (settings.ProvisionAtStart)
            await CosmosProvisioning.ProvisionAsync(settings, cancellationToken).ConfigureAwait(false);
        await CosmosProvisioning.CheckAsync(Database, settings, cancellationToken).ConfigureAwait(false);
        await CheckKeysAsync(keys, cancellationToken).ConfigureAwait(false);
        if (await new KeysOnRecord(Positions).CheckAsync(log, keys, cancellationToken).ConfigureAwait(false) is { } wrong)
            throw new CosmosStoreException(wrong);
    }

    /// <summary>
    /// Holds the MAC keys at hand against those this database was written with, and notes those it has not seen. Services that share a database must share
    /// the keys; one that comes with others would write entries that verify for nobody else.
    /// </summary>
    public async Task CheckKeysAsync(LedgerKeys keys, CancellationToken cancellationToken)
    {
        foreach (var (id, check) in keys.Checks())
        {
            if (await state.KeyCheckAsync(id, check, cancellationToken).ConfigureAwait(false) != check)
                throw new CosmosStoreException($"The ledger in {Database.Id} was written under another MAC key called '{id}': copy the keys folder of the service that wrote it");
        }
    }

    internal static CosmosClient Connect(CosmosSettings settings)
    {
        var options = new CosmosClientOptions
        {
            ApplicationName = "CertFunctions",
            Serializer = new CosmosDocumentText(),
            EnableContentResponseOnWrite = false,
            // Throttling is waited out here for a while, and then told to whoever asked.
            MaxRetryAttemptsOnRateLimitedRequests = 9,
            MaxRetryWaitTimeOnRateLimitedRequests = TimeSpan.FromSeconds(10),
        };
        // An account speaks TLS and lets clients reach its partitions; an emulator on plain http is a gateway and nothing else.
        if (settings.Connection.Contains("http://", StringComparison.OrdinalIgnoreCase))
        {
            options.ConnectionMode = ConnectionMode.Gateway;
            options.LimitToEndpoint = true;
        }

        try
        {
            return settings.Connection.Contains("AccountKey=", StringComparison.OrdinalIgnoreCase)
                ? new CosmosClient(settings.Connection, options)
                : new CosmosClient(settings.Connection, new DefaultAzureCredential(), options);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or UriFormatException)
        {
            throw new CosmosStoreException("The Cosmos DB connection cannot be read: write AccountEndpoint=https://…/;AccountKey=…; or the account's endpoint alone to enter with an Entra identity", e);
        }
    }

    public void Dispose() => client.Dispose();
}
