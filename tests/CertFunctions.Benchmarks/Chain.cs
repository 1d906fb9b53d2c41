using CertFunctions.Core.Ledger;
using CertFunctions.Sqlite;

namespace CertFunctions.Benchmarks;

/// <summary>The pump from the events' feed to the ledger, as the service runs it, held against the hashes alone. For information: no bar.</summary>
sealed class Chain(Scale scale)
{
    public async Task<IReadOnlyList<Row>> RunAsync()
    {
        using var folder = new Scratch();
        await using var store = SqliteStore.Open(new SqliteOptions { Path = folder.File("store.db") });
        var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, Workload.Keys));
        long next = 0;
        return
        [
            await Interleave.MeasureAsync(
                new Row("chain", "feed to ledger, durable", Unit.PerSecond, 0) { LimitName = "all hashes", Note = "for information" },
                scale.Rounds,
                async () =>
                {
                    foreach (var batch in Enumerable.Range(0, scale.ChainEvents).Select(_ => Workload.Stamped(Workload.Certificate(next % 5000), next++)).Chunk(5000))
                        await store.Events.AppendAsync(batch, CancellationToken.None);
                    return (await Interleave.RateAsync(scale.ChainEvents, async () =>
                    {
                        while (await pump.StepAsync(CancellationToken.None) > 0)
                        {
                        }
                    })).ByClock;
                },
                () => Task.FromResult(Interleave.Rate(scale.ChainEvents, () => Hashes.Sample.All(scale.ChainEvents)).ByClock)),
        ];
    }
}
