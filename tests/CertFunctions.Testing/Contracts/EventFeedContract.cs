using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="IEventFeed"/>.</summary>
public abstract class EventFeedContract : StoreContract
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Rule_1_every_event_comes_once_and_a_subjects_in_seq_order(int limit)
    {
        for (var i = 0; i < 30; i++)
            await Events.AppendAsync([Make.Stamped($"c{i % 3}"), Make.Stamped("c9", org: OrgId.Parse("umbrella"))], default);

        var all = await WalkAsync(limit);

        Assert.Equal(60, all.Count);
        Assert.Equal(60, all.Select(e => (e.Address, e.Seq)).Distinct().Count());
        foreach (var subject in all.GroupBy(e => e.Address))
            Assert.Equal(Enumerable.Range(1, subject.Count()).Select(n => (long)n), subject.Select(e => e.Seq));
    }

    [Fact]
    public async Task Rule_2_a_position_passed_hides_nothing_while_many_append_at_once()
    {
        using var stop = new CancellationTokenSource();
        var seen = new List<RecordedEvent>();
        var writers = Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                await Events.AppendAsync([Make.Stamped($"c{w}")], default);
        })));

        string? position = null;
        while (!writers.IsCompleted || (await Store.Feed.ReadFeedAsync(position, 1, default)).Events.Count > 0)
        {
            var batch = await Store.Feed.ReadFeedAsync(position, 13, default);
            seen.AddRange(batch.Events);
            position = batch.Position;
        }

        await writers;
        Assert.Equal(800, seen.Select(e => (e.Address, e.Seq)).Distinct().Count());
        Assert.Equal(800, seen.Count);
    }

    [Fact]
    public async Task Rule_3_reading_moves_nothing()
    {
        await Events.AppendAsync([Make.Stamped("c1"), Make.Stamped("c2")], default);

        Assert.Equal(2, (await WalkAsync(1)).Count);
        await Store.ReopenAsync();
        Assert.Equal(2, (await WalkAsync(1)).Count);
    }

    [Fact]
    public async Task Waiting_ends_when_an_event_is_appended()
    {
        await Events.AppendAsync([Make.Stamped("c1")], default);
        var position = (await Store.Feed.ReadFeedAsync(null, 10, default)).Position;

        var waiting = Store.Feed.WaitAsync(position, TimeSpan.FromMinutes(5), default);
        await Events.AppendAsync([Make.Stamped("c1")], default);

        await waiting.WaitAsync(TimeSpan.FromSeconds(120));
    }

    async Task<List<RecordedEvent>> WalkAsync(int limit)
    {
        string? position = null;
        var all = new List<RecordedEvent>();
        while (true)
        {
            var batch = await Store.Feed.ReadFeedAsync(position, limit, default);
            if (batch.Events.Count == 0)
                return all;
            all.AddRange(batch.Events);
            position = batch.Position;
        }
    }
}
