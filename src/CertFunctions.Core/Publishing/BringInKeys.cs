using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// Has the log say that a newer key comes into force (R35), where this process holds one that it has not said so of: by an entry in each ledger, signed with the
/// log's key in force there. Told by the publisher, as it knows which key that is. The newer key signs nothing, and MACs nothing, before the entry is in the ledger
/// (<see cref="KeyInForce"/>, <see cref="ExtendLedger"/>).
/// <list type="number">
/// <item>The event is recorded. If we die before, the next run tells it; its id follows from the keys (a MAC key's from that one), so that it is told once, by however many.</item>
/// <item>The feed chains it, like any other. Until then checkpoints and entries go on under the old key.</item>
/// <item>Once every ledger has it, the record notes the new key, and starts go on with that one (<see cref="KeysOnRecord"/>). If we die before, the next run finds it so again.</item>
/// </list>
/// </summary>
public sealed class BringInKeys(ILedgerStore ledgers, TellOwnEvent tell, LogKeys log, LedgerKeys macs, KeysOnRecord record)
{
    readonly ConcurrentDictionary<KeyRotation, bool> told = new();

    /// <summary>Ledgers that need no entry for the newest MAC key any more.</summary>
    readonly ConcurrentDictionary<OrgId, bool> haveMac = new();
    bool noted;

    /// <summary>
    /// Tells what is to be told to one ledger; false while it is still to say that a newer key comes into force. <paramref name="inForce"/> is the log's key in
    /// force after its entries, <paramref name="lastMac"/> the id its last entry's MAC is under.
    /// </summary>
    public async Task<bool> HandleAsync(OrgId ledger, VerifierKey inForce, string lastMac, CancellationToken cancellationToken)
    {
        if (log.After(inForce) is { } next)
        {
            await TellAsync(new KeyRotation(ledger, RotatedKey.Signing, inForce.ToString(), next.ToString()), IdOf(inForce, next), inForce, cancellationToken).ConfigureAwait(false);
            return false;
        }

        // After a new signing key, not beside it: which of the two is chained first nobody knows, and the entry must be under the key in force.
        if (await HasMacAsync(ledger, lastMac, cancellationToken).ConfigureAwait(false) || !macs.TryGet(lastMac, out var old) || !macs.TryGet(macs.CurrentId, out var current))
            return true;
        var rotation = new KeyRotation(ledger, RotatedKey.Hmac, $"{lastMac} {LedgerKeys.CheckOf(old)}", $"{macs.CurrentId} {LedgerKeys.CheckOf(current)}");
        await TellAsync(rotation, macs.CurrentId, inForce, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <summary>
    /// Every ledger that can be published is, and says by now that the next key, where there is one, is in force: it signs from here on, here and where the service starts next.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (noted && log.Next is null)
            return;
        var inForce = log.Next ?? log.Current;
        await record.AdvanceAsync(log, inForce, cancellationToken).ConfigureAwait(false);
        await record.AdvanceAsync(macs, macs.CurrentId, cancellationToken).ConfigureAwait(false);
        noted = true;
        log.PutInForce(inForce);
    }

    /// <summary>Whether nothing is to be told of the newest MAC key: it is in use, its entry is there, or the ledger began under it and an entry would come too late.</summary>
    async Task<bool> HasMacAsync(OrgId ledger, string lastMac, CancellationToken cancellationToken)
    {
        if (lastMac == macs.CurrentId || haveMac.ContainsKey(ledger))
            return true;
        if (await ledgers.FindAsync(TellOwnEvent.Ledger(ledger), TellOwnEvent.KeyRotated(macs.CurrentId), cancellationToken).ConfigureAwait(false) is not EventStanding.Chained
            && (await ledgers.ReadAsync(ledger, 0, 1, cancellationToken).ConfigureAwait(false))[0].KeyId != macs.CurrentId)
            return false;
        haveMac[ledger] = true;
        return true;
    }

    /// <summary>
    /// From both keys, so that one told in vain, as another came in first, can follow that one later; and from the name they sign under: several logs may be kept over one
    /// store's ledgers, and each is told of its own.
    /// </summary>
    static string IdOf(VerifierKey old, VerifierKey next) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{old} {next}")))[..16];

    async Task TellAsync(KeyRotation rotation, string name, VerifierKey inForce, CancellationToken cancellationToken)
    {
        // An idle ledger would be told each minute.
        if (told.ContainsKey(rotation) || log.SignerOf(inForce) is not { } signer)
            return;
        await tell.HandleAsync(rotation.Ledger, KeyRotation.EventType, TellOwnEvent.KeyRotated(name), await rotation.SignAsync(signer, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        told[rotation] = true;
    }
}
