using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Testing;
using CertFunctions.Testing.Contracts;
using CertFunctions.Testing.Faults;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Tests;

public sealed class SqlitePipelineFaultTests : PipelineFaultContract
{
    protected override Task<StoreUnderTest> OpenAsync() => Task.FromResult<StoreUnderTest>(new SqliteUnderTest());

    [Fact]
    public async Task A_disk_that_fills_up_at_any_page_loses_nothing_that_was_acknowledged()
    {
        using var folder = new TempFolder();
        int eventsRefused = 0, entriesRefused = 0;
        // SQLite itself says SQLITE_FULL, at every page the pipeline comes to ask for, in turn; then room is made, and the rest goes in.
        for (var pages = 24; pages < 68; pages++)
        {
            var path = folder.File($"{pages}.db");
            var acknowledged = new List<(EventId, SubjectAddress, long)>();
            await using (var store = SqliteStore.Open(new SqliteOptions { Path = path, MaxBytes = pages * 4096 }))
            {
                var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, Make.Keys));
                for (var i = 0; i < 90; i++)
                {
                    eventsRefused += await SubmitAsync(store, i, acknowledged) ? 0 : 1;
                    try
                    {
                        await pump.StepAsync(default);
                    }
                    catch (SqliteException)
                    {
                        entriesRefused++;
                    }
                }
            }

            await using var roomy = new SqliteUnderTest(path: path);
            for (var i = 0; i < 90; i++)
                Assert.True(await SubmitAsync(roomy.Events, i, acknowledged));
            var rest = new PumpEvents(roomy.Feed, roomy.Positions, new ExtendLedger(roomy.Ledger, Make.Keys));
            while (await rest.StepAsync(default) > 0)
            {
            }

            var sink = folder.File($"{pages}");
            var forward = new ForwardLedger(roomy.Ledger, roomy.Positions, new FileSink("file", sink), ManualClock.Default);
            while (await forward.HandleAsync(Make.Org, default) is ForwardOutcome.Sent)
            {
            }

            await PipelineCheck.AssertWholeAsync(roomy, Path.Combine(sink, "acme.jsonl"), acknowledged);
        }

        Assert.True(eventsRefused > 50 && entriesRefused > 10, $"the disk was full for {eventsRefused} events and {entriesRefused} batches of entries");
    }

    static Task<bool> SubmitAsync(SqliteStore store, int i, List<(EventId, SubjectAddress, long)> acknowledged) => SubmitAsync(store.Events, i, acknowledged);

    static async Task<bool> SubmitAsync(IEventStore events, int i, List<(EventId, SubjectAddress, long)> acknowledged)
    {
        foreach (var outcome in await events.AppendAsync([Make.Stamped($"c{i % 3}", $"e{i}", data: $$"""{"format":"pem","ip":"{{new string('9', 500)}}"}""")], default))
        {
            switch (outcome)
            {
                case AppendOutcome.Appended a:
                    acknowledged.Add((a.Event.Id, a.Event.Address, a.Event.Seq));
                    break;
                case AppendOutcome.Duplicate d:
                    acknowledged.Add((d.Event.Id, d.Event.Address, d.Event.Seq));
                    break;
                case AppendOutcome.Full:
                    return false;
                default:
                    Assert.Fail($"{outcome}");
                    break;
            }
        }

        return true;
    }
}
