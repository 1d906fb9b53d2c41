using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Telemetry;
using CertFunctions.Core.Timers;

namespace CertFunctions.Core.Verification;

/// <summary>
/// The service verifies its own record, through the store it reads from. The tail goes on from the head it last found right (the first start begins at genesis), so
/// a run costs what is new. The whole begins at genesis once in each <paramref name="period"/>. Either keeps its place between runs and starts, and a run ends by itself
/// after <see cref="Within"/>, for a platform that ends what takes too long: the next goes on from there. A break is recorded as <c>audit.chain_broken</c>, once per
/// index, and so reaches the SIEM. If we die before the place is saved, the same entries are checked again.
/// <para>
/// A saved place has a MAC, as it lies beside what is checked. One that is not of our making counts as none and is told of, as <c>audit.check_place_refused</c>. Who puts back
/// one that we saved earlier makes a tail check more, and a pass over the whole leave out what that pass had seen; so a saved pass counts for <see cref="MostPeriods"/> periods.
/// That the end was cut off with the head, with all places put back to before it or deleted, no place can tell: the archive's checkpoints do.
/// </para>
/// </summary>
public sealed class CheckLedger(ILedgerStore ledgers, LedgerKeys keys, IPositionStore positions, TellOwnEvent tell, LedgerHealth health, TimeProvider clock, CheckScope scope, TimeSpan period) : ITimedJob
{
    const int PageEntries = 1000;

    /// <summary>Pages between two saved places: what a kill costs the check of a long ledger.</summary>
    const int PagesPerSave = 50;

    /// <summary>From one run of a pass over the whole to the next.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>A pass that began longer ago, and is saved only, begins anew: so long at most can one that is put back again and again keep the whole from being checked.</summary>
    const int MostPeriods = 7;

    /// <summary>In memory first: whoever alters the ledger can put back an earlier place beside it.</summary>
    readonly ConcurrentDictionary<OrgId, CheckPlace> seen = new();
    readonly ConcurrentDictionary<(OrgId, long), bool> told = new();

    /// <summary>How long a run goes on; it looks at one page at least.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromMinutes(5);

    public string Name => scope == CheckScope.Tail ? "check-tail" : "check-ledger";

    public TimeSpan Every => scope == CheckScope.Tail || period < Longest ? period : Longest;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (now, start) = (clock.GetUtcNow(), clock.GetTimestamp());
        foreach (var (ledger, place) in await DueAsync(now, cancellationToken).ConfigureAwait(false))
        {
            if (clock.GetElapsedTime(start) >= Within)
                return;
            var began = place is null || place.Done ? now : place.Began;
            // The tail goes on from where it is; a whole that was done begins anew.
            var since = scope == CheckScope.Whole && place?.Done == true ? null : place;
            if (await CheckAsync(ledger, began, since, start, cancellationToken).ConfigureAwait(false) is { } found)
                await SettleAsync(ledger, began, found, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The ledgers to look at, longest waiting first: a run that ends early then passes over none for ever.</summary>
    async Task<List<(OrgId Ledger, CheckPlace? Place)>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var due = new List<(OrgId Ledger, CheckPlace? Place)>();
        foreach (var ledger in await ledgers.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            var place = seen.GetValueOrDefault(ledger) ?? await SavedAsync(ledger, now, cancellationToken).ConfigureAwait(false);
            if (scope == CheckScope.Tail || place is null || !place.Done || IsOver(place.Began, now))
                due.Add((ledger, place));
        }

        return [.. due.OrderBy(d => d.Place?.Began ?? DateTimeOffset.MinValue)];
    }

    /// <summary>The place another run saved, if it is one of ours. One that is not is told of before the check begins anew: if we die between, it is found and told again.</summary>
    async Task<CheckPlace?> SavedAsync(OrgId ledger, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var text = await positions.GetAsync(Reader(ledger), cancellationToken).ConfigureAwait(false);
        var place = CheckPlace.Read(text, Reader(ledger), keys, out var refused);
        if (refused is not null)
            await TellAsync(ledger, text!, refused, cancellationToken).ConfigureAwait(false);
        return scope == CheckScope.Whole && place is { Done: false } && (now - place.Began).Duration() > MostPeriods * period ? null : place;
    }

    /// <summary>Half a run's pace early rather than a whole one late; a beginning further ahead than a period is of a clock that has been set back since.</summary>
    bool IsOver(DateTimeOffset began, DateTimeOffset now) => now - began >= period - Every / 2 || began - now > period;

    /// <summary>What was found, told and noted. Only then is the pass done: if we die before, it is finished again and tells the same event.</summary>
    async Task SettleAsync(OrgId ledger, DateTimeOffset began, Found found, CancellationToken cancellationToken)
    {
        var check = new LedgerCheck(ledger, scope, found.Verdict, found.Place.Size, found.Entries, found.FirstIndex, found.Detail, clock.GetUtcNow());
        if (check.IsBroken && !told.ContainsKey((ledger, check.FirstIndex ?? 0)))
        {
            await TellAsync(check, cancellationToken).ConfigureAwait(false);
            told[(ledger, check.FirstIndex ?? 0)] = true;
        }

        await health.NoteAsync(check).ConfigureAwait(false);
        if (scope == CheckScope.Whole)
            await RememberAsync(ledger, found.Place with { Began = began, Done = true }).ConfigureAwait(false);
        else if (!check.IsBroken)
            await RememberAsync(ledger, found.Place with { Began = clock.GetUtcNow() }).ConfigureAwait(false);
    }

    /// <summary>What the check found; null where a pass over the whole is not at its end yet.</summary>
    async Task<Found?> CheckAsync(OrgId ledger, DateTimeOffset began, CheckPlace? place, long start, CancellationToken cancellationToken)
    {
        var since = place is { Size: > 0 } ? new LedgerHead(ledger, place.Size, place.Hash) : null;
        using var verifier = new LedgerVerifier(ledger, keys, since);
        // Head first: what is chained meanwhile is the next run's.
        var (head, _) = await ledgers.CatchUpAsync(ledger, [], cancellationToken).ConfigureAwait(false);
        if (since is not null && head.Size < since.Size)
            return Result(verifier.Report(Verdict.Truncated, head.Size, $"{since.Size} entries were checked before, and now the head names {head.Size}"));

        var limit = PageEntries;
        for (var page = 1; verifier.NextIndex < head.Size; page++)
        {
            if (page > 1 && clock.GetElapsedTime(start) >= Within)
            {
                var sofar = Result(verifier.Complete(null));
                if (sofar.Verdict is not (Verdict.Valid or Verdict.Unverifiable) || scope == CheckScope.Tail)
                    return sofar;
                Instruments.LedgerChecked.Add(sofar.Entries, Instruments.Label("scope", LedgerHealth.Wire(scope)));
                await RememberAsync(ledger, sofar.Place).ConfigureAwait(false);
                return null;
            }

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
            if (page % PagesPerSave == 0 && Result(verifier.Complete(null)) is { Verdict: Verdict.Valid or Verdict.Unverifiable } right)
                await RememberAsync(ledger, right.Place).ConfigureAwait(false);
        }

        return Result(verifier.Complete(head));

        Found Result(VerifyReport report)
        {
            // A key that was not at hand in an earlier run of the pass is not at hand in the pass.
            var hole = scope == CheckScope.Whole ? place?.Hole : null;
            if (hole is null && report.Verdict == Verdict.Unverifiable)
                hole = (report.FirstIndex ?? 0, report.Detail ?? "");
            if (hole is { } earlier && report.Verdict == Verdict.Valid)
                report = report with { Verdict = Verdict.Unverifiable, FirstIndex = earlier.Index, Detail = earlier.Detail };
            var reached = verifier.Head;
            return new Found(report.Verdict, report.Entries, report.FirstIndex, report.Detail, new CheckPlace(began, reached.Size, reached.Hash, Done: false, scope == CheckScope.Whole ? hole : null));
        }
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

    async Task RememberAsync(OrgId ledger, CheckPlace place)
    {
        var same = seen.TryGetValue(ledger, out var before) && before with { Began = place.Began } == place && scope == CheckScope.Tail;
        seen[ledger] = place;
        if (!same)
            await positions.SaveAsync(Reader(ledger), place.Print(Reader(ledger), keys), CancellationToken.None).ConfigureAwait(false);
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

    /// <summary>Once for each text that is found there.</summary>
    Task<RecordedEvent> TellAsync(OrgId ledger, string text, string why, CancellationToken cancellationToken)
    {
        var check = LedgerHealth.Wire(scope);
        var id = EventId.Parse($"check-place-{check}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}");
        return tell.HandleAsync(ledger, "audit.check_place_refused", id, json =>
        {
            json.WriteString("ledger"u8, ledger.Value);
            json.WriteString("check"u8, check);
            json.WriteString("detail"u8, why);
        }, cancellationToken);
    }

    string Reader(OrgId ledger) => $"{Name}/{ledger}";

    readonly record struct Found(Verdict Verdict, long Entries, long? FirstIndex, string? Detail, CheckPlace Place);
}
