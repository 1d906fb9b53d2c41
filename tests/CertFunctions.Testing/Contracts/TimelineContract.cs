using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Testing.Contracts;

/// <summary>Timelines over a store (R25): exact at any page size, in both orders, under filters, while events are appended.</summary>
public abstract class TimelineContract : StoreContract
{
    static readonly string[] Types = ["cert.downloaded", "cert.revoked", "ext.acme.seen"];

    [Theory]
    [InlineData(TimelineOrder.NewestFirst, 1)]
    [InlineData(TimelineOrder.NewestFirst, 7)]
    [InlineData(TimelineOrder.NewestFirst, 500)]
    [InlineData(TimelineOrder.OldestFirst, 1)]
    [InlineData(TimelineOrder.OldestFirst, 7)]
    [InlineData(TimelineOrder.OldestFirst, 500)]
    public async Task Pages_hold_each_event_once_in_order(TimelineOrder order, int limit)
    {
        await FillAsync(60);

        var seqs = (await WalkAsync(new TimelineQuery { Address = Make.Certificate("c1"), Order = order }, _ => limit)).Select(e => e.Seq);

        var expected = Enumerable.Range(1, 60).Select(n => (long)n);
        Assert.Equal(order == TimelineOrder.OldestFirst ? expected : expected.Reverse(), seqs);
    }

    [Theory]
    [InlineData(TimelineOrder.NewestFirst)]
    [InlineData(TimelineOrder.OldestFirst)]
    public async Task Pages_stay_exact_while_events_are_appended(TimelineOrder order)
    {
        await FillAsync(40);
        var random = new Random(5);

        // Between any two pages the subject grows.
        var read = await WalkAsync(new TimelineQuery { Address = Make.Certificate("c1"), Order = order }, _ => random.Next(1, 6), async () =>
        {
            if (random.Next(3) == 0)
                await Events.AppendAsync([Make.Stamped("c1")], default);
        });

        var seqs = read.Select(e => e.Seq).ToList();
        if (order == TimelineOrder.NewestFirst)
            Assert.Equal(Enumerable.Range(1, 40).Reverse().Select(n => (long)n), seqs);
        else
            Assert.Equal(Enumerable.Range(1, seqs.Count).Select(n => (long)n), seqs);
        Assert.True(seqs.Count >= 40);
    }

    [Theory]
    [InlineData(TimelineOrder.NewestFirst, 3)]
    [InlineData(TimelineOrder.OldestFirst, 500)]
    public async Task A_filter_by_type_gives_those_types_only_and_all_of_them(TimelineOrder order, int limit)
    {
        await FillAsync(60);

        var read = await WalkAsync(new TimelineQuery { Address = Make.Certificate("c1"), Order = order, Types = ["cert.revoked", "ext.acme.seen"] }, _ => limit);

        Assert.Equal(40, read.Count);
        Assert.All(read, e => Assert.NotEqual("cert.downloaded", TypeOf(e)));
    }

    [Fact]
    public async Task After_and_before_are_strict_and_go_by_the_time_of_occurrence()
    {
        await FillAsync(10);

        var read = await WalkAsync(new TimelineQuery { Address = Make.Certificate("c1"), After = Make.Now.AddMinutes(-8), Before = Make.Now.AddMinutes(-4), Order = TimelineOrder.OldestFirst }, _ => 2);

        Assert.Equal([3, 4, 5], read.Select(e => e.Seq));
    }

    [Fact]
    public async Task The_last_page_has_no_continuation_even_when_it_is_full()
    {
        await FillAsync(10);
        var query = new TimelineQuery { Address = Make.Certificate("c1") };

        Assert.NotNull((await Events.ReadTimelineAsync(query, null, 9, default)).ContinueFrom);
        Assert.Null((await Events.ReadTimelineAsync(query, null, 10, default)).ContinueFrom);
    }

    /// <summary>Events 1 … n of c1, of three types in turn, n − seq minutes ago.</summary>
    async Task FillAsync(int n)
    {
        var events = Enumerable.Range(1, n).Select(seq => Types[seq % 3] switch
        {
            "cert.revoked" => Make.Stamped("c1", type: "cert.revoked", data: """{"reason_code":1}""", occurredAt: Make.Now.AddMinutes(seq - n)),
            "ext.acme.seen" => Make.Stamped("c1", type: "ext.acme.seen", data: "{}", occurredAt: Make.Now.AddMinutes(seq - n)),
            _ => Make.Stamped("c1", occurredAt: Make.Now.AddMinutes(seq - n)),
        });
        await Events.AppendAsync([.. events], default);
    }

    async Task<List<RecordedEvent>> WalkAsync(TimelineQuery query, Func<int, int> limit, Func<Task>? between = null)
    {
        var all = new List<RecordedEvent>();
        long? from = null;
        for (var page = 0; page < 100_000; page++)
        {
            var slice = await Events.ReadTimelineAsync(query, from, limit(page), default);
            Assert.True(slice.Events.Count <= 500);
            all.AddRange(slice.Events);
            if (slice.ContinueFrom is null)
                return all;
            from = slice.ContinueFrom;
            if (between is not null)
                await between();
        }

        throw new InvalidOperationException("the timeline does not end");
    }

    static string TypeOf(RecordedEvent e) => LeafHeader.TryRead(e.Leaf.Span, out var header) ? header.Type : "";
}
