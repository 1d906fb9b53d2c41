using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;

namespace CertFunctions.Core.Receipts;

/// <summary>
/// Signs what is promised of a stored event, as a note under the ledger's origin. Asked again, the same text is signed again, under the key in force then; the
/// signature differs, as ECDSA's do.
/// </summary>
public sealed class SignReceipts(LogName log, LogKeys keys, MergeDelay delay)
{
    /// <summary>The receipt of an event that is durable; of no other may there be one.</summary>
    public async Task<SignedNote> HandleAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        var text = Encoding.UTF8.GetBytes(Receipt.Of(recorded, delay.Within).Text());
        return new SignedNote(text, [await keys.Signer(log.Origin(recorded.Address.Org)).SignAsync(text, cancellationToken).ConfigureAwait(false)]);
    }
}
