using CertFunctions.LocalHost.Data;
using CertFunctions.Sqlite;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

public sealed class KillTests
{
    const int Writers = 16, Events = 20_000, Kills = 50;

    [Fact]
    public async Task Killed_50_times_under_16_writers_the_service_loses_and_doubles_nothing()
    {
        using var folder = new TempFolder();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var data = new DataFolder(folder.File("data"));
        var keys = ServiceKeys.LoadOrCreate(data);
        using var server = new ServerProcess(data.Path);
        var spine = new SpineUnderKill(Writers, Events);
        var writing = spine.Write([server], keys.ApiKey, deadline.Token);

        await spine.KillAgainAndAgainAsync(server, 0, Kills, writing, deadline.Token);
        server.Start();
        await writing;
        await SpineUnderKill.UntilTheFileHoldsAsync(data, Events, server, deadline.Token);
        server.Kill();

        await using (var store = SqliteStore.Open(new SqliteOptions { Path = data.Database }))
            await spine.AssertWholeAsync(store.Events, store.Ledger);
        SpineUnderKill.AssertSiem(data, keys, Events);
        var (exitCode, output) = await ServerProcess.RunAsync("verify", "--data", data.Path);
        Assert.True(exitCode == 0, output);
        Assert.Contains("VALID", output, StringComparison.Ordinal);
    }
}
