using System.Diagnostics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.Endurance.Tests;

/// <summary>Writers that do not give up, servers that are killed under them, and what must hold afterwards, on whichever store.</summary>
sealed class SpineUnderKill(int writers, int events)
{
    const int Subjects = 200;

    static readonly ProjectId Project = ProjectId.Parse("web");
    static readonly OrgId Org = OrgId.Parse("local");

    /// <summary>By server, then by writer.</summary>
    List<List<PersistentWriter>> posting = [];

    /// <summary>Sets the writers to work, the same number on each server; done when every event is acknowledged.</summary>
    public Task Write(IReadOnlyList<ServerProcess> servers, string apiKey, CancellationToken cancellationToken)
    {
        posting = [.. servers.Select((server, s) => Enumerable.Range(0, writers / servers.Count)
            .Select(n => new PersistentWriter(server.Url, apiKey, s * writers + n, events / writers, Subjects)).ToList())];
        return Task.WhenAll(posting.SelectMany(p => p).Select(w => Task.Run(() => w.RunAsync(cancellationToken))));
    }

    /// <summary>Kills at no particular moment: now while it starts, now after some hundred answers, now in the middle of a burst.</summary>
    public async Task KillAgainAndAgainAsync(ServerProcess server, int which, int kills, Task writing, CancellationToken cancellationToken)
    {
        var its = posting[which];
        var share = events / posting.Count;
        var random = new Random(20 + which);
        for (var kill = 0; kill < kills; kill++)
        {
            var enough = Answered() + random.Next(20, 2 * share / kills / 3);
            var early = kill % 6 == 5 ? TimeSpan.FromMilliseconds(random.Next(50, 900)) : TimeSpan.FromSeconds(60);
            server.Start();
            var started = Stopwatch.GetTimestamp();
            while (Answered() < enough && Stopwatch.GetElapsedTime(started) < early)
            {
                Assert.False(server.HasExited, server.HasExited ? server.Said : null);
                await Task.Delay(1, cancellationToken);
            }

            Assert.True(early.TotalSeconds < 60 || Answered() >= enough, $"after {kill} kills it took no more events: {server.Said}");
            server.Kill();
            Assert.False(writing.IsCompleted, $"the writers were done after {kill} kills: {writing.Exception}");
        }

        int Answered() => its.Sum(w => w.Acknowledged.Count);
    }

    public static async Task UntilTheFileHoldsAsync(DataFolder data, int lines, ServerProcess server, CancellationToken cancellationToken)
    {
        var path = SiemFile(data);
        while (!File.Exists(path) || Lines(path) < lines)
        {
            Assert.False(server.HasExited, server.HasExited ? server.Said : null);
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Every acknowledged event once, with the seq it was answered with; seqs without a gap; each event once in the ledger.</summary>
    public async Task AssertWholeAsync(IEventStore store, ILedgerStore ledger)
    {
        var acknowledged = posting.SelectMany(p => p).SelectMany(w => w.Acknowledged).ToList();
        Assert.Equal(events, acknowledged.Count);
        var recorded = new Dictionary<(string Id, string Subject), long>();
        for (var c = 0; c < Subjects; c++)
        {
            var query = new TimelineQuery { Address = new SubjectAddress(Org, Project, Subject.Parse(Subject.Certificate, $"c{c}")), Order = TimelineOrder.OldestFirst };
            var slice = await store.ReadTimelineAsync(query, null, events, default);
            Assert.Equal(Enumerable.Range(1, slice.Events.Count).Select(n => (long)n), slice.Events.Select(e => e.Seq));
            foreach (var e in slice.Events)
                Assert.True(recorded.TryAdd((e.Id.Value, $"c{c}"), e.Seq), $"{e.Id} stands twice");
        }

        Assert.Equal(events, recorded.Count);
        Assert.All(acknowledged, a => Assert.Equal(a.Value, recorded[a.Key]));
        await AssertChainedOnceAsync(ledger, recorded);
    }

    async Task AssertChainedOnceAsync(ILedgerStore ledger, Dictionary<(string Id, string Subject), long> recorded)
    {
        var (head, _) = await ledger.CatchUpAsync(Org, [], default);
        Assert.Equal(events, head.Size);
        var chained = new HashSet<(string, string)>();
        while (await ledger.ReadAsync(Org, chained.Count, 100, default) is { Count: > 0 } entries)
        {
            foreach (var e in entries.Select(e => e.Event))
            {
                Assert.True(chained.Add((e.Id.Value, e.Address.Subject.Id)), $"{e.Id} is chained twice");
                Assert.Equal(recorded[(e.Id.Value, e.Address.Subject.Id)], e.Seq);
            }
        }

        Assert.Equal(events, chained.Count);
    }

    /// <summary>Every index once and in order, every line as it was chained, every event once.</summary>
    public static void AssertSiem(DataFolder data, ServiceKeys keys, int events)
    {
        using var verify = new VerifyLines(keys.Ledger);
        verify.Push(File.ReadAllBytes(SiemFile(data)));
        var report = verify.Complete(null);
        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.Equal(events, report.Entries);
    }

    public static string SiemFile(DataFolder data) => Path.Combine(data.Siem, $"{Org}.jsonl");

    static int Lines(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var text = new StreamReader(file);
        var lines = 0;
        while (text.ReadLine() is not null)
            lines++;
        return lines;
    }
}
