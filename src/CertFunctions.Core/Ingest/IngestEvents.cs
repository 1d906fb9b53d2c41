using System.Diagnostics;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Ingest;

/// <summary>
/// Steps 1 and 2 of an event's life: what was parsed is stamped and appended. If we die before the append returns, the client has no answer,
/// submits again, and gets the seq it already had.
/// </summary>
public sealed class IngestEvents(IEventStore store, TimeProvider clock, RandomNumberGenerator random)
{
    /// <summary>Most events in one call: what a request, and one group commit, may hold.</summary>
    public const int MaxBatch = 10_000;

    /// <summary>One outcome per event, in order. The scope comes from the caller's credential and path, never from the event.</summary>
    public async Task<IReadOnlyList<IngestOutcome>> HandleAsync(OrgId org, ProjectId project, IReadOnlyList<ParsedEvent> events, string? traceparent, CancellationToken cancellationToken)
    {
        using var activity = Ingest(traceparent);
        // Who handles the event next goes on from here, where anybody looks; otherwise from where the client was.
        if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
            traceparent = id;
        var now = clock.GetUtcNow();
        var outcomes = new IngestOutcome[events.Count];
        var stamped = new List<StampedEvent>(events.Count);
        var places = new List<int>(events.Count);
        for (var i = 0; i < events.Count; i++)
        {
            switch (events[i])
            {
                case ParsedEvent.Accepted accepted:
                    stamped.Add(StampedEvent.Stamp(accepted.Event, org, project, traceparent, now, random));
                    places.Add(i);
                    break;
                case ParsedEvent.Refused refused:
                    outcomes[i] = new IngestOutcome.Refused(refused.Errors);
                    Count("refused");
                    break;
            }
        }

        if (stamped.Count == 0)
            return outcomes;
        var appended = await store.AppendAsync(stamped, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < places.Count; i++)
        {
            outcomes[places[i]] = new IngestOutcome.Appended(appended[i]);
            Count(Word(appended[i]));
        }

        return outcomes;
    }

    /// <summary>The request's own activity is the parent where the host has one; otherwise the client's.</summary>
    static Activity? Ingest(string? traceparent) =>
        Traces.Source.HasListeners() && Activity.Current is null && ActivityContext.TryParse(traceparent, null, isRemote: true, out var client)
            ? Traces.Source.StartActivity("ingest", ActivityKind.Internal, client)
            : Traces.Source.StartActivity("ingest");

    static void Count(string outcome) => Instruments.Ingested.Add(1, Instruments.Label("outcome", outcome));

    static string Word(AppendOutcome outcome) => outcome switch
    {
        AppendOutcome.Appended => "recorded",
        AppendOutcome.Duplicate => "duplicate",
        AppendOutcome.Conflict => "conflict",
        AppendOutcome.Busy => "busy",
        AppendOutcome.Full => "full",
        _ => throw new UnreachableException(),
    };
}

/// <summary>What became of one submitted event.</summary>
public abstract record IngestOutcome
{
    IngestOutcome()
    {
    }

    /// <summary>It reached the store, and this is what the store said.</summary>
    public sealed record Appended(AppendOutcome Outcome) : IngestOutcome;

    /// <summary>It was not right, and nothing of it was kept.</summary>
    public sealed record Refused(IReadOnlyList<FieldError> Errors) : IngestOutcome;
}
