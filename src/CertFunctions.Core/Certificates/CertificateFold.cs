using CertFunctions.Core.Events;

namespace CertFunctions.Core.Certificates;

/// <summary>
/// From one state and one event to the next state: pure, in the order of seqs and no other. What each event does is in <c>docs/expiry.md</c>.
/// <para>
/// An event is late when it occurred before the event that set the current validity. It tells of an older certificate of the same subject, so it counts and is
/// flagged and changes neither validity nor status nor anything kept of the current validity. An event that names the current validity by its fingerprint is of
/// that validity whatever its time.
/// </para>
/// </summary>
public static class CertificateFold
{
    /// <summary>How far ahead of the time of recording a time of occurrence may lie unflagged.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>The state after the event. The same instance where the event changes nothing at all, so that a store has nothing to write.</summary>
    public static CertificateState Apply(this CertificateState state, CertificateChange change)
    {
        var late = state.Validity is { } current && change.Effective < current.Since;
        var skewed = change.OccurredAt > change.RecordedAt + Skew;
        var next = Next(state, change, late);
        if (!late && !skewed && !next.LastLate && !next.LastSkewed)
            return next;
        return next with { Late = next.Late + (late ? 1 : 0), Skewed = next.Skewed + (skewed ? 1 : 0), LastLate = late, LastSkewed = skewed };
    }

    /// <summary>The state after all of these events of one subject, which begin with its first and are in seq order.</summary>
    public static CertificateState Of(IEnumerable<RecordedEvent> events) =>
        events.Aggregate(CertificateState.None, (state, e) => CertificateChange.Of(e) is { } change ? state.Apply(change) : state);

    static CertificateState Next(CertificateState s, CertificateChange c, bool late) => c.Kind switch
    {
        CertificateChangeKind.Issued or CertificateChangeKind.Renewed => Begun(s, c, late),
        CertificateChangeKind.Requested => s.Validity is not null || s.Status is CertificateStatus.Revoked
            ? s
            : s with { Status = CertificateStatus.Requested, Issuer = c.Issuer ?? s.Issuer, Subject = c.Subject ?? s.Subject },
        CertificateChangeKind.Approved => s.Validity is null && s.Status is CertificateStatus.Unknown or CertificateStatus.Requested or CertificateStatus.Pending
            ? s with { Status = CertificateStatus.Approved }
            : s,
        CertificateChangeKind.PendingBegan => c.RequestId is null || late || s.Pending?.RequestId == c.RequestId
            ? s
            : s with { Pending = new PendingRequest(c.RequestId, c.Effective), Status = First(s, CertificateStatus.Pending) },
        CertificateChangeKind.PendingEnded => s.Pending is null || s.Pending.RequestId != c.RequestId
            ? s
            : s with { Pending = null, Status = First(s, CertificateStatus.Approved) },
        CertificateChangeKind.PendingTimedOut => s.Pending is null || s.Pending.TimedOut || s.Pending.RequestId != c.RequestId ? s : s with { Pending = s.Pending with { TimedOut = true } },
        CertificateChangeKind.RenewalFailed => late ? s : Failed(s, c),
        CertificateChangeKind.RenewalInfo => !Concerns(s, c, late) || c.WindowStart is null || c.WindowEnd is null ? s : s with { Window = new RenewalWindow(c.WindowStart.Value, c.WindowEnd.Value) },
        CertificateChangeKind.RenewalStalled => Concerns(s, c, late) ? Uncovered(s with { Said = s.Said with { Stalled = true, Warned = true } }) : s,
        CertificateChangeKind.ExpiringSoon => Concerns(s, c, late) && c.Threshold is { } t
            ? Uncovered(s with { Said = s.Said with { Announced = Math.Min(t, s.Said.Announced ?? t), Warned = true } })
            : s,
        CertificateChangeKind.Expired => Concerns(s, c, late) ? Ended(s) : s,
        CertificateChangeKind.ExpirySuppressed => Concerns(s, c, late) ? Suppressed(s, c) : s,
        CertificateChangeKind.ExpiryCleared => s.Owed is { } owed && c.Fingerprint == owed.Fingerprint && c.NotAfter == owed.NotAfter ? s with { Owed = null } : s,
        CertificateChangeKind.Revoked => Revoked(s, c, late),
        CertificateChangeKind.Deleted => late ? s : s with { Status = CertificateStatus.Deleted, SupersededBy = null },
        CertificateChangeKind.Distributed => Distributed(s, c, late, "succeeded"),
        CertificateChangeKind.DistributionFailed => Distributed(s, c, late, "failed"),
        CertificateChangeKind.DistributionRolledBack => Distributed(s, c, late, "rolled_back"),
        _ => s,
    };

    /// <summary>A certificate came from the CA: a new validity, or word of the one we have.</summary>
    static CertificateState Begun(CertificateState s, CertificateChange c, bool late)
    {
        if (c.Fingerprint is null || c.NotAfter is not { } notAfter)
            return s;
        if (s.Validity is { } current && current.Is(c.Fingerprint, notAfter))
            return Again(s, c);
        if (late)
            return s;
        var renewal = c.Kind == CertificateChangeKind.Renewed ? new RenewalNote(c.Effective, c.Trigger) : s.LastRenewal;
        return new CertificateState
        {
            Status = CertificateStatus.Active,
            Validity = new CertificateValidity(c.Fingerprint, c.NotBefore ?? c.Effective, notAfter, c.Effective),
            Issuer = c.Issuer ?? s.Issuer,
            Subject = c.Subject ?? s.Subject,
            Names = c.Names ?? s.Names,
            LastRenewal = renewal,
            Window = WindowOf(c),
            // Of two that are owed the later says it: whoever was warned of both looks at the certificate, and it is renewed.
            Owed = s.Said.Warned && s.Validity is { } warned ? new OwedClearance(warned.Fingerprint, warned.NotAfter, c.Effective) : s.Owed,
            Late = s.Late,
            Skewed = s.Skewed,
            LastLate = s.LastLate,
            LastSkewed = s.LastSkewed,
        };
    }

    /// <summary>The validity we have was told once more: an import, a repetition. What was said of it stays said.</summary>
    static CertificateState Again(CertificateState s, CertificateChange c)
    {
        var next = s;
        if (s.Status == CertificateStatus.Deleted)
            next = next with { Status = s.RevokedAt is not null ? CertificateStatus.Revoked : s.Said.Expired ? CertificateStatus.Expired : Living(s) };
        if (WindowOf(c) is { } window && window != s.Window)
            next = next with { Window = window };
        if (c.Names is { } names && !names.Equals(s.Names))
            next = next with { Names = names };
        return next;
    }

    static CertificateState Failed(CertificateState s, CertificateChange c) => s with
    {
        Failures = s.Failures + 1,
        LastFailure = new FailureNote(c.Effective, c.Attempt, c.ErrorClass, c.NextRetryAt),
        Status = s.Status == CertificateStatus.Active ? CertificateStatus.RenewalFailed : s.Status,
    };

    static CertificateState Ended(CertificateState s) => s with
    {
        Said = s.Said with { Expired = true, Warned = true },
        Status = s.Status is CertificateStatus.Active or CertificateStatus.RenewalFailed or CertificateStatus.Superseded ? CertificateStatus.Expired : s.Status,
        SupersededBy = null,
    };

    static CertificateState Suppressed(CertificateState s, CertificateChange c)
    {
        var said = c.Announcement switch
        {
            "expired" => s.Said with { Expired = true },
            "renewal_stalled" => s.Said with { Stalled = true },
            _ when c.Threshold is { } t => s.Said with { Suppressed = Math.Min(t, s.Said.Suppressed ?? t) },
            _ => s.Said,
        };
        var covered = c.SupersededBy is not null && s.Status is CertificateStatus.Active or CertificateStatus.RenewalFailed or CertificateStatus.Superseded;
        return covered ? s with { Said = said, Status = CertificateStatus.Superseded, SupersededBy = c.SupersededBy } : s with { Said = said };
    }

    static CertificateState Revoked(CertificateState s, CertificateChange c, bool late)
    {
        // Without a fingerprint a late one is taken for the older certificate's: to be silent about the current one by mistake would be worse.
        if (s.Validity is not null && !(c.Fingerprint is null ? !late : c.Fingerprint == s.Validity.Fingerprint))
            return s;
        return s with
        {
            RevokedAt = s.RevokedAt ?? c.Effective,
            Status = s.Status == CertificateStatus.Deleted ? s.Status : CertificateStatus.Revoked,
            SupersededBy = null,
        };
    }

    static CertificateState Distributed(CertificateState s, CertificateChange c, bool late, string outcome) =>
        late ? s : s with { Distribution = new DistributionNote(c.DistributionId, c.Module, outcome, c.Effective) };

    /// <summary>Whether what is said of an end is said of the current validity's: it names it, or names none and is not late.</summary>
    static bool Concerns(CertificateState s, CertificateChange c, bool late) =>
        s.Validity is { } v && (c.Fingerprint is null && c.NotAfter is null ? !late : (c.Fingerprint ?? v.Fingerprint) == v.Fingerprint && (c.NotAfter ?? v.NotAfter) == v.NotAfter);

    /// <summary>What is announced is not covered, or not any more.</summary>
    static CertificateState Uncovered(CertificateState s) => s.Status == CertificateStatus.Superseded ? s with { Status = Living(s), SupersededBy = null } : s;

    static CertificateStatus Living(CertificateState s) => s.Failures > 0 ? CertificateStatus.RenewalFailed : CertificateStatus.Active;

    /// <summary>A step on the way to the first issuance; where there was one, the status is the certificate's own.</summary>
    static CertificateStatus First(CertificateState s, CertificateStatus step) =>
        s.Validity is null && s.Status is CertificateStatus.Unknown or CertificateStatus.Requested or CertificateStatus.Approved or CertificateStatus.Pending ? step : s.Status;

    static RenewalWindow? WindowOf(CertificateChange c) => c.WindowStart is { } start && c.WindowEnd is { } end ? new RenewalWindow(start, end) : null;
}
