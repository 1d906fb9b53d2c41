using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Siem;

namespace CertFunctions.Core.Publishing;

/// <summary>
/// Which keys a record was kept under, noted beside it, oldest first and the one in force last, so that a start costs two reads to find out that it comes with
/// others: a key changed by configuration alone, a retired one, one too few. It keeps mistakes out, and proves nothing: what holds is what the log says.
/// </summary>
public sealed class KeysOnRecord(IPositionStore positions)
{
    /// <summary>Where they are kept among the readers' positions: names of signing keys, and ids of MAC keys, separated by blanks.</summary>
    public const string Signing = "keys/signing", Macs = "keys/hmac";

    /// <summary>What a signing key is called here: the first 16 hex digits of the SHA-256 of its SubjectPublicKeyInfo, of which the first 8 are its id in a vkey.</summary>
    public static string NameOf(VerifierKey key) => Convert.ToHexStringLower(SHA256.HashData(key.Key.Span))[..16];

    /// <summary>
    /// Holds the keys at hand against those noted; null where they fit, otherwise what does not and what to do about it. The log's key that is noted as in force signs
    /// from here on. A key is noted once every ledger is published under it, or has it for its MACs; MAC keys also where none are noted.
    /// </summary>
    public async Task<string?> CheckAsync(LogKeys log, LedgerKeys macs, CancellationToken cancellationToken) =>
        await CheckSigningAsync(log, cancellationToken).ConfigureAwait(false) ?? await CheckMacsAsync(macs, cancellationToken).ConfigureAwait(false);

    /// <summary>The name of the signing key noted as in force; null where none is noted.</summary>
    public async Task<string?> InForceAsync(CancellationToken cancellationToken) => (await SigningAsync(cancellationToken).ConfigureAwait(false)).LastOrDefault();

    /// <summary>The key noted as in force signs from here on, where it is at hand; where none is noted the oldest does.</summary>
    public async Task FollowAsync(LogKeys log, CancellationToken cancellationToken)
    {
        if (Place(NamesOf(log), await SigningAsync(cancellationToken).ConfigureAwait(false)) is var at and >= 0)
            log.PutInForce(at);
    }

    /// <summary>Notes that a signing key came into force, after the one that is in force here. Whoever notes it first, each is noted once.</summary>
    public async Task AdvanceAsync(LogKeys log, ILogKey next, CancellationToken cancellationToken)
    {
        await NoteAsync(Signing, NameOf(log.Current), cancellationToken).ConfigureAwait(false);
        await NoteAsync(Signing, NameOf(next), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes the same of a MAC key.</summary>
    public async Task AdvanceAsync(LedgerKeys macs, string id, CancellationToken cancellationToken)
    {
        await NotedMacsAsync(macs, cancellationToken).ConfigureAwait(false);
        await NoteAsync(Macs, id, cancellationToken).ConfigureAwait(false);
    }

    async Task NoteAsync(string kind, string name, CancellationToken cancellationToken)
    {
        for (var noted = await positions.GetAsync(kind, cancellationToken).ConfigureAwait(false);
            !Names(noted).Contains(name) && !await positions.TryMoveAsync(kind, noted, $"{noted} {name}".TrimStart(), cancellationToken).ConfigureAwait(false);
            noted = await positions.GetAsync(kind, cancellationToken).ConfigureAwait(false))
        {
        }
    }

    async Task<string?> CheckSigningAsync(LogKeys log, CancellationToken cancellationToken)
    {
        var held = NamesOf(log);
        var noted = await SigningAsync(cancellationToken).ConfigureAwait(false);
        var at = Place(held, noted);
        if (at < 0)
        {
            if (log.IsPublicOnly(noted[^1]))
                return $"The log is signed with the key {noted[^1][..8]}, and this service has only the public half of it: name it with its private half; the id is the one in its vkey";
            return noted.Contains(held[^1])
                ? $"The signing key {held[^1][..8]} gave way: the log is signed with {noted[^1][..8]} by now. Name that one too, at the end of the signing keys; the id is the one in its vkey"
                : $"The log is signed with the key {noted[^1][..8]}, which this service does not have: it comes with {string.Join(", ", held.Select(n => n[..8]))}. A new signing key is named after the one in force, which has the log say so: name both, the new one last; the id is the one in a vkey";
        }

        if (held.Skip(at + 1).FirstOrDefault(noted.Contains) is { } retired)
            return $"The signing key {retired[..8]} gave way to {noted[^1][..8]}, and none comes back: name the signing keys in the order they came in, or a new one last";
        if (noted.Count > 0 && held.Take(at).FirstOrDefault(n => !noted.Contains(n)) is { } early)
            return $"The signing key {early[..8]} was never in force and is named before {noted[^1][..8]}, which is: a new one is named last";
        log.PutInForce(at);
        return null;
    }

    async Task<string?> CheckMacsAsync(LedgerKeys macs, CancellationToken cancellationToken)
    {
        var noted = await NotedMacsAsync(macs, cancellationToken).ConfigureAwait(false);
        if (noted[^1] != macs.CurrentId && noted.Contains(macs.CurrentId))
            return $"The MAC key '{macs.CurrentId}' gave way to '{noted[^1]}', and none comes back: put that one in force, or a new one with an id of its own";
        return macs.TryGet(noted[^1], out _) ? null : $"The ledger is kept under the MAC key '{noted[^1]}', and this service does not have it: name it too, before '{macs.CurrentId}'";
    }

    async Task<List<string>> NotedMacsAsync(LedgerKeys macs, CancellationToken cancellationToken)
    {
        var noted = Names(await positions.GetAsync(Macs, cancellationToken).ConfigureAwait(false));
        if (noted.Count > 0)
            return noted;
        // Of two first starts at once one notes; what it noted is read by both.
        noted = [.. macs.Checks().Keys.Where(id => id != macs.CurrentId).Order(StringComparer.Ordinal), macs.CurrentId];
        await positions.TryMoveAsync(Macs, null, string.Join(' ', noted), cancellationToken).ConfigureAwait(false);
        return Names(await positions.GetAsync(Macs, cancellationToken).ConfigureAwait(false)) is { Count: > 0 } first ? first : noted;
    }

    async Task<List<string>> SigningAsync(CancellationToken cancellationToken) => Names(await positions.GetAsync(Signing, cancellationToken).ConfigureAwait(false));

    /// <summary>Where the key noted as in force stands among those at hand; negative where it does not. Nothing noted is nothing published: entries lead on from the oldest.</summary>
    static int Place(List<string> held, List<string> noted) => noted.Count == 0 ? 0 : held.IndexOf(noted[^1]);

    static List<string> NamesOf(LogKeys log) => [.. log.Held.Select(NameOf)];

    static List<string> Names(string? noted) => [.. (noted ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    // Its name is the same under every origin.
    static string NameOf(ILogKey key) => NameOf(key.Named("log").Verifier);
}
