namespace CertFunctions.Testing.Year;

/// <summary>Something that is to be said: at which sweep's time, of which certificate and validity, and what.</summary>
public sealed record Saying(DateTimeOffset At, string Subject, string Type, string Fingerprint, string Detail);

/// <summary>
/// What sweeps must say, worked out from <c>docs/expiry.md</c> alone and in another way than the service does: it keeps every certificate in memory, looks at all of
/// them at each sweep, and counts in whole seconds. Nothing of the service's own code is called here.
/// </summary>
public sealed class ExpiryOracle
{
    /// <summary>Days, tightest first.</summary>
    static readonly int[] Thresholds = [1, 3, 7, 14, 30];

    readonly Dictionary<string, Known> certificates = [];

    /// <summary>A producer told something.</summary>
    public void Tell(Act act)
    {
        if (!certificates.TryGetValue(act.Subject, out var known))
            certificates[act.Subject] = known = new Known();
        switch (act.Kind)
        {
            case ActKind.Issued or ActKind.Renewed:
                if (known.Now is { } before && known.AnythingAnnounced)
                    known.Owed = (before.Fingerprint, act.At);
                known.Begin(act.Validity!);
                break;
            case ActKind.RenewalFailed:
                known.LastFailure = act.At;
                break;
            case ActKind.Revoked:
                known.Revoked = true;
                break;
        }
    }

    /// <summary>What a sweep says by that clock.</summary>
    public IReadOnlyList<Saying> Sweep(DateTimeOffset clock)
    {
        var said = new List<Saying>();
        // Who covers whom is looked at before anything is said.
        var covered = certificates.Where(c => c.Value.Now is not null && certificates.Any(o => o.Key != c.Key && Covers(o.Value, c.Value, clock))).Select(c => c.Key).ToHashSet();
        foreach (var (subject, known) in certificates)
        {
            if (known.Revoked || known.Now is not { } validity)
                continue;
            if (known.Owed is { } owed && owed.Since <= clock)
            {
                said.Add(new Saying(clock, subject, "cert.expiry_cleared", owed.Fingerprint, ""));
                known.Owed = null;
            }

            foreach (var (type, detail) in OfItsEnd(known, validity, clock))
            {
                known.AnythingAnnounced |= !covered.Contains(subject);
                said.Add(covered.Contains(subject)
                    ? new Saying(clock, subject, "cert.expiry_suppressed", validity.Fingerprint, $"{type["cert.".Length..]} {detail}".TrimEnd())
                    : new Saying(clock, subject, type, validity.Fingerprint, detail));
            }
        }

        return said;
    }

    /// <summary>The end itself, once; before it a renewal that fails in the last window, once, and of the thresholds that are reached the tightest, if none as tight was spoken of.</summary>
    static IEnumerable<(string Type, string Detail)> OfItsEnd(Known known, ActValidity validity, DateTimeOffset clock)
    {
        if (known.EndSpokenOf)
            yield break;
        if (clock >= validity.NotAfter)
        {
            known.EndSpokenOf = true;
            yield return ("cert.expired", "");
            yield break;
        }

        var left = Seconds(validity.NotAfter - clock);
        if (!known.StallSpokenOf && known.LastFailure is { } failure && failure <= clock && Seconds(validity.NotAfter - failure) <= Bound(validity, 7))
        {
            known.StallSpokenOf = true;
            yield return ("cert.renewal_stalled", "");
        }

        var tightest = Thresholds.FirstOrDefault(t => left <= Bound(validity, t));
        if (tightest == 0 || known.Tightest <= tightest)
            yield break;
        known.Tightest = tightest;
        yield return ("cert.expiring_soon", $"{tightest}");
    }

    /// <summary>Whole days, or the life's third in proportion to the longest threshold: life × 1/3 × t/30, to the nearest second. For 7 it is the last window too.</summary>
    static long Bound(ActValidity validity, int days) => Math.Min(days * 86_400L, ((2 * Seconds(validity.NotAfter - validity.NotBefore) * days) + 90) / 180);

    static long Seconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerSecond;

    /// <summary>Valid by that clock, ends later, not revoked, and each name is there as it is or with its first label as a star.</summary>
    static bool Covers(Known other, Known known, DateTimeOffset clock) =>
        other is { Revoked: false, Now: { } wider } && known.Now is { } own && wider.NotBefore <= clock && clock < wider.NotAfter && wider.NotAfter > own.NotAfter
        && own.Names.All(name => wider.Names.Contains(name) || wider.Names.Contains("*" + name[name.IndexOf('.', StringComparison.Ordinal)..]));

    sealed class Known
    {
        public ActValidity? Now { get; private set; }

        public bool Revoked { get; set; }

        public DateTimeOffset? LastFailure { get; set; }

        public (string Fingerprint, DateTimeOffset Since)? Owed { get; set; }

        /// <summary>Of the validity now: the tightest threshold that was announced or kept back, and whether the rest was.</summary>
        public int Tightest { get; set; } = int.MaxValue;

        public bool StallSpokenOf { get; set; }

        public bool EndSpokenOf { get; set; }

        public bool AnythingAnnounced { get; set; }

        public void Begin(ActValidity validity)
        {
            (Now, Revoked, LastFailure, Tightest) = (validity, false, null, int.MaxValue);
            (StallSpokenOf, EndSpokenOf, AnythingAnnounced) = (false, false, false);
        }
    }
}
