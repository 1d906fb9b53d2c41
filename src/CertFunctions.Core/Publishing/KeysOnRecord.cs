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
    /// from here on. A signing key is noted once something is published under it, MAC keys where none are noted.
    /// </summary>
    public async Task<string?> CheckAsync(LogKeys log, LedgerKeys macs, CancellationToken cancellationToken) =>
        await CheckSigningAsync(log, cancellationToken).ConfigureAwait(false) ?? await CheckMacsAsync(macs, cancellationToken).ConfigureAwait(false);

    /// <summary>The name of the signing key noted as in force; null where none is noted.</summary>
    public async Task<string?> InForceAsync(CancellationToken cancellationToken) => Names(await positions.GetAsync(Signing, cancellationToken).ConfigureAwait(false)).LastOrDefault();

    /// <summary>Notes that a key came into force. Whoever notes it first, it is noted once.</summary>
    public async Task AdvanceAsync(ILogKey next, CancellationToken cancellationToken)
    {
        var name = NameOf(next);
        for (var noted = await positions.GetAsync(Signing, cancellationToken).ConfigureAwait(false);
            !Names(noted).Contains(name) && !await positions.TryMoveAsync(Signing, noted, $"{noted} {name}".TrimStart(), cancellationToken).ConfigureAwait(false);
            noted = await positions.GetAsync(Signing, cancellationToken).ConfigureAwait(false))
        {
        }
    }

    async Task<string?> CheckSigningAsync(LogKeys log, CancellationToken cancellationToken)
    {
        var held = log.Held.Select(NameOf).ToList();
        var noted = Names(await positions.GetAsync(Signing, cancellationToken).ConfigureAwait(false));
        // Nothing was published, or before there were notes: whichever of these is in force in a ledger, its entries lead on from the oldest.
        var at = noted.Count == 0 ? 0 : held.IndexOf(noted[^1]);
        if (at < 0)
        {
            return noted.Contains(held[^1])
                ? $"The signing key {held[^1][..8]} gave way: the log is signed with {noted[^1][..8]} by now. Name that one too, at the end of the signing keys; the id is the one in its vkey"
                : $"The log is signed with the key {noted[^1][..8]}, and this service comes with {held[^1][..8]} alone: a new signing key is named after the one in force, which has the log say so. Name both, the new one last; the id is the one in a vkey";
        }

        if (held.Skip(at + 1).FirstOrDefault(noted.Contains) is { } retired)
            return $"The signing key {retired[..8]} gave way to {noted[^1][..8]}, and none comes back: name the signing keys in the order they came in, or a new one last";
        log.PutInForce(at);
        return null;
    }

    async Task<string?> CheckMacsAsync(LedgerKeys macs, CancellationToken cancellationToken)
    {
        var first = string.Join(' ', macs.Checks().Keys.Where(id => id != macs.CurrentId).Order(StringComparer.Ordinal).Append(macs.CurrentId));
        var noted = await NotedMacsAsync(first, cancellationToken).ConfigureAwait(false);
        if (noted[^1] == macs.CurrentId)
            return null;
        if (noted.Contains(macs.CurrentId))
            return $"The MAC key '{macs.CurrentId}' gave way to '{noted[^1]}', and none comes back: put that one in force, or a new one with an id of its own";
        if (!macs.TryGet(noted[^1], out _))
            return $"The ledger is kept under the MAC key '{noted[^1]}', and this service does not have it: name it too, before '{macs.CurrentId}'";
        // Lost to someone else's note, it is theirs that counts.
        return await positions.TryMoveAsync(Macs, string.Join(' ', noted), $"{string.Join(' ', noted)} {macs.CurrentId}", cancellationToken).ConfigureAwait(false)
            ? null : await CheckMacsAsync(macs, cancellationToken).ConfigureAwait(false);
    }

    async Task<List<string>> NotedMacsAsync(string otherwise, CancellationToken cancellationToken)
    {
        if (await positions.GetAsync(Macs, cancellationToken).ConfigureAwait(false) is not { } noted)
        {
            // Of two first starts at once one notes; what it noted is read by both.
            await positions.TryMoveAsync(Macs, null, otherwise, cancellationToken).ConfigureAwait(false);
            noted = await positions.GetAsync(Macs, cancellationToken).ConfigureAwait(false) ?? otherwise;
        }

        return Names(noted);
    }

    static List<string> Names(string? noted) => [.. (noted ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    // Its name is the same under every origin.
    static string NameOf(ILogKey key) => NameOf(key.Named("log").Verifier);
}
