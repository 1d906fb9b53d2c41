using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Timeline;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Ingest;

public sealed class IngestEventsTests
{
    readonly Recording store = new();

    IngestEvents Ingest => new(store, new ManualClock(Make.Now), new SeededRandom());

    [Fact]
    public async Task Each_event_of_a_batch_has_its_outcome_in_its_place_and_a_bad_one_sinks_no_other()
    {
        ParsedEvent[] batch =
        [
            Submission.Of("ext.a").Set("id", "\"e-1\"").Parse(),
            Submission.Of("cert.isued").Parse(),
            Submission.Of("ext.a").Set("id", "\"e-2\"").Parse(),
        ];

        var outcomes = await Ingest.HandleAsync(Make.Org, Make.Project, batch, null, default);

        Assert.Equal("e-1", Appended(outcomes[0]).Event.Id.Value);
        Assert.Equal("type", Assert.Single(Assert.IsType<IngestOutcome.Refused>(outcomes[1]).Errors).Field);
        Assert.Equal("e-2", Appended(outcomes[2]).Event.Id.Value);
        Assert.Equal(["e-1", "e-2"], Assert.Single(store.Calls).Select(e => e.Id.Value));
    }

    [Fact]
    public async Task Where_nothing_is_right_the_store_is_not_asked()
    {
        var outcomes = await Ingest.HandleAsync(Make.Org, Make.Project, [Submission.Of("x").Parse()], null, default);

        Assert.IsType<IngestOutcome.Refused>(Assert.Single(outcomes));
        Assert.Empty(store.Calls);
    }

    [Fact]
    public async Task Scope_time_and_trace_come_from_the_service()
    {
        const string Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

        await Ingest.HandleAsync(Make.Org, Make.Project, [Submission.Of("ext.a").Parse()], Trace, default);

        var stamped = Assert.Single(Assert.Single(store.Calls));
        Assert.Equal((Make.Org, Make.Project, Make.Now), (stamped.Address.Org, stamped.Address.Project, stamped.RecordedAt));
        Assert.Contains($"\"traceparent\":\"{Trace}\"", Make.Text(stamped.Leaf(1)), StringComparison.Ordinal);
    }

    static AppendOutcome.Appended Appended(IngestOutcome outcome) => Assert.IsType<AppendOutcome.Appended>(Assert.IsType<IngestOutcome.Appended>(outcome).Outcome);

    sealed class Recording : IEventStore
    {
        public List<IReadOnlyList<StampedEvent>> Calls { get; } = [];

        public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken)
        {
            Calls.Add(events);
            return Task.FromResult<IReadOnlyList<AppendOutcome>>([.. events.Select((e, i) => new AppendOutcome.Appended(e.Record(i + 1, e.Leaf(i + 1))))]);
        }

        public Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("ingest reads nothing");
    }
}
