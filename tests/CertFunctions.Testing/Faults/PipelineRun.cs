using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Testing.Faults;

/// <summary>
/// The whole pipeline over a store, stepped by hand, with one write that goes wrong. Clients submit again until they are answered, as clients do;
/// pumps step again, as pumps do. With <paramref name="restart"/>, the process dies at the fault: everything in memory is gone, and the store is opened anew.
/// </summary>
public sealed class PipelineRun(StoreUnderTest store, string sinkFolder, FaultPlan plan, bool restart)
{
    const int Rounds = 4;

    readonly List<(EventId Id, SubjectAddress Address, long Seq)> acknowledged = [];
    IngestEvents ingest = null!;
    PumpEvents pump = null!;
    ForwardLedger forward = null!;

    /// <summary>Posts, chains and forwards until everything is at rest, then checks all of it.</summary>
    public async Task RunToRestAsync()
    {
        Wire();
        for (var round = 0; round < Rounds; round++)
        {
            await SubmitAsync(round);
            await UntilItHoldsAsync(() => pump.StepAsync(default));
            await UntilItHoldsAsync(() => forward.HandleAsync(Make.Org, default));
        }

        while (await UntilItHoldsAsync(() => pump.StepAsync(default)) > 0)
        {
        }

        while (await UntilItHoldsAsync(() => forward.HandleAsync(Make.Org, default)) is ForwardOutcome.Sent)
        {
        }

        await PipelineCheck.AssertWholeAsync(store, Path.Combine(sinkFolder, $"{Make.Org}.jsonl"), acknowledged);
    }

    /// <summary>Three subjects, a batch and a single event a round; each with an id, so that submitting again is safe.</summary>
    async Task SubmitAsync(int round)
    {
        await SubmitAsync([Parsed("c1", $"r{round}-a"), Parsed("c2", $"r{round}-b"), Parsed("c1", $"r{round}-c")]);
        await SubmitAsync([Parsed("c3", $"r{round}-d")]);
    }

    async Task SubmitAsync(IReadOnlyList<ParsedEvent> events)
    {
        var outcomes = await UntilItHoldsAsync(() => ingest.HandleAsync(Make.Org, Make.Project, events, null, default));
        foreach (var outcome in outcomes)
        {
            var e = Assert.IsType<IngestOutcome.Appended>(outcome).Outcome switch
            {
                AppendOutcome.Appended appended => appended.Event,
                AppendOutcome.Duplicate duplicate => duplicate.Event,
                var other => throw new InvalidOperationException($"a submission ended in {other}"),
            };
            acknowledged.Add((e.Id, e.Address, e.Seq));
        }
    }

    async Task<T> UntilItHoldsAsync<T>(Func<Task<T>> step)
    {
        while (true)
        {
            try
            {
                return await step();
            }
            catch (InjectedFaultException)
            {
                if (!restart)
                    continue;
                await store.ReopenAsync();
                Wire();
            }
        }
    }

    void Wire()
    {
        var clock = ManualClock.Default;
        ingest = new IngestEvents(new FaultyEventStore(store.Events, plan), clock, new SeededRandom());
        var positions = new FaultyPositionStore(store.Positions, plan);
        pump = new PumpEvents(store.Feed, positions, new ExtendLedger(new FaultyLedgerStore(store.Ledger, plan), Make.Keys));
        forward = new ForwardLedger(store.Ledger, positions, new FaultySink(new FileSink("file", sinkFolder), plan), clock);
    }

    static ParsedEvent Parsed(string subject, string id) => new ParsedEvent.Accepted(Make.Submitted(Make.Json(subject, id)));
}
