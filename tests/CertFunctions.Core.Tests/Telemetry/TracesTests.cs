using System.Diagnostics;
using System.Diagnostics.Metrics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Core.Telemetry;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Timers;
using CertFunctions.Testing;
using CertFunctions.Testing.Siem;

namespace CertFunctions.Core.Tests.Telemetry;

/// <summary>Listeners are for the whole process, so these run alone.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Ingest, chaining and forwarding of one event are one trace, under the context its client sent; what nobody listens to costs nothing.</summary>
[Collection(nameof(Alone))]
public sealed class TracesTests
{
    const string Client = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const string NotSampled = "00-5bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

    readonly MemoryLedgerStore ledger = new();
    readonly ManualClock clock = new(Make.Now);

    [Fact]
    public async Task Ingest_chaining_and_forwarding_of_an_event_are_one_trace()
    {
        var ended = new List<Activity>();
        using var listener = Listen(ended);

        await RunAsync(Client, NotSampled);

        var trace = ended.Where(a => a.TraceId.ToHexString() == Client[3..35]).ToList();
        var ingest = Assert.Single(trace, a => a.OperationName == "ingest");
        Assert.Equal(Client[36..52], ingest.ParentSpanId.ToHexString());
        var steps = trace.Where(a => a != ingest).ToList();
        Assert.Equal(["chain", "forward"], steps.Select(a => a.OperationName));
        Assert.All(steps, a => Assert.Equal(ingest.SpanId, a.ParentSpanId));
        Assert.All(steps, a => Assert.Equal(("acme", "web"), (a.GetTagItem("certfn.org"), a.GetTagItem("certfn.project"))));
        Assert.Equal("hub", steps[1].GetTagItem("certfn.sink"));

        // Each is linked to the batch it was done in.
        foreach (var (step, batch) in new[] { (steps[0], "chain batch"), (steps[1], "forward batch") })
            Assert.Equal(Assert.Single(ended, a => a.OperationName == batch).Context, Assert.Single(step.Links).Context);
    }

    [Fact]
    public async Task What_the_client_did_not_sample_is_not_sampled_later_either()
    {
        var ended = new List<Activity>();
        using var listener = Listen(ended);

        await RunAsync(Client, NotSampled);

        Assert.DoesNotContain(ended, a => a.TraceId.ToHexString() == NotSampled[3..35] && a.Recorded);
    }

    [Fact]
    public async Task Without_a_listener_the_clients_context_is_kept_as_it_came()
    {
        var leaf = (await RunAsync(Client))[0].Leaf;

        Assert.Contains($",\"traceparent\":\"{Client}\"", Make.Text(leaf), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"traceparent":"00-11111111111111111111111111111111-2222222222222222-01"}""")]
    [InlineData("""{"a":",\"traceparent\":\"00-11111111111111111111111111111111-2222222222222222-01\"","z":",\"recorded_at\":\"2001-01-01T00:00:00Z\""}""")]
    public void No_payload_passes_for_a_context_or_a_time(string data)
    {
        var recorded = Reviews.Recorded(Reviews.Address("s-1"), 1, data);

        Assert.NotEqual("11111111111111111111111111111111", Traces.ContextOf(recorded.Leaf.Span)?.TraceId.ToHexString());
        Assert.Equal(Make.Now, Traces.RecordedAt(recorded.Leaf.Span));
    }

    [Fact]
    public async Task Measurements_say_what_became_of_events_and_have_no_label_that_grows()
    {
        var measured = new List<(string Name, double Value, string Labels)>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == Instruments.Name) l.EnableMeasurementEvents(instrument); } };
        meters.SetMeasurementEventCallback<long>((i, value, labels, _) => Add(i, value, labels));
        meters.SetMeasurementEventCallback<double>((i, value, labels, _) => Add(i, value, labels));
        meters.Start();

        await RunAsync(Client, NotSampled);
        clock.Advance(TimeSpan.FromSeconds(90));
        var down = new ForwardLedger(ledger, new MemoryPositions(), new ScriptedSink("a-sink-that-is-down") { Down = "no" }, clock);
        Assert.IsType<ForwardOutcome.Stalled>(await down.HandleAsync(Make.Org, default));
        await Assert.ThrowsAsync<IOException>(() => new RunJob([new BrokenJob()], new Forgetful(), clock).HandleAsync("broken", default));
        meters.RecordObservableInstruments();

        Assert.Equal(2, measured.Where(m => m is { Name: "certfn.events.ingested", Labels: "outcome=recorded" }).Sum(m => m.Value));
        Assert.Equal(2, measured.Where(m => m.Name == "certfn.events.chained").Sum(m => m.Value));
        Assert.Contains(("certfn.ledger.appends", 1, "outcome=appended"), measured);
        Assert.Contains(("certfn.sink.entries", 2, "sink=hub"), measured);
        Assert.Contains(("certfn.sink.failures", 1, "sink=a-sink-that-is-down,error_class=io_transient"), measured);
        Assert.Contains(("certfn.job.runs", 1, "job=broken,outcome=failed"), measured);
        // Nobody tries, and the lag grows all the same.
        Assert.Contains(("certfn.sink.lag", 90, "sink=a-sink-that-is-down"), measured);
        Assert.All(measured, m => Assert.DoesNotContain("acme", m.Labels, StringComparison.Ordinal));

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var text = new List<string>();
            foreach (var (name, label) in labels)
                text.Add($"{name}={label}");
            lock (measured)
                measured.Add((instrument.Name, value, string.Join(',', text)));
        }
    }

    [Fact]
    public void Where_nobody_listens_nothing_is_allocated()
    {
        var events = Reviews.Events(10);
        var started = Make.Now;
        Measure();

        var before = GC.GetAllocatedBytesForCurrentThread();
        Measure();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Measure()
        {
            for (var i = 0; i < 100; i++)
            {
                using var activity = Traces.Source.StartActivity("ingest");
                Instruments.Ingested.Add(1, Instruments.Label("outcome", "recorded"));
                Traces.Done("chain", events, started);
            }
        }
    }

    /// <summary>One event under each context, ingested, chained and forwarded.</summary>
    async Task<IReadOnlyList<RecordedEvent>> RunAsync(params string[] contexts)
    {
        var events = new OneSubject();
        var ingest = new IngestEvents(events, clock, new SeededRandom());
        foreach (var (index, context) in contexts.Index())
        {
            var parsed = Make.Parse($$$"""{"id":"e-{{{index}}}","type":"ext.acme.reviewed","subject":{"kind":"review","id":"s-1"},"actor":{"type":"user","id":"u-1"},"data":{}}""");
            await ingest.HandleAsync(Make.Org, Make.Project, [parsed], context, default);
        }

        await new ExtendLedger(ledger, Reviews.Keys, clock).HandleAsync(events.Recorded, default);
        var forward = new ForwardLedger(ledger, new MemoryPositions(), new EventHubSink("hub", new ScriptedHub(), EventHubEnvelope.Packed), clock);
        Assert.IsType<ForwardOutcome.Sent>(await forward.HandleAsync(Make.Org, default));
        return events.Recorded;
    }

    /// <summary>As a parent-based sampler decides: what has a parent is as its parent is.</summary>
    static ActivityListener Listen(List<Activity> ended)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Instruments.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent == default || options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.PropagationData,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    sealed class BrokenJob : ITimedJob
    {
        public string Name => "broken";

        public TimeSpan Every => TimeSpan.FromMinutes(1);

        public Task RunAsync(CancellationToken cancellationToken) => throw new IOException("the store is gone");
    }

    /// <summary>Where a run is remembered that nobody asks about.</summary>
    sealed class Forgetful : IPositionStore
    {
        public Task<string?> GetAsync(string reader, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

        public Task SaveAsync(string reader, string position, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken) => Task.FromResult(true);
    }

    /// <summary>What was appended, to one subject.</summary>
    sealed class OneSubject : IEventStore
    {
        public List<RecordedEvent> Recorded { get; } = [];

        public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<AppendOutcome>>([.. events.Select(e =>
            {
                Recorded.Add(e.Record(Recorded.Count + 1, e.Leaf(Recorded.Count + 1)));
                return new AppendOutcome.Appended(Recorded[^1]);
            })]);

        public Task<Core.Timeline.TimelineSlice> ReadTimelineAsync(Core.Timeline.TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
