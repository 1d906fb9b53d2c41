using System.Net;
using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Snapshots;
using CertFunctions.Emulation.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CertFunctions.Emulation;

/// <summary>
/// A Cosmos DB for NoSQL account on a loopback port, speaking the gateway protocol to the unmodified SDK
/// (<c>ConnectionMode.Gateway</c>). What it does not emulate stands in its README, and is refused with 501.
/// </summary>
public sealed class CosmosEmulator : IAsyncDisposable
{
    readonly WebApplication host;
    readonly Account account;
    readonly SnapshotStore? snapshots;
    readonly Lock splitting = new();
    int stopped;

    CosmosEmulator(WebApplication host, Account account, SnapshotStore? snapshots, string key, FaultPlan faults, RequestCounters counters)
    {
        this.host = host;
        this.account = account;
        this.snapshots = snapshots;
        Key = key;
        Faults = faults;
        Counters = counters;
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Endpoint = new Uri(address + "/");
    }

    /// <summary>Where it listens.</summary>
    public Uri Endpoint { get; }

    /// <summary>The account key.</summary>
    public string Key { get; }

    /// <summary>What to give to a <c>CosmosClient</c> in gateway mode.</summary>
    public string ConnectionString => $"AccountEndpoint={Endpoint};AccountKey={Key};";

    /// <summary>The faults in force.</summary>
    public FaultPlan Faults { get; }

    /// <summary>What has been asked so far.</summary>
    public RequestCounters Counters { get; }

    /// <summary>Starts an emulator; it accepts connections when this returns.</summary>
    /// <exception cref="IOException">The port is taken, or the snapshot cannot be read.</exception>
    public static async Task<CosmosEmulator> StartAsync(CosmosEmulatorOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new CosmosEmulatorOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Partitions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Partitions, 64);

        var snapshots = options.SnapshotFile is { } file ? new SnapshotStore(file) : null;
        var account = new Account(options.Partitions, options.Clock, (IJournal?)snapshots ?? new NoJournal());
        WebApplication? host = null;
        var faults = new FaultPlan();
        var counters = new RequestCounters();
        var gateway = new Gateway(account, new Signature(options.Key), faults, counters, new ThroughputLimit(options.RequestUnitsPerSecond, options.Clock));
        try
        {
            snapshots?.Open(account);
            host = Build(options.Port, gateway);
            await host.StartAsync(cancellationToken);
        }
        catch
        {
            snapshots?.Dispose();
            if (host is not null) await host.DisposeAsync();
            throw;
        }

        return new CosmosEmulator(host, account, snapshots, options.Key, faults, counters);
    }

    /// <summary>
    /// Splits one physical partition in two at the middle of its hash space, as the service does when one grows too big:
    /// requests that name the old range get 410/1002 until the client has read the new ones.
    /// </summary>
    /// <param name="database">The database's name.</param>
    /// <param name="container">The container's name.</param>
    /// <param name="partitionKeyRangeId">The range; ranges are numbered from "0".</param>
    /// <returns>The ids of the two new ranges.</returns>
    public (string Left, string Right) Split(string database, string container, string partitionKeyRangeId = "0")
    {
        // One at a time, so that the journal has them in the order that numbered the new ranges.
        lock (splitting)
        {
            var found = account.Container(database, container);
            var (parent, left, right) = found.Split(partitionKeyRangeId);
            account.Journal.RangeSplit(found, parent, left, right);
            return (left.Id, right.Id);
        }
    }

    /// <summary>How many documents each physical partition of a container holds, by range id.</summary>
    public IReadOnlyDictionary<string, int> DocumentsByRange(string database, string container)
    {
        var counts = new Dictionary<string, int>();
        foreach (var partition in account.Container(database, container).Partitions)
            lock (partition.Gate)
            {
                partition.DropExpired(account.Now);
                counts[partition.Id] = partition.Count;
            }

        return counts;
    }

    /// <summary>Completes when the process is told to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => host.WaitForShutdownAsync(cancellationToken);

    /// <summary>Stops listening, and saves the snapshot if there is one.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref stopped, 1) != 0) return;
        Faults.Clear();
        using (var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
            await host.StopAsync(soon.Token);
        await host.DisposeAsync();
        snapshots?.Save(account);
        snapshots?.Dispose();
    }

    static WebApplication Build(int port, Gateway gateway)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            // The limits are the service's own: a batch or document that is too large gets its 413 from us.
            kestrel.Limits.MaxRequestBodySize = 16 * 1024 * 1024;
        });
        var host = builder.Build();
        host.Run(gateway.HandleAsync);
        return host;
    }
}
