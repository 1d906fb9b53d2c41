using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Sqlite;

namespace CertFunctions.Benchmarks;

/// <summary>
/// A sweep with the same number of due certificates among many and among few; one with nothing due; and what a due certificate costs against an event that is
/// ingested. Every round issues its due certificates first, outside the clock. A kept store grows by them with each run, which is nothing to its size.
/// </summary>
sealed class Sweep(Scale scale)
{
    const int Batch = 10_000;

    static readonly RandomNumberGenerator Salts = RandomNumberGenerator.Create();
    static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    readonly string run = Now.UtcTicks.ToString("x", CultureInfo.InvariantCulture);
    int issued;

    int Due => scale.Quick ? 1_000 : 10_000;

    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        var rows = new List<Row>();
        var (few, many) = (scale.SweepSizes[0], scale.SweepSizes[^1]);
        await using SqliteStore small = await OpenAsync(few), large = await OpenAsync(many);
        var name = string.Create(CultureInfo.InvariantCulture, $"{Due:#,0} due among {many:#,0}: per due certificate");
        rows.AddRange(await Interleave.MeasureAsync(
            [new Row("sweep", name, Unit.Microseconds, 0) { LimitName = string.Create(CultureInfo.InvariantCulture, $"among {few:#,0}"), Bar = Bar.Most(1.3) },
                new Row("sweep", $"{name}, by processor time", Unit.Microseconds, 0) { LimitName = string.Create(CultureInfo.InvariantCulture, $"among {few:#,0}"), Note = "for information" }],
            scale.Rounds, () => SweepAsync(large), () => SweepAsync(small)));
        foreach (var (size, store) in new[] { (few, small), (many, large) })
        {
            var cost = string.Create(CultureInfo.InvariantCulture, $"one due certificate among {size:#,0}");
            rows.AddRange(await Interleave.MeasureAsync(
                [new Row("sweep", cost, Unit.Microseconds, 0) { LimitName = $"one event parsed, stamped and appended, {SweepExpiry.PageCertificates} at once", Bar = Bar.Most(2) },
                    new Row("sweep", $"{cost}, by processor time", Unit.Microseconds, 0) { LimitName = "one event", Note = "for information" }],
                scale.Rounds, () => SweepAsync(store), () => IngestAsync(store, inOrder: false)));
            rows.AddRange(await Interleave.MeasureAsync(
                [new Row("sweep", cost, Unit.Microseconds, 0) { LimitName = "one event, on certificates in the order they were issued", Note = "for information" }],
                scale.Rounds, () => SweepAsync(store), () => IngestAsync(store, inOrder: true)));
            rows.Add(new Row("sweep", string.Create(CultureInfo.InvariantCulture, $"nothing due among {size:#,0}"), Unit.Microseconds, await IdleAsync(store)) { Bar = Bar.Most(20_000) });
        }

        return rows;
    }

    /// <summary>Microseconds per due certificate, by the clock and by processor time.</summary>
    async Task<double[]> SweepAsync(SqliteStore store)
    {
        await IssueAsync(store, [.. Enumerable.Range(0, Due).Select(_ => $"due-{run}-{issued++}")], 20);
        var sweep = Sweeper(store);
        var (byClock, byCore) = await Interleave.RateAsync(Due, async () =>
        {
            var report = await sweep.HandleAsync(CancellationToken.None);
            if (report.Announced.GetValueOrDefault("cert.expiring_soon") != Due)
                throw new InvalidOperationException($"the sweep announced {report.Announced.Values.Sum()} of {Due}");
        });
        return [1e6 / byClock, 1e6 / byCore];
    }

    /// <summary>
    /// The same number of events on certificates issued as the due ones are, in batches of a sweep's pages: as scattered over the database as certificates are that end one
    /// after the other, or side by side in it.
    /// </summary>
    async Task<double[]> IngestAsync(SqliteStore store, bool inOrder)
    {
        var subjects = Enumerable.Range(0, Due).Select(_ => $"calm-{run}-{issued++}").ToArray();
        await IssueAsync(store, subjects, 300);
        if (!inOrder)
            new Random(issued).Shuffle(subjects);
        var bodies = subjects.Select((s, i) => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(Workload.Json(s, Workload.Id(i), 2))).ToArray();
        var ingest = new IngestEvents(store.Events, TimeProvider.System, Salts);
        var (byClock, byCore) = await Interleave.RateAsync(Due, async () =>
        {
            foreach (var batch in bodies.Chunk(SweepExpiry.PageCertificates))
            {
                var outcomes = await ingest.HandleAsync(Workload.Org, Workload.Project, [.. batch.Select(Workload.Parse)], null, CancellationToken.None);
                if (!outcomes.All(o => o is IngestOutcome.Appended { Outcome: AppendOutcome.Appended }))
                    throw new InvalidOperationException("an event was not appended");
            }
        });
        return [1e6 / byClock, 1e6 / byCore];
    }

    /// <summary>Median microseconds of a sweep that finds nothing.</summary>
    static async Task<double> IdleAsync(SqliteStore store)
    {
        var sweep = Sweeper(store);
        await sweep.HandleAsync(CancellationToken.None);
        var times = new List<double>();
        for (var i = 0; i < 101; i++)
        {
            var started = Stopwatch.GetTimestamp();
            if ((await sweep.HandleAsync(CancellationToken.None)).Examined != 0)
                throw new InvalidOperationException("something was due");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        return Interleave.Median(times);
    }

    static SweepExpiry Sweeper(SqliteStore store) => new(store.Certificates, store.Events, ExpiryPolicies.Default, new Stopped(), Salts);

    async Task<SqliteStore> OpenAsync(long certificates)
    {
        var path = Path.Combine(scale.Stores.Folder(string.Create(CultureInfo.InvariantCulture, $"certificates-{certificates}")), "certfn.db");
        if (!File.Exists(path + ".filled"))
        {
            File.Delete(path);
            await using var filling = SqliteStore.Open(new SqliteOptions { Path = path });
            for (long done = 0; done < certificates; done += Batch)
                await IssueAsync(filling, [.. Enumerable.Range(0, (int)Math.Min(Batch, certificates - done)).Select(i => Workload.Certificate(done + i))], 300);
            await File.WriteAllTextAsync(path + ".filled", "");
        }

        return SqliteStore.Open(new SqliteOptions { Path = path });
    }

    /// <summary>Issues certificates that end in about so many days, each with a name of its own.</summary>
    static async Task IssueAsync(SqliteStore store, string[] subjects, int days)
    {
        foreach (var batch in subjects.Chunk(Batch))
        {
            var outcomes = await store.Events.AppendAsync([.. batch.Select(s => Issued(s, days))], CancellationToken.None);
            if (outcomes.Any(o => o is not AppendOutcome.Appended))
                throw new InvalidOperationException("filling was refused");
        }
    }

    static StampedEvent Issued(string subject, int days)
    {
        var id = SHA256.HashData(Encoding.UTF8.GetBytes(subject));
        // The ends lie scattered over a month, as they would.
        var notAfter = Now.AddDays(days).AddMinutes(BitConverter.ToUInt16(id) % 12_000);
        var json = $$"""
            {"type":"cert.issued","subject":{"kind":"certificate","id":"{{subject}}"},"actor":{"type":"service_account","id":"ca","name":"Issuing CA"},
             "data":{"fingerprint":"{{Convert.ToHexStringLower(id)}}","not_before":"{{Rfc3339.Format(notAfter.AddDays(-90))}}","not_after":"{{Rfc3339.Format(notAfter)}}",
             "issuer":"CN=Example Issuing CA 3, O=Example","subject_alt_names":["{{subject}}.example.com"]} }
            """;
        return Workload.Parse(Encoding.UTF8.GetBytes(json)) is ParsedEvent.Accepted accepted
            ? StampedEvent.Stamp(accepted.Event, Workload.Org, Workload.Project, null, Now, Salts)
            : throw new InvalidOperationException("the event is not right");
    }

    /// <summary>The time the run began.</summary>
    sealed class Stopped : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
