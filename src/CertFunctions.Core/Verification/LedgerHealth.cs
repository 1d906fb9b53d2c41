using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Verification;

/// <summary>How much of a ledger a check looks at.</summary>
public enum CheckScope
{
    /// <summary>What was chained since the last check.</summary>
    Tail,

    /// <summary>All of it, from genesis.</summary>
    Whole,
}

/// <summary>
/// What this process has found out about the ledgers by checking itself: the last check of each scope, and promises that were not kept. In memory only; what
/// matters of it is recorded as events.
/// </summary>
public sealed class LedgerHealth
{
    readonly ConcurrentDictionary<(OrgId, CheckScope), LedgerCheck> checks = new();
    readonly ConcurrentDictionary<OrgId, OverdueEvents> overdue = new();

    /// <summary>The last checks of a ledger, one of each scope that has run.</summary>
    public IReadOnlyList<LedgerCheck> Checks(OrgId ledger) => [.. Enum.GetValues<CheckScope>().Select(s => checks.GetValueOrDefault((ledger, s))).OfType<LedgerCheck>()];

    /// <summary>The events of a ledger found overdue since this process began; null where none was.</summary>
    public OverdueEvents? OverdueOf(OrgId ledger) => overdue.GetValueOrDefault(ledger);

    internal void Note(LedgerCheck check)
    {
        checks[(check.Ledger, check.Scope)] = check;
        Instruments.LedgerChecked.Add(check.Entries, Instruments.Label("scope", Wire(check.Scope)));
        if (check.IsBroken)
            Instruments.LedgerBreaks.Add(1, Instruments.Label("scope", Wire(check.Scope)));
        // Of all ledgers together: one that is broken is not outshone by one that is whole.
        Instruments.LedgerHealth.Record(checks.Values.Any(c => c.IsBroken) ? 0 : 1);
    }

    internal void NoteOverdue(OrgId ledger, EventId id, DateTimeOffset dueAt)
    {
        Instruments.LedgerOverdue.Add(1);
        overdue.AddOrUpdate(ledger, _ => new OverdueEvents(1, id, dueAt), (_, before) => new OverdueEvents(before.Count + 1, id, dueAt));
    }

    /// <summary>The scope as the API and the metrics spell it.</summary>
    public static string Wire(CheckScope scope) => scope == CheckScope.Tail ? "tail" : "whole";
}

/// <summary>One check of one ledger: how far it holds, and what is wrong where it does not. <paramref name="Entries"/> is what this check looked at.</summary>
public sealed record LedgerCheck(OrgId Ledger, CheckScope Scope, Verdict Verdict, long Size, long Entries, long? FirstIndex, string? Detail, DateTimeOffset At)
{
    /// <summary>Whether the ledger is not as it was chained; a key that is not at hand is no such thing.</summary>
    public bool IsBroken => Verdict is not (Verdict.Valid or Verdict.Unverifiable);
}

/// <summary>How often an overdue event was found, and the last of them.</summary>
public sealed record OverdueEvents(long Count, EventId LastId, DateTimeOffset LastDueAt);
