using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Sqlite;

namespace CertFunctions.Benchmarks;

/// <summary>
/// Durable appends through the store, held against plain SQLite that commits the same rows in groups of the same size. Events are stamped before the
/// clock starts; a case of its own shows what parsing and stamping add.
/// </summary>
sealed class IngestStore(Scale scale)
{
    const int Subjects = 5_000;

    long next;

    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        var rows = new List<Row>();
        foreach (var group in scale.Quick ? [256, 2000] : new[] { 1, 16, 256, 2000, 10_000 })
            rows.AddRange(await BatchesAsync(group));
        rows.AddRange(await BatchesAsync(2000, "subject, seq, position"));
        rows.AddRange(await AppendersAsync(256));
        rows.AddRange(await ParsedAsync(256));
        return rows;
    }

    /// <summary>
    /// One caller, batch after batch: each is a group commit of its own. With another <paramref name="index"/> the limit keeps as many as the store does,
    /// which tells what the second one costs.
    /// </summary>
    async Task<IReadOnlyList<Row>> BatchesAsync(int group, string? index = null)
    {
        using var folder = new Scratch();
        await using var store = Open(folder);
        using var plain = new PlainSqlite(folder.File("plain.db"), index);
        var total = Total(group);
        var row = new Row("ingest-store", $"groups of {group}", Unit.PerSecond, 0)
        {
            LimitName = index is null ? "plain SQLite" : "plain SQLite with two indexes",
            Bar = index is null ? Bar.Least(0.8) : null,
            Note = index is null ? null : "for information",
        };
        return await BothAsync(
            row,
            () =>
            {
                var groups = Groups(total, group);
                return Interleave.RateAsync(total, async () =>
                {
                    foreach (var batch in groups)
                        await AppendAsync(store, batch);
                });
            },
            () => Plain(plain, Groups(total, group), total));
    }

    /// <summary>Many callers with one event each, every one waiting for its answer: the writer makes the groups.</summary>
    async Task<IReadOnlyList<Row>> AppendersAsync(int appenders)
    {
        using var folder = new Scratch();
        await using var store = Open(folder);
        using var plain = new PlainSqlite(folder.File("plain.db"));
        var total = Total(appenders);
        var row = new Row("ingest-store", $"{appenders} callers, one event each", Unit.PerSecond, 0) { LimitName = $"plain SQLite, groups of {appenders}", Bar = Bar.Least(0.8) };
        return await BothAsync(
            row,
            () =>
            {
                var queues = Groups(total, total / appenders);
                return Interleave.RateAsync(total, () => Task.WhenAll(queues.Select(async queue =>
                {
                    foreach (var e in queue)
                        await AppendAsync(store, [e]);
                })));
            },
            () => Plain(plain, Groups(total, appenders), total));
    }

    /// <summary>From the bytes a producer sends: parse, stamp, append.</summary>
    async Task<IReadOnlyList<Row>> ParsedAsync(int group)
    {
        using var folder = new Scratch();
        await using var store = Open(folder);
        using var plain = new PlainSqlite(folder.File("plain.db"));
        var ingest = new IngestEvents(store.Events, TimeProvider.System, System.Security.Cryptography.RandomNumberGenerator.Create());
        var total = Total(group);
        var row = new Row("ingest-store", $"groups of {group}, parsed and stamped too", Unit.PerSecond, 0) { LimitName = "plain SQLite", Note = "for information" };
        return await BothAsync(
            row,
            () =>
            {
                var batches = Enumerable.Range(0, total).Select(_ => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(Workload.Json(Workload.Certificate(next % Subjects), Workload.Id(next), (int)(next++ % 3)))).Chunk(group).ToList();
                return Interleave.RateAsync(total, async () =>
                {
                    foreach (var batch in batches)
                    {
                        var outcomes = await ingest.HandleAsync(Workload.Org, Workload.Project, [.. batch.Select(Workload.Parse)], null, CancellationToken.None);
                        if (!outcomes.All(o => o is IngestOutcome.Appended { Outcome: AppendOutcome.Appended }))
                            throw new InvalidOperationException("an event was not appended");
                    }
                });
            },
            () => Plain(plain, Groups(total, group), total));
    }

    /// <summary>By the clock, which the bar is on, and by processor time, which others on the machine do not blur.</summary>
    Task<IReadOnlyList<Row>> BothAsync(Row row, Func<Task<(double ByClock, double ByCore)>> subject, Func<Task<(double ByClock, double ByCore)>> limit)
    {
        return Interleave.MeasureAsync(
            [row, row with { Case = $"{row.Case}, by processor time", Bar = null, Note = "for information" }],
            scale.Rounds,
            async () => Both(await subject()),
            async () => Both(await limit()));

        static double[] Both((double ByClock, double ByCore) rate) => [rate.ByClock, rate.ByCore];
    }

    static SqliteStore Open(Scratch folder) => SqliteStore.Open(new SqliteOptions { Path = folder.File("store.db") });

    /// <summary>Events of a round: enough to last, a whole number of groups, and no more flushes than the disk's time allows.</summary>
    int Total(int group) => group * Math.Max(1, Math.Min(scale.StoreEvents / group, scale.Quick ? 100 : 400));

    StampedEvent[][] Groups(int total, int group) => [.. Enumerable.Range(0, total).Select(_ => Workload.Stamped(Workload.Certificate(next % Subjects), next++)).Chunk(group)];

    static async Task AppendAsync(SqliteStore store, StampedEvent[] events)
    {
        var outcomes = await store.Events.AppendAsync(events, CancellationToken.None);
        foreach (var outcome in outcomes)
        {
            if (outcome is not AppendOutcome.Appended)
                throw new InvalidOperationException($"an event was not appended: {outcome}");
        }
    }

    /// <summary>
    /// On a thread of its own, as the store's writer is: one that has just worked hard, as the caller's has by making events, is woken late after each
    /// flush where cores are scarce.
    /// </summary>
    static Task<(double ByClock, double ByCore)> Plain(PlainSqlite plain, StampedEvent[][] groups, int total)
    {
        var rows = groups.Select(g => g.Select(PlainRow.Of).ToArray()).ToList();
        return Task.Factory.StartNew(
            () => Interleave.Rate(total, () =>
            {
                foreach (var group in rows)
                    plain.Commit(group);
            }),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }
}
