using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CertFunctions.Core.Events;

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
    static readonly Meter Meter = new("CertFunctions.Ledger");
    static readonly Counter<long> Breaks = Meter.CreateCounter<long>("certfn.ledger.breaks", "{break}", "Checks that found a ledger broken");
    static readonly Counter<long> Overdue = Meter.CreateCounter<long>("certfn.ledger.overdue", "{event}", "Events found missing from the ledger after their time");
    static readonly Counter<long> Checked = Meter.CreateCounter<long>("certfn.ledger.checked", "{entry}", "Entries the service has verified of its own ledgers");

    readonly ConcurrentDictionary<(OrgId, CheckScope), LedgerCheck> checks = new();
    readonly ConcurrentDictionary<OrgId, OverdueEvents> overdue = new();

    /// <summary>The last checks of a ledger, one of each scope that has run.</summary>
    public IReadOnlyList<LedgerCheck> Checks(OrgId ledger) => [.. Enum.GetValues<CheckScope>().Select(s => checks.GetValueOrDefault((ledger, s))).OfType<LedgerCheck>()];

    /// <summary>The events of a ledger found overdue since this process began; null where none was.</summary>
    public OverdueEvents? OverdueOf(OrgId ledger) => overdue.GetValueOrDefault(ledger);

    internal void Note(LedgerCheck check)
    {
        checks[(check.Ledger, check.Scope)] = check;
        Checked.Add(check.Entries, KeyValuePair.Create<string, object?>("scope", Wire(check.Scope)));
        if (check.IsBroken)
            Breaks.Add(1, KeyValuePair.Create<string, object?>("scope", Wire(check.Scope)));
    }

    internal void NoteOverdue(OrgId ledger, EventId id, DateTimeOffset dueAt)
    {
        Overdue.Add(1);
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
