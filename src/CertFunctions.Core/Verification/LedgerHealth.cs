using System.Collections.Concurrent;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Verification;

/// <summary>
/// How the ledgers are, for whichever process is asked: the last check of each scope, promises that were not kept, the last publication and the standing with
/// witnesses. Each is one document among the readers' positions, <c>health/ORG/THING</c>, written by whoever finds out and of bounded size; what matters of it is
/// recorded as events as well. If we die before a document is saved, the next run writes it. Measurements stay with the process that made them.
/// </summary>
/// <param name="positions">Where the documents are kept.</param>
/// <param name="archive">Tells the publications of several archives over one store apart; empty where there is one.</param>
public sealed class LedgerHealth(IPositionStore positions, string archive = "")
{
    /// <summary>Of more witnesses the document holds no more.</summary>
    const int MostWitnesses = 32;

    /// <summary>By the last check of each: one that is broken is not outshone by one that is whole.</summary>
    readonly ConcurrentDictionary<(OrgId, CheckScope), bool> broken = new();

    /// <summary>All that is known of a ledger.</summary>
    public async Task<LedgerStatus> ReadAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var checks = new List<LedgerCheck>();
        foreach (var scope in Enum.GetValues<CheckScope>())
        {
            if (await GetAsync(ledger, Wire(scope), json => HealthDocument.ReadCheck(ledger, scope, json), cancellationToken).ConfigureAwait(false) is { } check)
                checks.Add(check);
        }

        return new LedgerStatus(
            checks,
            await GetAsync(ledger, Overdue, HealthDocument.ReadOverdue, cancellationToken).ConfigureAwait(false),
            await PublicationAsync(ledger, cancellationToken).ConfigureAwait(false),
            await GetAsync(ledger, Witnesses, HealthDocument.ReadWitnesses, cancellationToken).ConfigureAwait(false) ?? []);
    }

    /// <summary>The scope as the API and the metrics spell it.</summary>
    public static string Wire(CheckScope scope) => scope == CheckScope.Tail ? "tail" : "whole";

    internal async Task NoteAsync(LedgerCheck check)
    {
        broken[(check.Ledger, check.Scope)] = check.IsBroken;
        Instruments.LedgerChecked.Add(check.Entries, Instruments.Label("scope", Wire(check.Scope)));
        if (check.IsBroken)
            Instruments.LedgerBreaks.Add(1, Instruments.Label("scope", Wire(check.Scope)));
        Instruments.LedgerHealth.Record(broken.Values.Any(b => b) ? 0 : 1);
        await SaveAsync(check.Ledger, Wire(check.Scope), json => HealthDocument.Write(json, check)).ConfigureAwait(false);
    }

    /// <summary>The count is of what was told: found again after a kill, or by two processes at once, it is approximate; the events are exact.</summary>
    internal async Task NoteOverdueAsync(OrgId ledger, IReadOnlyList<(EventId Id, DateTimeOffset DueAt)> found, DateTimeOffset now)
    {
        Instruments.LedgerOverdue.Add(found.Count);
        var before = await GetAsync(ledger, Overdue, HealthDocument.ReadOverdue, CancellationToken.None).ConfigureAwait(false);
        var (id, dueAt) = found[^1];
        await SaveAsync(ledger, Overdue, json => HealthDocument.Write(json, new OverdueEvents((before?.Count ?? 0) + found.Count, before?.Since ?? now, id, dueAt))).ConfigureAwait(false);
    }

    internal Task<Publication?> PublicationAsync(OrgId ledger, CancellationToken cancellationToken) => GetAsync(ledger, Published, HealthDocument.ReadPublication, cancellationToken);

    internal Task NoteAsync(OrgId ledger, Publication publication) => SaveAsync(ledger, Published, json => HealthDocument.Write(json, publication));

    /// <summary>A witness that has cosigned nothing for this process keeps what it cosigned for the one before.</summary>
    internal async Task NoteAsync(OrgId ledger, IEnumerable<WitnessStanding> standings)
    {
        var before = await GetAsync(ledger, Witnesses, HealthDocument.ReadWitnesses, CancellationToken.None).ConfigureAwait(false) ?? [];
        var now = standings.Select(s => s.Size > 0 ? s : s with { Size = before.FirstOrDefault(b => b.Witness == s.Witness)?.Size ?? 0 }).OrderBy(s => s.Witness, StringComparer.Ordinal).Take(MostWitnesses).ToList();
        await SaveAsync(ledger, Witnesses, json => HealthDocument.Write(json, now)).ConfigureAwait(false);
    }

    const string Overdue = "overdue";

    string Published => "published" + archive;

    string Witnesses => "witnesses" + archive;

    async Task<T?> GetAsync<T>(OrgId ledger, string thing, Func<JsonElement, T?> read, CancellationToken cancellationToken)
        where T : class => HealthDocument.Read(await positions.GetAsync(Document(ledger, thing), cancellationToken).ConfigureAwait(false), read);

    // Found out by now, whether we are being stopped or not.
    Task SaveAsync(OrgId ledger, string thing, Action<Utf8JsonWriter> write) => positions.SaveAsync(Document(ledger, thing), HealthDocument.Print(write), CancellationToken.None);

    static string Document(OrgId ledger, string thing) => $"health/{ledger}/{thing}";
}

/// <summary>How much of a ledger a check looks at.</summary>
public enum CheckScope
{
    /// <summary>What was chained since the last check.</summary>
    Tail,

    /// <summary>All of it, from genesis.</summary>
    Whole,
}

/// <summary>What is known of a ledger. <paramref name="Checks"/> has one for each scope that has run; the others are null, or empty, where nothing was found out yet.</summary>
public sealed record LedgerStatus(IReadOnlyList<LedgerCheck> Checks, OverdueEvents? Overdue, Publication? Published, IReadOnlyList<WitnessStanding> Witnesses);

/// <summary>One check of one ledger: how far it holds, and what is wrong where it does not. <paramref name="Entries"/> is what its last run looked at.</summary>
public sealed record LedgerCheck(OrgId Ledger, CheckScope Scope, Verdict Verdict, long Size, long Entries, long? FirstIndex, string? Detail, DateTimeOffset At)
{
    /// <summary>Whether the ledger is not as it was chained; a key that is not at hand is no such thing.</summary>
    public bool IsBroken => Verdict is not (Verdict.Valid or Verdict.Unverifiable);
}

/// <summary>How many overdue events were found, since when, and the last of them.</summary>
public sealed record OverdueEvents(long Count, DateTimeOffset Since, EventId LastId, DateTimeOffset LastDueAt);

/// <summary>
/// A ledger's publishing: the last checkpoint in the archive (<paramref name="Time"/> is the one it was signed with; null before the first), when that was looked after
/// last, and what is in the way since <paramref name="FailingSince"/>; both null while all is well.
/// </summary>
public sealed record Publication(long Size, DateTimeOffset? Time, DateTimeOffset At, string? Error = null, DateTimeOffset? FailingSince = null)
{
    /// <summary>Age of the newest checkpoint; where there is none, for how long none could be made.</summary>
    internal TimeSpan Age(DateTimeOffset now) => (Time ?? FailingSince) is { } since && since < now ? now - since : TimeSpan.Zero;
}

/// <summary>A ledger's standing with a witness: so many entries it has cosigned, and why no more.</summary>
public sealed record WitnessStanding(string Witness, long Size, DateTimeOffset At, string? Error = null);
