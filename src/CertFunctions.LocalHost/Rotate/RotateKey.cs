using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;

namespace CertFunctions.LocalHost.Rotate;

/// <summary>
/// Brings a new key into force (R35), with the data folder held, so that nothing else signs meanwhile:
/// <list type="number">
/// <item>the new key lies in <c>keys/KIND-N.next</c>, flushed. Dies here: it is taken up again, and nobody knows of it;</item>
/// <item>each ledger's events say that the key makes way, signed with the log's key in force. Dies here: the event's id follows from the key's number, so it is told once;</item>
/// <item>those events are chained, under the old keys. Dies here: as before; the next start, of the service too, goes on;</item>
/// <item>the record notes the new key as the one in force. Dies here: as before, and a folder that has not the new key is refused from now on;</item>
/// <item>the file is renamed to <c>keys/KIND-N.key</c>: from here on the new key signs.</item>
/// </list>
/// So the new key signs nothing before the log says so, and the old one nothing after.
/// </summary>
sealed class RotateKey(ServeOptions options, ServiceKeys keys, LocalStore store, RandomNumberGenerator random)
{
    readonly DataFolder folder = options.Data;

    /// <summary>Told of each step once it is durable.</summary>
    public Action<string> Reached { get; init; } = _ => { };

    /// <summary>Whether a rotation was begun in this folder and not brought to its end.</summary>
    public static IEnumerable<RotatedKey> Begun(DataFolder folder) => Enum.GetValues<RotatedKey>().Where(k => File.Exists(KeyFiles.Next(folder, KeyRotation.Wire(k), NextNumber(folder, k))));

    /// <summary>Finishes what was begun; the keys in force afterwards, read anew where anything was.</summary>
    public static async Task<ServiceKeys> FinishAsync(ServeOptions options, ServiceKeys keys, LocalStore store, CancellationToken cancellationToken, RotatedKey? except = null)
    {
        foreach (var kind in Begun(options.Data).Where(k => k != except).Order().Reverse().ToList())
        {
            using var random = RandomNumberGenerator.Create();
            await new RotateKey(options, keys, store, random).HandleAsync(kind, cancellationToken).ConfigureAwait(false);
            keys = ServiceKeys.LoadOrCreate(options.Data);
        }

        return keys;
    }

    /// <summary>The id of the key that is in force now.</summary>
    public async Task<string> HandleAsync(RotatedKey kind, CancellationToken cancellationToken)
    {
        var (word, number) = (KeyRotation.Wire(kind), NextNumber(folder, kind));
        var next = KeyFiles.Next(folder, word, number);
        var record = new KeysOnRecord(store.Positions);
        // Of several keys in the folder the one in force need not be the last.
        await record.FollowAsync(keys.Log, cancellationToken).ConfigureAwait(false);
        await RefuseRetiredAsync(kind, next, cancellationToken).ConfigureAwait(false);
        if (keys.Log.IsWaiting)
            throw new MendableException($"{folder.Keys} holds a signing key that is not in force yet: start the service, which brings it in, or take it away; then rotate.");
        // Flushed before its name appears: what the ledger is told of below is not lost with the power.
        var secret = SecretFile.LoadOrCreate(next, kind == RotatedKey.Signing ? SigningKeys.NewKey : SecretFile.RandomHex);
        Reached("made");

        // What is recorded under the old key and not chained may be a ledger's first: that one is told too.
        await store.ChainAllAsync(new ExtendLedger(store.Ledger, keys.Ledger), cancellationToken).ConfigureAwait(false);
        var told = new List<RecordedEvent>();
        foreach (var ledger in (await store.Ledger.ListAsync(cancellationToken).ConfigureAwait(false)).Append(options.Org).Distinct())
        {
            told.Add(await TellAsync(ledger, kind, number, next, secret, cancellationToken).ConfigureAwait(false));
            Reached("told");
        }

        await store.ChainAllAsync(new ExtendLedger(store.Ledger, keys.Ledger), cancellationToken).ConfigureAwait(false);
        foreach (var recorded in told)
        {
            if ((await store.Ledger.CatchUpAsync(recorded.Address.Org, [recorded], cancellationToken).ConfigureAwait(false)).Unchained.Count > 0)
                throw new MendableException($"The ledger of {recorded.Address.Org} did not take the rotation: the old key stays in force. Run 'certfn verify', then 'certfn rotate {word}' again.");
        }

        Reached("chained");
        if (kind == RotatedKey.Signing)
        {
            using var key = SigningKeys.Read(next);
            await record.AdvanceAsync(keys.Log, key, cancellationToken).ConfigureAwait(false);
        }
        else
            await record.AdvanceAsync(keys.Ledger, KeyFiles.Id(word, number), cancellationToken).ConfigureAwait(false);

        Reached("noted");
        File.Move(next, KeyFiles.Path(folder, word, number), overwrite: false);
        Reached("in force");
        return KeyFiles.Id(word, number);
    }

    /// <summary>A copy of the folder from before a rotation holds a key that gave way; what it signs would count for nothing.</summary>
    async Task RefuseRetiredAsync(RotatedKey kind, string next, CancellationToken cancellationToken)
    {
        if (await new KeysOnRecord(store.Positions).InForceAsync(cancellationToken).ConfigureAwait(false) is not { } noted || noted == KeysOnRecord.NameOf(keys.Log.Signer("log").Verifier))
            return;
        if (kind == RotatedKey.Signing && File.Exists(next))
        {
            // Killed between the last two steps.
            using var key = SigningKeys.Read(next);
            if (noted == KeysOnRecord.NameOf(key.Named("log").Verifier))
                return;
        }

        throw new MendableException($"The log is signed with the key {noted[..8]} (the id in its vkey), which is not in {folder.Keys}: rotate where the newest keys are, or copy them here.");
    }

    async Task<RecordedEvent> TellAsync(OrgId ledger, RotatedKey kind, int number, string next, string secret, CancellationToken cancellationToken)
    {
        var signer = keys.Log.Signer(folder.LogName(options.LogName).Origin(ledger));
        var rotation = kind == RotatedKey.Signing ? Signing(ledger, signer, next) : Hmac(ledger, number, secret);
        var id = TellOwnEvent.KeyRotated(KeyFiles.Id(KeyRotation.Wire(kind), number));
        var recorded = await new TellOwnEvent(store.Events, options.Clock, random)
            .HandleAsync(ledger, KeyRotation.EventType, id, await rotation.SignAsync(signer, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        // Told in an earlier run it was signed anew now, and the first one stays; but it must speak of this very key.
        return KeyRotation.TryRead(recorded.Leaf.Span) is var (there, _) && there == rotation
            ? recorded
            : throw new MendableException($"The ledger of {ledger} says that another key than the one in {next} comes into force: restore that file from a backup, as nothing else can sign for this log any more.");
    }

    static KeyRotation Signing(OrgId ledger, INoteSigner inForce, string next)
    {
        using var key = SigningKeys.Read(next);
        return new KeyRotation(ledger, RotatedKey.Signing, inForce.Verifier.ToString(), key.Named(inForce.Verifier.Name).Verifier.ToString());
    }

    KeyRotation Hmac(OrgId ledger, int number, string secret) => new(
        ledger,
        RotatedKey.Hmac,
        $"{keys.Ledger.CurrentId} {keys.Ledger.Checks()[keys.Ledger.CurrentId]}",
        $"{KeyFiles.Id(KeyFiles.Hmac, number)} {LedgerKeys.CheckOf(Convert.FromHexString(secret))}");

    static int NextNumber(DataFolder folder, RotatedKey kind) => KeyFiles.Numbered(folder, KeyRotation.Wire(kind)).Keys.LastOrDefault() + 1;
}
