using CertFunctions.Core.Certificates;

namespace CertFunctions.Core.Expiry;

/// <summary>
/// What is to be said of a certificate, and when: pure functions of its state and its project's policy. <see cref="At"/> has something to say exactly from
/// <see cref="NextDue"/> on, and the fold of what it says moves that on, so a certificate is due until it was said and then no more.
/// </summary>
public static class ExpiryPlan
{
    /// <summary>The earliest instant at which there is something to say; null for never.</summary>
    public static DateTimeOffset? NextDue(CertificateState state, ExpiryPolicy policy)
    {
        if (state.Status == CertificateStatus.Deleted)
            return null;
        DateTimeOffset? due = state.Pending is { TimedOut: false } pending ? After(pending) : null;
        if (state.Status == CertificateStatus.Revoked)
            return due;
        if (state.Owed is { } owed)
            due = Earlier(due, owed.Since);
        if (state.Validity is not { } validity || state.Said.Expired)
            return due;
        due = Earlier(due, validity.NotAfter);
        if (Stalled(state, policy) is { } stalled)
            due = Earlier(due, stalled);
        // Longest first: the first that is not settled is the earliest.
        foreach (var threshold in policy.Thresholds)
        {
            if (!state.Said.Settles(threshold))
                return Earlier(due, Reached(state, policy, threshold));
        }

        return due;
    }

    /// <summary>
    /// What is to be said at <paramref name="now"/>, in the order it is to be appended. Of several thresholds only the tightest, past the end only the end.
    /// </summary>
    /// <param name="state">The certificate's.</param>
    /// <param name="policy">Its project's.</param>
    /// <param name="now">The sweep's clock.</param>
    /// <param name="supersededBy">The id of the certificate that covers it; null where none does.</param>
    public static IReadOnlyList<ExpiryAnnouncement> At(CertificateState state, ExpiryPolicy policy, DateTimeOffset now, string? supersededBy)
    {
        var said = new List<ExpiryAnnouncement>(1);
        if (NextDue(state, policy) is not { } due || due > now)
            return said;
        if (state.Pending is { TimedOut: false } pending && After(pending) <= now)
            said.Add(new ExpiryAnnouncement.PendingTimeout(pending) { Due = After(pending) });
        if (state.Status == CertificateStatus.Revoked || state.Validity is not { } validity)
            return said;
        if (state.Owed is { } owed && owed.Since <= now)
            said.Add(new ExpiryAnnouncement.Cleared(owed, validity) { Due = owed.Since });
        foreach (var of in OfTheEnd(state, policy, now))
            said.Add(supersededBy is null ? of : new ExpiryAnnouncement.Suppressed(validity, of, supersededBy) { Due = of.Due });
        return said;
    }

    /// <summary>Whether <see cref="At"/> would speak of the end, so that it matters whether another certificate covers this one.</summary>
    public static bool AsksForSuperseder(CertificateState state, ExpiryPolicy policy, DateTimeOffset now) => OfTheEnd(state, policy, now).Count > 0;

    static List<ExpiryAnnouncement> OfTheEnd(CertificateState state, ExpiryPolicy policy, DateTimeOffset now)
    {
        var said = new List<ExpiryAnnouncement>(1);
        if (state.Validity is not { } validity || state.Said.Expired || state.Status is CertificateStatus.Revoked or CertificateStatus.Deleted)
            return said;
        if (validity.NotAfter <= now)
        {
            said.Add(new ExpiryAnnouncement.Expired(validity) { Due = validity.NotAfter });
            return said;
        }

        if (Stalled(state, policy) is { } stalled && stalled <= now)
            said.Add(new ExpiryAnnouncement.RenewalStalled(validity, state.Failures) { Due = stalled });
        for (var i = policy.Thresholds.Count - 1; i >= 0; i--)
        {
            var threshold = policy.Thresholds[i];
            if (state.Said.Settles(threshold))
                break;
            var reached = Reached(state, policy, threshold);
            if (reached > now)
                continue;
            said.Add(new ExpiryAnnouncement.ExpiringSoon(validity, threshold) { Due = reached });
            break;
        }

        return said;
    }

    /// <summary>When the threshold is reached; where the CA suggested when to renew, not before that window is over, unless that is at the end or later.</summary>
    static DateTimeOffset Reached(CertificateState state, ExpiryPolicy policy, int threshold)
    {
        var validity = state.Validity!;
        var reached = Before(validity.NotAfter, policy.Bound(threshold, validity));
        return state.Window is { } window && window.End < validity.NotAfter && window.End > reached ? window.End : reached;
    }

    /// <summary>When the renewal stalls: at a failure inside the last window; null where there is none, or it was said.</summary>
    static DateTimeOffset? Stalled(CertificateState state, ExpiryPolicy policy) =>
        state is { LastFailure: { } failure, Validity: { } validity, Said.Stalled: false } && failure.At >= Before(validity.NotAfter, policy.LastWindow(validity)) ? failure.At : null;

    static DateTimeOffset After(PendingRequest pending) =>
        pending.Since > DateTimeOffset.MaxValue - ExpiryPolicy.PendingFor ? DateTimeOffset.MaxValue : pending.Since + ExpiryPolicy.PendingFor;

    static DateTimeOffset Before(DateTimeOffset end, TimeSpan bound) => end - DateTimeOffset.MinValue < bound ? DateTimeOffset.MinValue : end - bound;

    static DateTimeOffset Earlier(DateTimeOffset? a, DateTimeOffset b) => a < b ? a.Value : b;
}
