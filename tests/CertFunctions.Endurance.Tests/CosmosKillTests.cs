using System.Diagnostics;
using System.Globalization;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Data;
using CertFunctions.Testing;
using Xunit.Abstractions;

namespace CertFunctions.Endurance.Tests;

[Collection(nameof(CosmosProcesses))]
public sealed class CosmosKillTests(ITestOutputHelper output)
{
    const int Writers = 16, Events = 20_000, KillsOfEach = 25;

    [Fact]
    public async Task Two_services_on_one_database_killed_25_times_each_under_16_writers_lose_and_double_nothing()
    {
        var started = Stopwatch.GetTimestamp();
        using var folder = new TempFolder();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        using var emulator = await CosmosEmulatorProcess.StartNewAsync("--partitions", "4");
        var settings = new CosmosSettings { Connection = emulator.Connection };
        await CosmosProvisioning.ProvisionAsync(settings, default);
        DataFolder[] data = [new(folder.File("first")), new(folder.File("second"))];
        var keys = CosmosProcesses.ShareKeys(data[0], data[1]);
        using var first = CosmosProcesses.NewServer(data[0], emulator);
        using var second = CosmosProcesses.NewServer(data[1], emulator);
        var spine = new SpineUnderKill(Writers, Events);
        var writing = spine.Write([first, second], keys.ApiKey, deadline.Token);

        await Task.WhenAll(
            Task.Run(() => spine.KillAgainAndAgainAsync(first, 0, KillsOfEach, writing, deadline.Token)),
            Task.Run(() => spine.KillAgainAndAgainAsync(second, 1, KillsOfEach, writing, deadline.Token)));
        Tell("50 kills");
        first.Start();
        second.Start();
        await writing;
        Tell("all acknowledged");
        await SpineUnderKill.UntilTheFileHoldsAsync(data[0], Events, first, deadline.Token);
        await SpineUnderKill.UntilTheFileHoldsAsync(data[1], Events, second, deadline.Token);
        Tell("all forwarded, twice");
        await AssertVerifiesAsync(first.Url.ToString(), data[0]);
        first.Kill();
        second.Kill();

        using (var store = await CosmosStore.OpenAsync(settings, TimeProvider.System, default))
            await spine.AssertWholeAsync(store.Events, store.Ledger);
        foreach (var each in data)
        {
            SpineUnderKill.AssertSiem(each, keys, Events);
            await AssertVerifiesAsync(SpineUnderKill.SiemFile(each), each);
        }

        Tell("all of it verified");

        void Tell(string what) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s: {what}"));
    }

    static async Task AssertVerifiesAsync(string source, DataFolder data)
    {
        var (exitCode, output) = await ServerProcess.RunAsync("verify", source, "--data", data.Path);
        Assert.True(exitCode == 0, output);
        Assert.Contains("VALID", output, StringComparison.Ordinal);
        Assert.Contains($"{Events:N0}", output, StringComparison.Ordinal);
    }
}
