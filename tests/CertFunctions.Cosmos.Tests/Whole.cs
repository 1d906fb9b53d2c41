using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Testing;
using CertFunctions.Testing.Contracts;
using CertFunctions.Testing.Faults;

namespace CertFunctions.Cosmos.Tests;

/// <summary>Where each test ends: the rest of the pipeline is run, and then nothing may be lost, doubled or broken.</summary>
static class Whole
{
    public static ExtendLedger Extend(StoreUnderTest store) => new(store.Ledger, Make.Keys);

    /// <summary>Chains whatever the feed holds, forwards all of it, and checks the whole.</summary>
    public static async Task AssertOnceChainedAsync(StoreUnderTest store, IEnumerable<RecordedEvent> acknowledged)
    {
        await new ReconcileEvents(store.Feed, store.Positions, Extend(store)).HandleAsync(default);
        await AssertAsync(store, acknowledged);
    }

    /// <summary>Forwards what is chained, and checks the whole. Whatever was acknowledged must be chained by now.</summary>
    public static async Task AssertAsync(StoreUnderTest store, IEnumerable<RecordedEvent> acknowledged)
    {
        foreach (var org in acknowledged.GroupBy(e => e.Address.Org))
        {
            using var folder = new TempFolder();
            var forward = new ForwardLedger(store.Ledger, store.Positions, new FileSink($"file-{Guid.NewGuid():N}", folder.Path), TimeProvider.System);
            while (await forward.HandleAsync(org.Key, default) is ForwardOutcome.Sent)
            {
            }

            await PipelineCheck.AssertWholeAsync(store, folder.File($"{org.Key}.jsonl"), [.. org.Select(e => (e.Id, e.Address, e.Seq))], org.Key);
        }
    }

    /// <summary>Submits until it is answered, as clients do.</summary>
    public static async Task<IReadOnlyList<RecordedEvent>> SubmitAsync(IEventStore store, IReadOnlyList<StampedEvent> events)
    {
        var recorded = new RecordedEvent?[events.Count];
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var open = Enumerable.Range(0, events.Count).Where(i => recorded[i] is null).ToList();
            if (open.Count == 0)
                return [.. recorded.Select(e => e!)];
            try
            {
                var outcomes = await store.AppendAsync([.. open.Select(i => events[i])], default);
                for (var i = 0; i < open.Count; i++)
                    recorded[open[i]] = Event(outcomes[i]);
            }
            catch (CosmosUnavailableException)
            {
            }
        }

        throw new TimeoutException("the store answered none of a hundred submissions");
    }

    /// <summary>The event as the store has it; null where it was too busy.</summary>
    public static RecordedEvent? Event(AppendOutcome outcome) => outcome switch
    {
        AppendOutcome.Appended appended => appended.Event,
        AppendOutcome.Duplicate duplicate => duplicate.Event,
        AppendOutcome.Busy => null,
        _ => throw new InvalidOperationException($"a submission ended in {outcome}"),
    };

    /// <summary>New events of one subject, with ids of their own.</summary>
    public static IReadOnlyList<StampedEvent> Stamped(int count, string subject, string prefix, OrgId? org = null) =>
        [.. Enumerable.Range(0, count).Select(i => Make.Stamped(subject, $"{prefix}-{i}", org))];
}
