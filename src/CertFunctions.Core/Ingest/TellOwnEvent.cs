using System.Security.Cryptography;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ingest;

/// <summary>
/// Records what the service has to tell of a ledger, as an event on the subject <c>ledger/ORG</c> of project <c>system</c>. Its id follows from what it tells:
/// if we die before the store answers, the next run tells it again, and it is one event.
/// </summary>
public sealed class TellOwnEvent(IEventStore store, TimeProvider clock, RandomNumberGenerator random)
{
    /// <summary>Where what concerns a ledger as a whole is told.</summary>
    public static SubjectAddress Ledger(OrgId ledger) => new(ledger, OwnEvent.Project, Subject.Parse("ledger", ledger.Value));

    /// <summary>The id under which it is told there that a key of this name, for a MAC key its id, comes into force.</summary>
    public static EventId KeyRotated(string keyName) => EventId.Parse($"key-rotated-{keyName}");

    /// <summary>The event, durable. Told before, in whatever words, it is the one that was told first.</summary>
    /// <exception cref="IOException">The store would not take it now; whoever tells tells it again.</exception>
    public async Task<RecordedEvent> HandleAsync(OrgId ledger, string type, EventId id, Action<Utf8JsonWriter> data, CancellationToken cancellationToken)
    {
        var stamped = OwnEvent.Of(Ledger(ledger), type, id, clock.GetUtcNow(), random, data);
        return (await store.AppendAsync([stamped], cancellationToken).ConfigureAwait(false))[0] switch
        {
            AppendOutcome.Appended appended => appended.Event,
            AppendOutcome.Duplicate duplicate => duplicate.Event,
            // The time of finding and the words may differ; what it tells does not.
            AppendOutcome.Conflict conflict => conflict.Existing,
            AppendOutcome.Busy => throw new IOException($"the store is too busy for {type}; it will be told again"),
            AppendOutcome.Full => throw new IOException($"the store has no room for {type}; it will be told again"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}
