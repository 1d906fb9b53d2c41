using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;

namespace CertFunctions.Core.Receipts;

/// <summary>
/// Signs what is promised of a stored event, as a note under the ledger's origin. Asked again, the same text is signed again, under the key in force then; the
/// signature differs, as ECDSA's do. Where a newer key waits, the record is asked every minute whether it came into force: the process that brings it in may be another.
/// </summary>
public sealed class SignReceipts(LogName log, LogKeys keys, MergeDelay delay, KeysOnRecord record, TimeProvider clock)
{
    static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    /// <summary>In ticks of UTC.</summary>
    long lookedAt = clock.GetUtcNow().UtcTicks;

    /// <summary>The receipt of an event that is durable; of no other may there be one.</summary>
    public async Task<SignedNote> HandleAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        // Set back or forward, the clock makes it look once too often.
        var now = clock.GetUtcNow().UtcTicks;
        if (keys.IsWaiting && Math.Abs(now - Interlocked.Read(ref lookedAt)) >= LookEvery.Ticks)
        {
            Interlocked.Exchange(ref lookedAt, now);
            await LookAsync(cancellationToken).ConfigureAwait(false);
        }

        var text = Encoding.UTF8.GetBytes(Receipt.Of(recorded, delay.Within).Text());
        return new SignedNote(text, [await keys.Signer(log.Origin(recorded.Address.Org)).SignAsync(text, cancellationToken).ConfigureAwait(false)]);
    }

    /// <summary>The event is stored: where the record does not answer, the key that signed so far is as good for its receipt, and is looked after in a minute.</summary>
    async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await record.FollowAsync(keys, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, the receipt does not hang on it.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
        }
    }
}
