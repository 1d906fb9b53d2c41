using System.Globalization;
using CertFunctions.Core.Verification;
using CertFunctions.Sqlite.Verification;

namespace CertFunctions.Benchmarks;

/// <summary>
/// Verification on one core, of a database and of its export, held against the hashes alone over bytes in memory: all the hashes an entry needs, and
/// the leaf's only. Rates are by processor time, so entries per second of one core. Then the memory <c>certfn verify</c> takes, by the ledger's size.
/// </summary>
sealed class Verify(Scale scale)
{
    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        var n = scale.VerifyEntries;
        var database = FilledStores.Database(await scale.Stores.GetAsync(n));
        var export = await scale.Stores.ExportAsync(n);
        var rounds = Math.Min(scale.Rounds, 5);
        var size = string.Create(CultureInfo.InvariantCulture, $"{n:#,0} entries");
        var rows = new List<Row>();
        rows.AddRange(await MeasureAsync("database", () => Check(new VerifyDatabase(database, Workload.Keys).Run().Single(), n), Bar.Least(0.9)));
        rows.AddRange(await Interleave.MeasureAsync(
            [new Row("verify", $"database, {size}, two threads, by the clock", Unit.PerSecond, 0) { LimitName = "one thread", Bar = Bar.Least(1.7) }],
            rounds, () => Threads(2), () => Threads(1)));
        rows.AddRange(await MeasureAsync("export", () => Check(Lines(export), n), Bar.Least(0.8)));
        rows.AddRange(await MemoryAsync());
        return rows;

        Task<double[]> Threads(int threads) =>
            Task.FromResult(new[] { Interleave.Rate(n, () => Check(new VerifyDatabase(database, Workload.Keys) { Threads = threads }.Run().Single(), n)).ByClock });

        Task<IReadOnlyList<Row>> MeasureAsync(string what, Action verify, Bar bar) => Interleave.MeasureAsync(
            [
                new Row("verify", $"{what}, {size}", Unit.PerSecond, 0) { LimitName = "all the same hashes", Bar = bar },
                new Row("verify", $"{what}, {size}", Unit.PerSecond, 0) { LimitName = "leaf hashes only", Note = "for information" },
            ],
            rounds,
            () =>
            {
                var rate = Interleave.Rate(n, verify).ByCore;
                return Task.FromResult(new[] { rate, rate });
            },
            () => Task.FromResult(new[] { Interleave.Rate(n, () => Hashes.Sample.All(n)).ByCore, Interleave.Rate(n, () => Hashes.Sample.Leaves(n)).ByCore }));
    }

    async Task<IReadOnlyList<Row>> MemoryAsync()
    {
        var peaks = new List<(long Entries, double Megabytes)>();
        foreach (var n in scale.MemorySizes)
        {
            using var child = Child.Certfn("verify", await scale.Stores.GetAsync(n));
            var (exitCode, peak) = await child.EndAsync();
            if (exitCode != 0)
                throw new InvalidOperationException($"certfn verify ended with {exitCode}");
            peaks.Add((n, peak / 1e6));
        }

        var (_, first) = peaks[0];
        return
        [
            .. peaks.Skip(1).Select(p => new Row("verify", string.Create(CultureInfo.InvariantCulture, $"peak memory at {p.Entries:#,0} entries"), Unit.Megabytes, p.Megabytes)
            {
                LimitName = string.Create(CultureInfo.InvariantCulture, $"at {peaks[0].Entries:#,0}"),
                Limit = first,
                Bar = Bar.Most(1.25),
            }),
            .. peaks.Select(p => new Row("verify", string.Create(CultureInfo.InvariantCulture, $"peak memory at {p.Entries:#,0} entries"), Unit.Megabytes, p.Megabytes) { Bar = Bar.Most(128) }),
        ];
    }

    static VerifyReport Lines(string path)
    {
        using var verify = new VerifyLines(Workload.Keys);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var buffer = new byte[256 * 1024];
        for (int read; (read = file.Read(buffer)) > 0 && verify.Push(buffer.AsSpan(0, read));)
        {
        }

        return verify.Complete(null);
    }

    static void Check(VerifyReport report, long entries)
    {
        if (report.Verdict != Verdict.Valid || report.Entries != entries)
            throw new InvalidOperationException($"{report.Verdict} after {report.Entries} entries: {report.Detail}");
    }
}
