using System.Collections.Concurrent;
using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;

namespace CertFunctions.Core.Verification;

/// <summary>
/// The service verifies its own record, through the store it reads from. The tail goes on from the head it last found right (index and hash, kept between
/// starts; the first start begins at genesis), so a run costs what is new; the whole begins at genesis each time. A break is recorded as
/// <c>audit.chain_broken</c>, once per index, and so reaches the SIEM. If we die before the position is saved, the same entries are checked again.
/// </summary>
public sealed class CheckLedger(ILedgerStore ledgers, LedgerKeys? keys, IPositionStore positions, TellOwnEvent tell, LedgerHealth health, TimeProvider clock, CheckScope scope, TimeSpan every) : ITimedJob
{
    const int PageEntries = 1000;

    /// <summary>Pages between two saved positions: what a kill costs a first check of a long ledger.</summary>
    const int PagesPerSave = 50;

    /// <summary>In memory first: whoever alters the ledger can alter a position beside it.</summary>
    readonly ConcurrentDictionary<OrgId, LedgerHead> seen = new();
    readonly ConcurrentDictionary<(OrgId, long), bool> told = new();

    public string Name => scope == CheckScope.Tail ? "check-tail" : "check-ledger";

    public TimeSpan Every => every;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var ledger in await ledgers.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            var report = await CheckAsync(ledger, cancellationToken).ConfigureAwait(false);
            var check = new LedgerCheck(ledger, scope, report.Verdict, report.Size, report.Entries, report.FirstIndex, report.Detail, clock.GetUtcNow());
            health.Note(check);
            if (check.IsBroken && !told.ContainsKey((ledger, check.FirstIndex ?? 0)))
            {
                await TellAsync(check, cancellationToken).ConfigureAwait(false);
                told[(ledger, check.FirstIndex ?? 0)] = true;
            }
        }
    }

    async Task<Found> CheckAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var since = scope == CheckScope.Tail ? await SinceAsync(ledger, cancellationToken).ConfigureAwait(false) : null;
        using var verifier = new LedgerVerifier(ledger, keys, since);
        // Head first: what is chained meanwhile is the next run's.
        var (head, _) = await ledgers.CatchUpAsync(ledger, [], cancellationToken).ConfigureAwait(false);
        if (since is not null && head.Size < since.Size)
            return Result(verifier, verifier.Report(Verdict.Truncated, head.Size, $"{since.Size} entries were checked before, and now the head names {head.Size}"));

        var limit = PageEntries;
        for (var page = 1; verifier.NextIndex < head.Size; page++)
        {
            IReadOnlyList<ChainedEvent> entries;
            try
            {
                entries = await ledgers.ReadAsync(ledger, verifier.NextIndex, (int)Math.Min(limit, head.Size - verifier.NextIndex), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException)
            {
                // The store itself finds the page wrong; entry by entry it says which one.
                if (limit > 1)
                {
                    limit = 1;
                    continue;
                }

                verifier.Break(verifier.NextIndex, $"the store cannot read it: {e.Message}");
                break;
            }

            if (entries.Count == 0 || !Push(verifier, entries))
                break;
            if (scope == CheckScope.Tail && page % PagesPerSave == 0)
                await RememberAsync(verifier.Head).ConfigureAwait(false);
        }

        var report = verifier.Complete(head);
        if (scope == CheckScope.Tail && report.Verdict is Verdict.Valid or Verdict.Unverifiable && verifier.Head != since)
            await RememberAsync(verifier.Head).ConfigureAwait(false);
        return Result(verifier, report);
    }

    static bool Push(LedgerVerifier verifier, IReadOnlyList<ChainedEvent> entries)
    {
        foreach (var entry in entries)
        {
            var (previous, leafHash, hash, mac) = (entry.PreviousHash, entry.LeafHash, entry.Hash, entry.Mac);
            var row = new LedgerRow
            {
                Index = entry.Index,
                PreviousHash = previous.AsSpan(),
                LeafHash = leafHash.AsSpan(),
                Hash = hash.AsSpan(),
                Mac = mac.AsSpan(),
                KeyId = entry.KeyId,
                Leaf = entry.Event.Leaf.Span,
                Salt = entry.Event.Salt.Span,
                Personal = entry.Event.Personal.Span,
            };
            if (!verifier.Push(row))
                return false;
        }

        return true;
    }

    static Found Result(LedgerVerifier verifier, VerifyReport report) => new(report.Verdict, verifier.NextIndex, report.Entries, report.FirstIndex, report.Detail);

    async Task<LedgerHead?> SinceAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        if (seen.TryGetValue(ledger, out var head))
            return head;
        var words = (await positions.GetAsync(Reader(ledger), cancellationToken).ConfigureAwait(false))?.Split(' ');
        // A position that is not one is no reason to trust less: the check begins at genesis.
        return words is [var size, var hash] && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 && Digest.TryParse(hash, out var digest)
            ? new LedgerHead(ledger, n, digest)
            : null;
    }

    async Task RememberAsync(LedgerHead head)
    {
        seen[head.Ledger] = head;
        await positions.SaveAsync(Reader(head.Ledger), string.Create(CultureInfo.InvariantCulture, $"{head.Size} {head.Hash}"), CancellationToken.None).ConfigureAwait(false);
    }

    Task<RecordedEvent> TellAsync(LedgerCheck check, CancellationToken cancellationToken)
    {
        var index = check.FirstIndex ?? 0;
        var id = EventId.Parse(string.Create(CultureInfo.InvariantCulture, $"chain-broken-{index}"));
        return tell.HandleAsync(check.Ledger, "audit.chain_broken", id, json =>
        {
            json.WriteString("ledger"u8, check.Ledger.Value);
            json.WriteNumber("index"u8, index);
#pragma warning disable CA1308 // The wire's own spelling is lower-case.
            json.WriteString("verdict"u8, check.Verdict.ToString().ToLowerInvariant());
#pragma warning restore CA1308
            json.WriteString("detail"u8, check.Detail ?? "no more is known");
        }, cancellationToken);
    }

    static string Reader(OrgId ledger) => $"check-tail/{ledger}";

    readonly record struct Found(Verdict Verdict, long Size, long Entries, long? FirstIndex, string? Detail);
}
