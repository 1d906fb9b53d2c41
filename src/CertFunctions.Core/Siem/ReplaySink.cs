using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Core.Siem;

/// <summary>What became of a wish to have entries sent again.</summary>
public abstract record ReplayOutcome
{
    ReplayOutcome()
    {
    }

    /// <summary>Every entry from <paramref name="From"/> on goes out, those below <paramref name="Before"/> once more.</summary>
    public sealed record Replaying(long From, long Before) : ReplayOutcome;

    /// <summary>There is no sink of that name.</summary>
    public sealed record NoSuchSink : ReplayOutcome;

    /// <summary>Below zero, or above where the sink is: a replay never passes anything over.</summary>
    public sealed record OutOfRange(long Position) : ReplayOutcome;

    /// <summary>The sink takes nothing twice, and says what to do instead.</summary>
    public sealed record Refused(string Reason) : ReplayOutcome;

    /// <summary>The position moved each time it was looked at; nothing was set back.</summary>
    public sealed record Busy : ReplayOutcome;
}

/// <summary>
/// Sets a sink's position back, so that its ledger goes out again from there (R41), beside forwarders that run meanwhile in any process: a forwarder moves the position
/// only from exactly the text it read before it sent, and each replay gives that text a new number, so a batch under way when the replay lands cannot move past it; at
/// worst it goes out once more. Told first, as <c>siem.replayed</c>: if we die before the position is set, it was asked for and is asked for again.
/// </summary>
public sealed class ReplaySink(IReadOnlyList<ForwardLedger> forwarders, IPositionStore positions, TellOwnEvent tell)
{
    /// <summary>A forwarder moves the position once for each batch it sends; so often in a row it does not while we look.</summary>
    const int Attempts = 20;

    /// <summary>Sets the position of <paramref name="sink"/> in <paramref name="ledger"/> back to <paramref name="from"/>, at the wish of <paramref name="requestedBy"/> (a credential's name).</summary>
    public async Task<ReplayOutcome> HandleAsync(OrgId ledger, string sink, long from, string requestedBy, CancellationToken cancellationToken)
    {
        if (forwarders.FirstOrDefault(f => f.Sink.Name == sink) is not { } forwarder)
            return new ReplayOutcome.NoSuchSink();
        if (forwarder.Sink.NoReplay is { } reason)
            return new ReplayOutcome.Refused(reason);
        var reader = SinkPosition.Reader(sink, ledger);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var stored = await positions.GetAsync(reader, cancellationToken).ConfigureAwait(false);
            var before = SinkPosition.Read(stored);
            if (from < 0 || from > before.Index)
                return new ReplayOutcome.OutOfRange(before.Index);
            var back = new SinkPosition(from, before.Replays + 1);
            await TellAsync(ledger, sink, before.Index, back, requestedBy, cancellationToken).ConfigureAwait(false);
            // Told: from here on a caller who hangs up must not keep it from being done.
            if (await positions.TryMoveAsync(reader, stored, back.Print(), CancellationToken.None).ConfigureAwait(false))
                return new ReplayOutcome.Replaying(from, before.Index);
        }

        return new ReplayOutcome.Busy();
    }

    /// <summary>One event for each replay, however often the race for the position is lost: its number and place are in the id.</summary>
    Task<RecordedEvent> TellAsync(OrgId ledger, string sink, long before, SinkPosition back, string requestedBy, CancellationToken cancellationToken) => tell.HandleAsync(
        ledger, "siem.replayed", EventId.Parse(string.Create(CultureInfo.InvariantCulture, $"replayed-{sink}-{back.Replays}-{back.Index}")), json =>
        {
            json.WriteString("sink"u8, sink);
            json.WriteNumber("from"u8, back.Index);
            json.WriteNumber("position"u8, before);
            json.WriteString("requested_by"u8, requestedBy);
        }, cancellationToken);
}
