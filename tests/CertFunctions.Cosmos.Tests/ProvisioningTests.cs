using System.Net;
using System.Net.Sockets;
using CertFunctions.Core.Ledger;
using CertFunctions.Emulation;
using CertFunctions.Testing;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos.Tests;

/// <summary>A start finds what is wrong, says it in one message with the way to mend it and without the key, and provisioning mends what can be mended.</summary>
public sealed class ProvisioningTests : IAsyncLifetime
{
    CosmosUnderTest store = null!;

    public async Task InitializeAsync() => store = await CosmosUnderTest.OpenAsync(1);

    public async Task DisposeAsync() => await store.DisposeAsync();

    [Fact]
    public async Task Provisioning_again_changes_nothing()
    {
        var before = await EtagsAsync();

        var done = await CosmosProvisioning.ProvisionAsync(store.Settings, default);

        Assert.All(done, line => Assert.EndsWith(": there", line, StringComparison.Ordinal));
        Assert.Equal(before, await EtagsAsync());
        await WorksAsync();
    }

    [Fact]
    public async Task Two_that_provision_at_once_both_succeed()
    {
        var settings = store.Settings with { Database = "new" };

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => CosmosProvisioning.ProvisionAsync(settings, default))));

        using var opened = await CosmosStore.OpenAsync(settings, TimeProvider.System, default);
    }

    [Fact]
    public async Task A_port_where_nothing_answers_is_unreachable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var message = await RefusedAsync(store.Settings with { Connection = $"AccountEndpoint=http://127.0.0.1:{port}/;AccountKey={store.Emulator.Key};" });

        Assert.Contains($"127.0.0.1:{port}", message, StringComparison.Ordinal);
        Assert.Contains($"start it with 'dotnet run --project tests/CertFunctions.CosmosEmulator -- --port {port}'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_is_told_from_everything_else()
    {
        var wrong = Convert.ToBase64String(new byte[64]);

        var message = await RefusedAsync(store.Settings with { Connection = store.Settings.Connection.Replace(store.Emulator.Key, wrong, StringComparison.Ordinal) });

        Assert.Contains("check AccountKey", message, StringComparison.Ordinal);
        Assert.DoesNotContain(wrong, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("AccountKey=abc;")]
    [InlineData("AccountEndpoint=http://127.0.0.1:1/;AccountKey=not base64!;")]
    public async Task A_connection_that_cannot_be_read_is_refused(string connection)
    {
        var message = await RefusedAsync(store.Settings with { Connection = connection });

        Assert.Contains("AccountEndpoint=", message, StringComparison.Ordinal);
        Assert.DoesNotContain("not base64!", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_database_is_provisioned()
    {
        var settings = store.Settings with { Database = "elsewhere" };

        var message = await RefusedAsync(settings);

        Assert.Contains("elsewhere", message, StringComparison.Ordinal);
        Assert.Contains("certfn provision", message, StringComparison.Ordinal);
        await CosmosProvisioning.ProvisionAsync(settings, default);
        using var opened = await CosmosStore.OpenAsync(settings, TimeProvider.System, default);
    }

    [Theory]
    [InlineData(CosmosLayout.Events)]
    [InlineData(CosmosLayout.Ledger)]
    [InlineData(CosmosLayout.State)]
    [InlineData(CosmosLayout.Leases)]
    public async Task A_missing_container_is_named_and_provisioned(string container)
    {
        await store.Inner.Database.GetContainer(container).DeleteContainerAsync();

        var message = await RefusedAsync(store.Settings);

        Assert.Contains(container, message, StringComparison.Ordinal);
        Assert.Contains("certfn provision", message, StringComparison.Ordinal);
        Assert.Contains($"container {container}: created", await CosmosProvisioning.ProvisionAsync(store.Settings, default));
        await store.ReopenAsync();
        await WorksAsync();
    }

    [Theory]
    [InlineData(CosmosLayout.Events)]
    [InlineData(CosmosLayout.Ledger)]
    [InlineData(CosmosLayout.State)]
    [InlineData(CosmosLayout.Leases)]
    public async Task A_wrong_partition_key_cannot_be_mended_and_is_said_so(string container)
    {
        await ReplacedByAsync(new ContainerProperties(container, "/wrong"));

        var message = await RefusedAsync(store.Settings);

        Assert.Contains(container, message, StringComparison.Ordinal);
        Assert.Contains("/wrong", message, StringComparison.Ordinal);
        Assert.Contains("name another database", message, StringComparison.Ordinal);
        Assert.Equal(message, (await Assert.ThrowsAsync<CosmosStoreException>(() => CosmosProvisioning.ProvisionAsync(store.Settings, default))).Message);
    }

    [Theory]
    [InlineData(CosmosLayout.Ledger, null)]
    [InlineData(CosmosLayout.Ledger, "/index")]
    [InlineData(CosmosLayout.Events, "/type")]
    public async Task Wrong_unique_keys_cannot_be_mended_and_are_said_so(string container, string? unique)
    {
        var wanted = CosmosLayout.Containers.Single(c => c.Id == container);
        wanted.UniqueKeyPolicy = unique is null ? new UniqueKeyPolicy() : new UniqueKeyPolicy { UniqueKeys = { new UniqueKey { Paths = { unique } } } };
        await ReplacedByAsync(wanted);

        var message = await RefusedAsync(store.Settings);

        Assert.Contains("unique keys", message, StringComparison.Ordinal);
        Assert.Contains("name another database", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CosmosLayout.Events, "/seq/?")]
    [InlineData(CosmosLayout.Events, "/type/?")]
    [InlineData(CosmosLayout.Events, "/at/?")]
    [InlineData(CosmosLayout.Ledger, "/index/?")]
    [InlineData(CosmosLayout.Ledger, "/event/?")]
    public async Task An_index_policy_that_leaves_out_a_path_is_mended(string container, string path)
    {
        await ChangeAsync(container, c => c.IndexingPolicy.IncludedPaths.Remove(c.IndexingPolicy.IncludedPaths.Single(p => p.Path == path)));
        Assert.Contains(path, await RefusedAsync(store.Settings), StringComparison.Ordinal);
        await MendedAsync(container);
    }

    [Fact]
    public async Task An_index_policy_that_takes_everything_but_a_path_is_mended()
    {
        await ChangeAsync(CosmosLayout.Events, c =>
        {
            c.IndexingPolicy = new IndexingPolicy { IncludedPaths = { new IncludedPath { Path = "/*" } }, ExcludedPaths = { new ExcludedPath { Path = "/seq/?" } } };
        });
        Assert.Contains("/seq/?", await RefusedAsync(store.Settings), StringComparison.Ordinal);
        await MendedAsync(CosmosLayout.Events);
    }

    [Theory]
    [InlineData(CosmosLayout.Events)]
    [InlineData(CosmosLayout.Ledger)]
    [InlineData(CosmosLayout.State)]
    public async Task Documents_of_record_that_would_expire_are_mended(string container)
    {
        await ChangeAsync(container, c => c.DefaultTimeToLive = 3600);
        Assert.Contains("3600", await RefusedAsync(store.Settings), StringComparison.Ordinal);
        await MendedAsync(container);
    }

    [Fact]
    public async Task Leases_that_never_expire_are_mended()
    {
        await ChangeAsync(CosmosLayout.Leases, c => c.DefaultTimeToLive = null);
        Assert.Contains("certfn provision", await RefusedAsync(store.Settings), StringComparison.Ordinal);
        await MendedAsync(CosmosLayout.Leases);
    }

    [Fact]
    public async Task An_account_that_throttles_for_good_is_said_to()
    {
        using var rule = store.Emulator.Faults.Fail(FaultPlan.Always, 429, retryAfter: TimeSpan.FromMilliseconds(1));

        Assert.Contains("throttling", await RefusedAsync(store.Settings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_mac_keys_under_the_same_id_are_refused()
    {
        await store.Inner.CheckKeysAsync(Make.Keys, default);
        await store.Inner.CheckKeysAsync(Make.Keys, default);
        var others = new LedgerKeys("k1", new Dictionary<string, byte[]> { ["k1"] = new byte[32] });

        var refused = await Assert.ThrowsAsync<CosmosStoreException>(() => store.Inner.CheckKeysAsync(others, default));

        Assert.Contains("'k1'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("copy the keys folder", refused.Message, StringComparison.Ordinal);
        await store.Inner.CheckKeysAsync(new LedgerKeys("k2", new Dictionary<string, byte[]> { ["k2"] = new byte[32] }), default);
    }

    /// <summary>One message, in one line, that does not hold the key.</summary>
    async Task<string> RefusedAsync(CosmosSettings settings)
    {
        var refused = await Assert.ThrowsAsync<CosmosStoreException>(() => CosmosStore.OpenAsync(settings, TimeProvider.System, default));
        Assert.DoesNotContain(store.Emulator.Key, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey=C2", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        return refused.Message;
    }

    async Task MendedAsync(string container)
    {
        Assert.Contains($"container {container}: brought up to date", await CosmosProvisioning.ProvisionAsync(store.Settings, default));
        await store.ReopenAsync();
        await WorksAsync();
    }

    /// <summary>The pipeline runs on it.</summary>
    async Task WorksAsync() => await Whole.AssertOnceChainedAsync(store, await Whole.SubmitAsync(store.Events, Whole.Stamped(3, "c1", "e")));

    async Task ChangeAsync(string container, Action<ContainerProperties> change)
    {
        var target = store.Inner.Database.GetContainer(container);
        var properties = (await target.ReadContainerAsync()).Resource;
        change(properties);
        await target.ReplaceContainerAsync(properties);
    }

    async Task ReplacedByAsync(ContainerProperties properties)
    {
        await store.Inner.Database.GetContainer(properties.Id).DeleteContainerAsync();
        await store.Inner.Database.CreateContainerAsync(properties);
    }

    async Task<IReadOnlyList<string>> EtagsAsync()
    {
        var etags = new List<string>();
        foreach (var container in CosmosLayout.Containers)
            etags.Add((await store.Inner.Database.GetContainer(container.Id).ReadContainerAsync()).ETag);
        return etags;
    }
}
