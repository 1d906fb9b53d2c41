using System.Diagnostics;
using System.Globalization;
using CertFunctions.Core.Ingest;
using CertFunctions.Sqlite;

namespace CertFunctions.Benchmarks;

/// <summary>
/// Durable acknowledgements from a running <c>certfn serve</c>, held against a Kestrel endpoint that does nothing. Server, empty server and load generator
/// are processes of their own. While events come in, the service chains and forwards them too; before the empty server's turn it is let catch up.
/// </summary>
sealed class IngestHttp(Scale scale)
{
    const int Lines = 1000;

    long first;
    long stored;

    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        using var folder = new Scratch();
        using var service = await Service.StartAsync(folder.Path);
        using var empty = Child.Helper("--empty-server");
        using var generator = LoadGenerator.Start();
        var port = int.Parse((await empty.Output.ReadLineAsync())!, CultureInfo.InvariantCulture);

        var rows = new List<Row>();
        foreach (var connections in new[] { 1, 256 })
        {
            var what = string.Create(CultureInfo.InvariantCulture, $"single events, {connections} connections");
            var through = new List<double>();
            // The service has a hundred times the code of the empty endpoint, and the runtime goes on compiling it better for many seconds.
            for (var i = 0; i < (scale.Quick ? 1 : 5); i++)
                await TurnAsync(service, generator, connections, 1);
            rows.AddRange(await Interleave.MeasureAsync(
                [
                    new Row("ingest-http", what, Unit.PerSecond, 0) { LimitName = "empty endpoint", Bar = connections > 1 ? Bar.Least(0.4) : null },
                    new Row("ingest-http", $"{what}: processor time per event, server and load", Unit.Microseconds, 0) { LimitName = "empty endpoint", Note = "for information" },
                ],
                scale.Rounds,
                async () =>
                {
                    var turn = await TurnAsync(service, generator, connections, 1);
                    through.Add(turn.Through);
                    return [turn.Rate, turn.Processor];
                },
                async () =>
                {
                    var before = empty.Processor + generator.Processor;
                    var (events, rate) = await LoadGenerator.TurnAsync(generator, new Load(port, service.Key, connections, 1, scale.HttpTurn, 0));
                    return [rate, (empty.Processor + generator.Processor - before).TotalMicroseconds / events];
                }));
            rows.Add(new Row("ingest-http", $"{what}: until chained and in the SIEM's file", Unit.PerSecond, Interleave.Median(through.Skip(1))) { Note = "for information" });
        }

        rows.Add(await BatchesAsync(service, generator));
        return rows;
    }

    async Task<Row> BatchesAsync(Service service, Child generator)
    {
        using var folder = new Scratch();
        await using var store = SqliteStore.Open(new SqliteOptions { Path = folder.File("store.db") });
        long next = 0;
        return await Interleave.MeasureAsync(
            new Row("ingest-http", string.Create(CultureInfo.InvariantCulture, $"NDJSON, {Lines} events each, 4 connections"), Unit.PerSecond, 0) { LimitName = "store alone", Note = "for information" },
            scale.Rounds,
            async () => (await TurnAsync(service, generator, 4, Lines)).Rate,
            async () =>
            {
                var batches = Enumerable.Range(0, scale.StoreEvents).Select(_ => Workload.Stamped(Workload.Certificate(next % 5000), next++)).Chunk(Lines).ToList();
                return (await Interleave.RateAsync(scale.StoreEvents, async () =>
                {
                    foreach (var batch in batches)
                    {
                        if ((await store.Events.AppendAsync(batch, CancellationToken.None)).Any(o => o is not AppendOutcome.Appended))
                            throw new InvalidOperationException("an event was not appended");
                    }
                })).ByClock;
            });
    }

    async Task<(double Rate, double Through, double Processor)> TurnAsync(Service service, Child generator, int connections, int batch)
    {
        var started = Stopwatch.GetTimestamp();
        var before = service.Process.Processor + generator.Processor;
        var (events, rate) = await LoadGenerator.TurnAsync(generator, new Load(service.Url.Port, service.Key, connections, batch, scale.HttpTurn, first));
        var processor = (service.Process.Processor + generator.Processor - before).TotalMicroseconds / events;
        first += events + 1_000_000;
        stored += events;
        await service.SettleAsync(stored);
        return (rate, events / Stopwatch.GetElapsedTime(started).TotalSeconds, processor);
    }
}
