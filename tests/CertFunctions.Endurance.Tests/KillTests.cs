using System.Diagnostics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.Sqlite;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

public sealed class KillTests
{
    const int Writers = 16, Events = 20_000, Kills = 50, Subjects = 200;

    static readonly ProjectId Project = ProjectId.Parse("web");
    static readonly OrgId Org = OrgId.Parse("local");

    [Fact]
    public async Task Killed_50_times_under_16_writers_the_service_loses_and_doubles_nothing()
    {
        using var folder = new TempFolder();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        var data = new DataFolder(folder.File("data"));
        var keys = ServiceKeys.LoadOrCreate(data);
        using var server = new ServerProcess(data.Path);
        var writers = Enumerable.Range(0, Writers).Select(n => new PersistentWriter(server.Url, keys.ApiKey, n, Events / Writers, Subjects)).ToList();
        var writing = Task.WhenAll(writers.Select(w => Task.Run(() => w.RunAsync(deadline.Token))));

        await KillAgainAndAgainAsync(server, writers, writing, deadline.Token);
        server.Start();
        await writing;
        await UntilTheFileHoldsAsync(Path.Combine(data.Siem, "local.jsonl"), Events, deadline.Token);
        server.Kill();

        await AssertWholeAsync(data, keys, [.. writers.SelectMany(w => w.Acknowledged)]);
        var (exitCode, output) = await ServerProcess.RunAsync("verify", "--data", data.Path);
        Assert.True(exitCode == 0, output);
        Assert.Contains("VALID", output, StringComparison.Ordinal);
    }

    /// <summary>Kills at no particular moment: now while it starts, now after some hundred answers, now in the middle of a burst.</summary>
    static async Task KillAgainAndAgainAsync(ServerProcess server, List<PersistentWriter> writers, Task writing, CancellationToken cancellationToken)
    {
        var random = new Random(20);
        for (var kill = 0; kill < Kills; kill++)
        {
            var answered = Answered();
            var enough = answered + random.Next(20, 2 * Events / Kills / 3);
            var early = kill % 6 == 5 ? TimeSpan.FromMilliseconds(random.Next(50, 900)) : TimeSpan.FromSeconds(60);
            server.Start();
            var started = Stopwatch.GetTimestamp();
            while (Answered() < enough && Stopwatch.GetElapsedTime(started) < early)
                await Task.Delay(1, cancellationToken);
            server.Kill();
            Assert.False(writing.IsCompleted, $"the writers were done after {kill} kills: {writing.Exception}");
        }

        int Answered() => writers.Sum(w => w.Acknowledged.Count);
    }

    static async Task UntilTheFileHoldsAsync(string path, int lines, CancellationToken cancellationToken)
    {
        while (!File.Exists(path) || Lines(path) < lines)
            await Task.Delay(50, cancellationToken);
    }

    static int Lines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var text = new StreamReader(file);
        var lines = 0;
        while (text.ReadLine() is not null)
            lines++;
        return lines;
    }

    static async Task AssertWholeAsync(DataFolder data, ServiceKeys keys, List<KeyValuePair<(string Id, string Subject), long>> acknowledged)
    {
        Assert.Equal(Events, acknowledged.Count);
        await using var store = SqliteStore.Open(new SqliteOptions { Path = data.Database });
        var recorded = new Dictionary<(string, string), long>();
        for (var c = 0; c < Subjects; c++)
        {
            var query = new TimelineQuery { Address = new SubjectAddress(Org, Project, Subject.Parse(Subject.Certificate, $"c{c}")), Order = TimelineOrder.OldestFirst };
            var slice = await store.Events.ReadTimelineAsync(query, null, Events, default);
            Assert.Equal(Enumerable.Range(1, slice.Events.Count).Select(n => (long)n), slice.Events.Select(e => e.Seq));
            foreach (var e in slice.Events)
                Assert.True(recorded.TryAdd((e.Id.Value, $"c{c}"), e.Seq), $"{e.Id} stands twice");
        }

        Assert.Equal(Events, recorded.Count);
        Assert.All(acknowledged, a => Assert.Equal(a.Value, recorded[a.Key]));
        var (head, _) = await store.Ledger.CatchUpAsync(Org, [], default);
        Assert.Equal(Events, head.Size);
        AssertSiem(Path.Combine(data.Siem, "local.jsonl"), keys);
    }

    /// <summary>Every index once and in order, every line as it was chained, every event once.</summary>
    static void AssertSiem(string path, ServiceKeys keys)
    {
        using var verify = new VerifyLines(keys.Ledger);
        verify.Push(File.ReadAllBytes(path));
        var report = verify.Complete(null);
        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.Equal(Events, report.Entries);
    }
}
