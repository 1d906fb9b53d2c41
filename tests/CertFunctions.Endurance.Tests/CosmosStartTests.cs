using CertFunctions.Cosmos;
using CertFunctions.Emulation;
using CertFunctions.LocalHost.Data;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

/// <summary>What stops the start on Cosmos: each with one message that says how to mend it, and never with the account's key.</summary>
[Collection(nameof(CosmosProcesses))]
public sealed class CosmosStartTests : IAsyncLifetime
{
    readonly TempFolder folder = new();
    CosmosEmulator emulator = null!;

    public async Task InitializeAsync() => emulator = await CosmosEmulator.StartAsync(new CosmosEmulatorOptions { Partitions = 4 });

    public async Task DisposeAsync()
    {
        await emulator.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Provisioning_again_changes_nothing()
    {
        var first = await ServerProcess.RunAsync("provision", "--cosmos", emulator.ConnectionString);
        var again = await ServerProcess.RunAsync("provision", "--cosmos", emulator.ConnectionString);

        Assert.True(first.ExitCode == 0, first.Output);
        Assert.True(again.ExitCode == 0, again.Output);
        Assert.Equal(5, first.Output.Split('\n').Count(line => line.TrimEnd().EndsWith(": created", StringComparison.Ordinal)));
        Assert.Equal(5, again.Output.Split('\n').Count(line => line.TrimEnd().EndsWith(": there", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_wrong_key()
    {
        var wrong = Convert.ToBase64String(new byte[64]);
        await AssertStopsAsync(3, "check AccountKey", $"AccountEndpoint={emulator.Endpoint};AccountKey={wrong};");
    }

    [Fact]
    public async Task A_missing_database() => await AssertStopsAsync(3, "certfn provision", emulator.ConnectionString);

    [Fact]
    public async Task A_missing_emulator()
    {
        using var nobody = new CosmosEmulatorProcess();
        await AssertStopsAsync(3, "dotnet run --project tests/CertFunctions.CosmosEmulator", nobody.Connection);
    }

    [Fact]
    public async Task Other_MAC_keys_than_the_database_was_written_under()
    {
        var settings = new CosmosSettings { Connection = emulator.ConnectionString };
        await CosmosProvisioning.ProvisionAsync(settings, default);
        using (var store = await CosmosStore.OpenAsync(settings, TimeProvider.System, default))
            await store.CheckKeysAsync(ServiceKeys.LoadOrCreate(new DataFolder(folder.File("first"))).Ledger, default);

        await AssertStopsAsync(3, "copy the keys folder", emulator.ConnectionString);
    }

    [Fact]
    public async Task An_account_without_the_store_that_uses_it()
    {
        var (exitCode, output) = await ServerProcess.RunAsync("serve", "--urls", "http://127.0.0.1:0", "--data", folder.File("data"), "--cosmos", emulator.ConnectionString);
        CosmosProcesses.AssertOneMessage(2, "--store cosmos", exitCode, output);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("AccountKey={0};")]
    [InlineData("AccountEndpoint=;AccountKey={0};")]
    [InlineData("AccountEndpoint=nowhere;AccountKey={0};")]
    [InlineData("AccountEndpoint=http://127.0.0.1:1/;AccountKey=;")]
    [InlineData("AccountEndpoint=http://127.0.0.1:1/;AccountKey=!{0};")]
    [InlineData("AccountEndpoint=http://127.0.0.1:99999/;AccountKey={0};")]
    [InlineData("AccountEndpoint=http://127.0.0.1:1/ AccountKey={0}")]
    [InlineData("AccountKey={0}")]
    [InlineData("{0}")]
    public async Task A_connection_that_is_none(string connection) =>
        await AssertStopsAsync(3, "AccountEndpoint=https", connection.Replace("{0}", CosmosEmulatorOptions.WellKnownKey, StringComparison.Ordinal));

    [Theory]
    [InlineData("http://127.0.0.1:1/?{0}")]
    [InlineData("AccountEndpoint=http://127.0.0.1:1/?{0};AccountKey={0};")]
    [InlineData("AccountEndpoint=http://me:{0}@127.0.0.1:1/;AccountKey={0};")]
    [InlineData("AccountEndpoint=http://me:secret@127.0.0.1:1/{0};AccountKey={0};")]
    public async Task A_key_in_a_place_of_its_own(string connection) =>
        await AssertStopsAsync(3, "Cosmos", connection.Replace("{0}", CosmosEmulatorOptions.WellKnownKey, StringComparison.Ordinal));

    async Task AssertStopsAsync(int code, string says, string connection)
    {
        var (exitCode, output) = await ServerProcess.RunAsync("serve", "--urls", "http://127.0.0.1:0", "--data", folder.File("data"), "--store", "cosmos", "--cosmos", connection);
        CosmosProcesses.AssertOneMessage(code, says, exitCode, output);
        Assert.DoesNotContain("Listening", output, StringComparison.Ordinal);
    }
}
