using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="IEventStore"/>.</summary>
public abstract class EventStoreContract : StoreContract
{
    [Fact]
    public async Task Rule_1_an_answered_event_is_there_after_reopening()
    {
        var appended = await AppendAsync(Make.Stamped("c1", "a"));

        await Store.ReopenAsync();

        var read = Assert.Single(await AllAsync("c1"));
        Assert.Equal(appended.Event.Leaf.ToArray(), read.Leaf.ToArray());
        Assert.Equal(appended.Event.Salt.ToArray(), read.Salt.ToArray());
        Assert.Equal(appended.Event.Personal.ToArray(), read.Personal.ToArray());
        Assert.IsType<AppendOutcome.Duplicate>(Assert.Single(await Events.AppendAsync([Make.Stamped("c1", "a")], default)));
    }

    [Fact]
    public async Task Rule_2_seqs_are_1_2_3_per_subject()
    {
        foreach (var (subject, seq) in new[] { ("c1", 1), ("c1", 2), ("c2", 1), ("c1", 3), ("c2", 2) })
            Assert.Equal(seq, (await AppendAsync(Make.Stamped(subject))).Event.Seq);
    }

    [Fact]
    public async Task Rule_2_seqs_are_gap_free_when_many_append_at_once_and_across_reopening()
    {
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
            {
                for (var i = 0; i < 25; i++)
                    await AppendAsync(Make.Stamped($"c{i % 3}", $"r{round}-w{writer}-{i}"));
            })));
            await Store.ReopenAsync();
        }

        var counts = await Task.WhenAll(new[] { "c0", "c1", "c2" }.Select(async subject =>
        {
            var all = await AllAsync(subject);
            Assert.Equal(Enumerable.Range(1, all.Count).Select(n => (long)n), all.Select(e => e.Seq));
            Assert.All(all, e => Assert.Equal(e.Seq, SeqInLeaf(e)));
            return all.Count;
        }));
        Assert.Equal(2 * 8 * 25, counts.Sum());
    }

    [Fact]
    public async Task Rule_3_the_same_submission_again_has_the_first_ones_seq_and_writes_nothing()
    {
        var first = await AppendAsync(Make.Stamped("c1", "a"));
        await AppendAsync(Make.Stamped("c1", "b"));

        var again = Assert.IsType<AppendOutcome.Duplicate>(Assert.Single(await Events.AppendAsync([Make.Stamped("c1", "a", now: Make.Now.AddHours(1))], default)));

        Assert.Equal(first.Event.Seq, again.Event.Seq);
        Assert.Equal(first.Event.Leaf.ToArray(), again.Event.Leaf.ToArray());
        Assert.Equal(2, (await AllAsync("c1")).Count);
    }

    [Theory]
    [InlineData("""{"format":"der","ip":"192.0.2.7"}""")]
    [InlineData("""{"format":"pem","ip":"192.0.2.8"}""")]
    [InlineData("""{"format":"pem"}""")]
    public async Task Rule_3_other_content_under_an_id_is_a_conflict_be_it_public_or_personal(string data)
    {
        var first = await AppendAsync(Make.Stamped("c1", "a"));

        var conflict = Assert.IsType<AppendOutcome.Conflict>(Assert.Single(await Events.AppendAsync([Make.Stamped("c1", "a", data: data)], default)));

        Assert.Equal(first.Event.Seq, conflict.Existing.Seq);
        Assert.Single(await AllAsync("c1"));
    }

    [Fact]
    public async Task Rule_3_another_time_under_an_id_is_a_conflict_and_a_time_left_out_twice_is_not()
    {
        await AppendAsync(Make.Stamped("c1", "timed", occurredAt: Make.Now.AddDays(-1)));
        await AppendAsync(Make.Stamped("c1", "untimed"));

        Assert.IsType<AppendOutcome.Duplicate>((await Events.AppendAsync([Make.Stamped("c1", "timed", occurredAt: Make.Now.AddDays(-1), now: Make.Now.AddHours(1))], default))[0]);
        Assert.IsType<AppendOutcome.Conflict>((await Events.AppendAsync([Make.Stamped("c1", "timed", occurredAt: Make.Now.AddDays(-2))], default))[0]);
        Assert.IsType<AppendOutcome.Conflict>((await Events.AppendAsync([Make.Stamped("c1", "timed", now: Make.Now.AddHours(1))], default))[0]);
        Assert.IsType<AppendOutcome.Duplicate>((await Events.AppendAsync([Make.Stamped("c1", "untimed", now: Make.Now.AddHours(1))], default))[0]);
    }

    [Fact]
    public async Task Rule_3_an_id_belongs_to_its_subject_project_and_org()
    {
        var other = OrgId.Parse("umbrella");
        StampedEvent[] events =
        [
            Make.Stamped("c1", "a"), Make.Stamped("c2", "a"), Make.Stamped("c1", "a", project: ProjectId.Parse("mail")), Make.Stamped("c1", "a", org: other),
        ];

        var outcomes = await Events.AppendAsync(events, default);

        Assert.All(outcomes, o => Assert.Equal(1, Assert.IsType<AppendOutcome.Appended>(o).Event.Seq));
    }

    [Fact]
    public async Task Rule_4_a_list_is_answered_item_by_item_in_order_and_finds_its_own_duplicates()
    {
        await AppendAsync(Make.Stamped("c1", "a"));

        var outcomes = await Events.AppendAsync(
            [Make.Stamped("c1", "b"), Make.Stamped("c1", "a"), Make.Stamped("c2", "a"), Make.Stamped("c1", "b"), Make.Stamped("c1", "a", data: """{"format":"der"}"""), Make.Stamped("c1", "d")], default);

        Assert.Collection(
            outcomes,
            o => Assert.Equal(2, Assert.IsType<AppendOutcome.Appended>(o).Event.Seq),
            o => Assert.Equal(1, Assert.IsType<AppendOutcome.Duplicate>(o).Event.Seq),
            o => Assert.Equal(1, Assert.IsType<AppendOutcome.Appended>(o).Event.Seq),
            o => Assert.Equal(2, Assert.IsType<AppendOutcome.Duplicate>(o).Event.Seq),
            o => Assert.IsType<AppendOutcome.Conflict>(o),
            o => Assert.Equal(3, Assert.IsType<AppendOutcome.Appended>(o).Event.Seq));
    }

    [Fact]
    public async Task Rule_4_the_same_event_from_many_at_once_is_appended_by_one_of_them()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Events.AppendAsync([Make.Stamped("c1", "same")], default))));

        Assert.Single(outcomes, o => o[0] is AppendOutcome.Appended);
        Assert.Equal(15, outcomes.Count(o => o[0] is AppendOutcome.Duplicate));
        Assert.Single(await AllAsync("c1"));
    }

    [Fact]
    public async Task Rule_7_reads_never_show_another_subjects_events()
    {
        await Events.AppendAsync([Make.Stamped("c1", "a"), Make.Stamped("c2", "b"), Make.Stamped("c1", "a", org: OrgId.Parse("umbrella")), Make.Stamped("c1", "a", project: ProjectId.Parse("mail"))], default);

        var read = Assert.Single(await AllAsync("c1"));

        Assert.Equal(Make.Certificate("c1"), read.Address);
        Assert.Empty(await AllAsync("c3"));
    }

    [Fact]
    public async Task Rule_7_a_read_that_follows_an_answer_sees_the_event()
    {
        for (var i = 1; i <= 50; i++)
        {
            await AppendAsync(Make.Stamped("c1"));
            Assert.Equal(i, (await AllAsync("c1")).Count);
        }
    }

    [Fact]
    public async Task Rule_8_an_event_that_follows_a_seq_is_appended_right_after_it_or_not_at_all()
    {
        Assert.Equal(3, Assert.IsType<AppendOutcome.Moved>((await Events.AppendAsync([Make.Stamped("c1", "x"), Make.Stamped("c1", "y"), Make.Stamped("c1", "z"), Make.Stamped("c1", "late").Following(2)], default))[3]).HeadSeq);

        var outcomes = await Events.AppendAsync([Make.Stamped("c1", "a").Following(3), Make.Stamped("c1", "b").Following(3), Make.Stamped("c1", "c").Following(4), Make.Stamped("c2", "d").Following(0)], default);

        Assert.Equal(4, Assert.IsType<AppendOutcome.Appended>(outcomes[0]).Event.Seq);
        Assert.Equal(4, Assert.IsType<AppendOutcome.Moved>(outcomes[1]).HeadSeq);
        Assert.Equal(5, Assert.IsType<AppendOutcome.Appended>(outcomes[2]).Event.Seq);
        Assert.Equal(1, Assert.IsType<AppendOutcome.Appended>(outcomes[3]).Event.Seq);
        Assert.Equal(0, Assert.IsType<AppendOutcome.Moved>((await Events.AppendAsync([Make.Stamped("c3", "e").Following(1)], default))[0]).HeadSeq);
        Assert.Equal(["x", "y", "z", "a", "c"], (await AllAsync("c1")).Select(e => e.Id.Value));
        Assert.Empty(await AllAsync("c3"));
        Assert.Null(await Store.Certificates.ReadAsync(Make.Certificate("c3"), default));
    }

    [Fact]
    public async Task Rule_8_an_id_that_is_there_is_a_duplicate_or_a_conflict_wherever_the_head_is()
    {
        await AppendAsync(Make.Stamped("c1", "a"));
        await AppendAsync(Make.Stamped("c1", "b"));

        Assert.Equal(1, Assert.IsType<AppendOutcome.Duplicate>((await Events.AppendAsync([Make.Stamped("c1", "a").Following(0)], default))[0]).Event.Seq);
        Assert.IsType<AppendOutcome.Conflict>((await Events.AppendAsync([Make.Stamped("c1", "a", data: """{"format":"der"}""").Following(7)], default))[0]);
    }

    [Fact]
    public async Task Rule_8_of_many_that_follow_one_seq_at_once_one_is_appended()
    {
        await AppendAsync(Make.Stamped("c1", "a"));

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Events.AppendAsync([Make.Stamped("c1", $"n{i}").Following(1)], default))));

        Assert.Single(outcomes, o => o[0] is AppendOutcome.Appended { Event.Seq: 2 });
        Assert.Equal(15, outcomes.Count(o => o[0] is AppendOutcome.Moved { HeadSeq: 2 }));
    }

    protected async Task<AppendOutcome.Appended> AppendAsync(StampedEvent e) => Assert.IsType<AppendOutcome.Appended>(Assert.Single(await Events.AppendAsync([e], default)));

    protected async Task<IReadOnlyList<RecordedEvent>> AllAsync(string subject)
    {
        var all = new List<RecordedEvent>();
        var query = new TimelineQuery { Address = Make.Certificate(subject), Order = TimelineOrder.OldestFirst };
        for (long? from = null; ;)
        {
            var slice = await Events.ReadTimelineAsync(query, from, 100, default);
            all.AddRange(slice.Events);
            if (slice.ContinueFrom is null)
                return all;
            from = slice.ContinueFrom;
        }
    }

    static long SeqInLeaf(RecordedEvent e) => LeafHeader.TryRead(e.Leaf.Span, out var header) ? header.Seq : throw new InvalidDataException("not a leaf");
}
