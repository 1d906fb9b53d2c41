using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Timers;

namespace CertFunctions.Core.Siem;

/// <summary>
/// Brings every sink up to ledgers: to those named, when a host's trigger saw them grow, and to all of them, from time to time, since a trigger may have been lost
/// and a sink may have been down. Each sink goes by its own position, so running this twice, or in several processes at once, sends something twice at worst.
/// A sink that does not take its batch holds up no other; when all were tried, it is told by <see cref="SinkStalledException"/>.
/// </summary>
public sealed class ForwardLedgers(IReadOnlyList<ForwardLedger> forwarders, ILedgerStore store, TimeProvider clock) : ITimedJob
{
    /// <summary>How long one call goes on. What is left the next one takes up: a host ends what takes too long, and the process with it.</summary>
    static readonly TimeSpan Enough = TimeSpan.FromMinutes(3);

    readonly ConcurrentDictionary<(ForwardLedger, OrgId), Turn> turns = new();

    public string Name => "forward";

    public TimeSpan Every => TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellationToken) =>
        await HandleAsync(await store.ListAsync(cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Forwards these ledgers to every sink until it has them, would not, or time is up.</summary>
    public async Task HandleAsync(IReadOnlyCollection<OrgId> ledgers, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var stalls = await Task.WhenAll(forwarders.Select(f => ForwardAsync(f, ledgers, started, cancellationToken))).ConfigureAwait(false);
        if (stalls.SelectMany(s => s).ToList() is { Count: > 0 } all)
            throw new SinkStalledException(all);
    }

    async Task<List<string>> ForwardAsync(ForwardLedger forwarder, IReadOnlyCollection<OrgId> ledgers, long started, CancellationToken cancellationToken)
    {
        var stalls = new List<string>();
        foreach (var ledger in ledgers)
        {
            // One at a time in this process: two would send each other's batches again.
            var turn = turns.GetOrAdd((forwarder, ledger), _ => new Turn());
            await turn.Gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (await ForwardAsync(forwarder, ledger, turn, started, cancellationToken).ConfigureAwait(false) is { } stalled)
                    stalls.Add($"the sink {forwarder.Sink.Name} does not take the ledger of {ledger}: {stalled.Reason}");
            }
            finally
            {
                turn.Gate.Release();
            }
        }

        return stalls;
    }

    async Task<ForwardOutcome.Stalled?> ForwardAsync(ForwardLedger forwarder, OrgId ledger, Turn turn, long started, CancellationToken cancellationToken)
    {
        // It asked to be left alone for a while; whoever calls in the meantime gets the same answer.
        if (turn.Stalled is { } before && clock.GetUtcNow() < turn.NotBefore)
            return before;
        turn.Stalled = null;
        while (clock.GetElapsedTime(started) < Enough)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var outcome = await forwarder.HandleAsync(ledger, cancellationToken).ConfigureAwait(false);
            if (outcome is ForwardOutcome.CaughtUp)
                return null;
            if (outcome is ForwardOutcome.Stalled stalled)
            {
                (turn.Stalled, turn.NotBefore) = (stalled, clock.GetUtcNow() + stalled.RetryAfter);
                return stalled;
            }
        }

        return null;
    }

    sealed class Turn
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public ForwardOutcome.Stalled? Stalled { get; set; }

        public DateTimeOffset NotBefore { get; set; }
    }
}

/// <summary>Sinks that did not take what they were sent. Nothing is lost: each goes on from its position.</summary>
public sealed class SinkStalledException(IReadOnlyList<string> stalls) : Exception(string.Join("; ", stalls))
{
    public IReadOnlyList<string> Stalls { get; } = stalls;
}
