using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem;

/// <summary>
/// Step 5 of an event's life: the ledger goes to one sink, in index order, from the sink's own position. If we die after the sink took a batch
/// and before the position is saved, the batch goes out again with the same ledger and indexes. A sink that is down holds up nobody else: the
/// ledger is the buffer.
/// </summary>
public sealed class ForwardLedger(ILedgerStore store, IPositionStore positions, ISink sink, TimeProvider clock)
{
    const int BatchEntries = 1000;

    readonly ConcurrentDictionary<OrgId, SinkStatus> statuses = new();

    public ISink Sink => sink;

    /// <summary>How each ledger stands with this sink, as far as this process has seen.</summary>
    public IReadOnlyCollection<SinkStatus> Statuses => [.. statuses.Values];

    /// <summary>Sends the next batch of one ledger.</summary>
    public async Task<ForwardOutcome> HandleAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var reader = $"sink/{sink.Name}/{ledger}";
        var stored = await positions.GetAsync(reader, cancellationToken).ConfigureAwait(false);
        var position = stored is null ? 0 : long.Parse(stored, CultureInfo.InvariantCulture);
        var entries = await store.ReadAsync(ledger, position, BatchEntries, cancellationToken).ConfigureAwait(false);
        if (entries.Count == 0)
        {
            statuses[ledger] = new SinkStatus(sink.Name, ledger, position, 0, null, clock.GetUtcNow());
            return new ForwardOutcome.CaughtUp();
        }

        switch (await sink.SendAsync(ledger, entries, cancellationToken).ConfigureAwait(false))
        {
            case SinkOutcome.Delivered:
                // The sink has them: from here on a cancelled caller must not make us forget it.
                position += entries.Count;
                await positions.SaveAsync(reader, position.ToString(CultureInfo.InvariantCulture), CancellationToken.None).ConfigureAwait(false);
                statuses[ledger] = new SinkStatus(sink.Name, ledger, position, 0, null, clock.GetUtcNow());
                return new ForwardOutcome.Sent(entries.Count);
            case SinkOutcome.Failed failed:
                var failures = statuses.TryGetValue(ledger, out var before) ? before.FailuresInARow + 1 : 1;
                statuses[ledger] = new SinkStatus(sink.Name, ledger, position, failures, failed.Reason, clock.GetUtcNow());
                return new ForwardOutcome.Stalled(failed.Reason, Backoff(failures));
            default:
                throw new UnreachableException();
        }
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

    /// <summary>The sink would not; the position stays, and the batch goes out again after <paramref name="RetryAfter"/>.</summary>
    public sealed record Stalled(string Reason, TimeSpan RetryAfter) : ForwardOutcome;
}

/// <summary>A sink's standing with one ledger: every entry below <paramref name="Position"/> was delivered.</summary>
public sealed record SinkStatus(string Sink, OrgId Ledger, long Position, int FailuresInARow, string? LastError, DateTimeOffset At);
