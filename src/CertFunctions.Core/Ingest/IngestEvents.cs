using System.Security.Cryptography;
using CertFunctions.Core.Events;

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
                    break;
            }
        }

        if (stamped.Count == 0)
            return outcomes;
        var appended = await store.AppendAsync(stamped, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < places.Count; i++)
            outcomes[places[i]] = new IngestOutcome.Appended(appended[i]);
        return outcomes;
    }
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
