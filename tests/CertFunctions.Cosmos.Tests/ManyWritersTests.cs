using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Testing;

namespace CertFunctions.Cosmos.Tests;

/// <summary>Several processes append to one subject at once; only the head's etag stands between them.</summary>
public sealed class ManyWritersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Writers_of_one_subject_in_several_processes_leave_no_gap_and_write_each_id_once(int partitions)
    {
        await using var store = await CosmosUnderTest.OpenAsync(partitions);
        var processes = new List<CosmosStore>();
        for (var i = 0; i < 3; i++)
            processes.Add(await CosmosStore.OpenAsync(store.Settings, TimeProvider.System, default));
        var seqs = new ConcurrentDictionary<EventId, long>();
        var events = new ConcurrentBag<RecordedEvent>();

        await Task.WhenAll(Enumerable.Range(0, 12).Select(writer => Task.Run(async () =>
        {
            for (var round = 0; round < 4; round++)
            {
                // Each writer's ids overlap its neighbours', and its own of the round before.
                var first = 3 * writer + 4 * round;
                var batch = Enumerable.Range(first, 8).Select(i => Make.Stamped("hot", $"e{i}")).ToList();
                foreach (var recorded in await Whole.SubmitAsync(processes[writer % 3].Events, batch))
                {
                    Assert.Equal(recorded.Seq, seqs.GetOrAdd(recorded.Id, recorded.Seq));
                    events.Add(recorded);
                }
            }
        })));

        foreach (var process in processes)
            process.Dispose();
        Assert.Equal(Enumerable.Range(1, seqs.Count).Select(n => (long)n), seqs.Values.Order());
        await Whole.AssertOnceChainedAsync(store, events.DistinctBy(e => e.Id));
    }

    [Fact]
    public async Task More_than_may_wait_for_one_subject_is_busy_at_once_and_the_rest_is_written()
    {
        await using var store = await CosmosUnderTest.OpenAsync(1);
        var calls = Enumerable.Range(0, 12).Select(call => Whole.Stamped(1000, "hot", $"call{call}")).ToList();
        List<Task<IReadOnlyList<AppendOutcome>>> appends;
        using (var held = store.Emulator.Faults.Hold(1, r => r.Container == CosmosLayout.Events && r.IsWrite))
        {
            appends = [store.Events.AppendAsync(calls[0], default)];
            await held.HitAsync().WaitAsync(TimeSpan.FromSeconds(120));
            appends.AddRange(calls.Skip(1).Take(10).Select(events => store.Events.AppendAsync(events, default)));

            Assert.All(await store.Events.AppendAsync(calls[11], default), o => Assert.IsType<AppendOutcome.Busy>(o));
        }

        var written = (await Task.WhenAll(appends)).SelectMany(o => o).Select(o => Assert.IsType<AppendOutcome.Appended>(o).Event).ToList();
        Assert.Equal(Enumerable.Range(1, 11_000).Select(n => (long)n), written.Select(e => e.Seq).Order());
    }
}
