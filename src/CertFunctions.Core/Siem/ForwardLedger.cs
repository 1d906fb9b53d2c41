using System.Collections.Concurrent;
using System.Diagnostics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Siem;

/// <summary>
/// Step 5 of an event's life: the ledger goes to one sink, in index order, from the sink's own position. If we die after the sink took a batch
/// and before the position is saved, the batch goes out again with the same ledger and indexes. A sink that is down holds up nobody else: the
/// ledger is the buffer. The position is moved only from where it was read: what was set back meanwhile (<see cref="ReplaySink"/>) stays set back.
/// </summary>
public sealed class ForwardLedger
{
    const int BatchEntries = 1000;

    /// <summary>How long a sink is left alone that needs somebody to mend it.</summary>
    static readonly TimeSpan Rarely = TimeSpan.FromMinutes(5);

    readonly ILedgerStore store;
    readonly IPositionStore positions;
    readonly ISink sink;
    readonly TimeProvider clock;
    readonly ConcurrentDictionary<OrgId, SinkStatus> statuses = new();

    public ForwardLedger(ILedgerStore store, IPositionStore positions, ISink sink, TimeProvider clock)
    {
        (this.store, this.positions, this.sink, this.clock) = (store, positions, sink, clock);
        SinkLag.Watch(this);
    }

    public ISink Sink => sink;

    /// <summary>How each ledger stands with this sink, as far as this process has seen.</summary>
    public IReadOnlyCollection<SinkStatus> Statuses => [.. statuses.Values];

    /// <summary>Age of the oldest entry the sink does not have, over all ledgers; null before anything was forwarded.</summary>
    internal TimeSpan? Lag()
    {
        var now = clock.GetUtcNow();
        return statuses.IsEmpty ? null : statuses.Values.Max(s => s.OldestWaiting is { } since && since < now ? now - since : TimeSpan.Zero);
    }

    /// <summary>Sends the next batch of one ledger.</summary>
    public async Task<ForwardOutcome> HandleAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var stored = await positions.GetAsync(SinkPosition.Reader(sink.Name, ledger), cancellationToken).ConfigureAwait(false);
        var position = SinkPosition.Read(stored).Index;
        var entries = await store.ReadAsync(ledger, position, BatchEntries, cancellationToken).ConfigureAwait(false);
        if (entries.Count == 0)
        {
            statuses[ledger] = new SinkStatus(sink.Name, ledger, position, 0, null, clock.GetUtcNow());
            return new ForwardOutcome.CaughtUp();
        }

        var started = clock.GetUtcNow();
        using var activity = Traces.Source.StartActivity("forward batch", ActivityKind.Producer);
        switch (await sink.SendAsync(ledger, entries, cancellationToken).ConfigureAwait(false))
        {
            case SinkOutcome.Delivered:
                // The sink has them: from here on a cancelled caller must not make us forget it.
                position = await TakenAsync(ledger, stored, entries, entries.Count, started).ConfigureAwait(false);
                statuses[ledger] = new SinkStatus(sink.Name, ledger, position, 0, null, clock.GetUtcNow()) { OldestWaiting = entries.Count == BatchEntries ? Traces.RecordedAt(entries[^1].Event.Leaf.Span) : null };
                return new ForwardOutcome.Sent(entries.Count);
            case SinkOutcome.Failed failed:
                if (failed.Taken > 0)
                    position = await TakenAsync(ledger, stored, entries, failed.Taken, started).ConfigureAwait(false);
                activity?.SetStatus(ActivityStatusCode.Error, failed.Reason);
                Instruments.SinkFailures.Add(1, Instruments.Label("sink", sink.Name), Instruments.Label("error_class", failed.Class.Wire()));
                var failures = failed.Taken == 0 && statuses.TryGetValue(ledger, out var before) ? before.FailuresInARow + 1 : 1;
                statuses[ledger] = new SinkStatus(sink.Name, ledger, position, failures, failed.Reason, clock.GetUtcNow()) { OldestWaiting = Traces.RecordedAt(entries[failed.Taken].Event.Leaf.Span) };
                return new ForwardOutcome.Stalled(failed.Reason, Patience(failed, failures)) { Class = failed.Class };
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>Moves the position past what the sink took, unless it was moved meanwhile; where it is then.</summary>
    async Task<long> TakenAsync(OrgId ledger, string? stored, IReadOnlyList<ChainedEvent> entries, int taken, DateTimeOffset started)
    {
        var before = SinkPosition.Read(stored);
        var next = before with { Index = before.Index + taken };
        var moved = await positions.TryMoveAsync(SinkPosition.Reader(sink.Name, ledger), stored, next.Print(), CancellationToken.None).ConfigureAwait(false);
        Instruments.Forwarded.Add(taken, Instruments.Label("sink", sink.Name));
        Traces.Done("forward", entries.Take(taken).Select(e => e.Event), started, Instruments.Label("certfn.sink", sink.Name));
        return moved ? next.Index : await PositionAsync(ledger, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Where the sink stands with a ledger, by whichever process: every entry below was delivered since it was last set back.</summary>
    public async Task<long> PositionAsync(OrgId ledger, CancellationToken cancellationToken) =>
        SinkPosition.Read(await positions.GetAsync(SinkPosition.Reader(sink.Name, ledger), cancellationToken).ConfigureAwait(false)).Index;

    static TimeSpan Patience(SinkOutcome.Failed failed, int failures)
    {
        var own = failed.Class.NeedsSomebody() ? Rarely : Backoff(failures);
        return failed.RetryAfter is { } asked && asked > own ? asked : own;
    }

    /// <summary>1 s, doubled with each failure in a row, a minute at most.</summary>
    static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, Math.Min(failures - 1, 6))));
}

/// <summary>What one step of forwarding did.</summary>
public abstract record ForwardOutcome
{
    ForwardOutcome()
    {
    }

    public sealed record Sent(int Entries) : ForwardOutcome;

    public sealed record CaughtUp : ForwardOutcome;

    /// <summary>The sink would not take all of it; the position is past what it took, and the rest goes out again after <paramref name="RetryAfter"/>.</summary>
    public sealed record Stalled(string Reason, TimeSpan RetryAfter) : ForwardOutcome
    {
        public ErrorClass Class { get; init; } = ErrorClass.Transient;
    }
}

/// <summary>A sink's standing with one ledger: every entry below <paramref name="Position"/> was delivered.</summary>
public sealed record SinkStatus(string Sink, OrgId Ledger, long Position, int FailuresInARow, string? LastError, DateTimeOffset At)
{
    /// <summary>When the oldest entry was recorded that the sink does not have, as far as is known; null where it has all.</summary>
    public DateTimeOffset? OldestWaiting { get; init; }
}
