namespace CertFunctions.Testing.Year;

/// <summary>What becomes of a certificate in a simulated year.</summary>
public enum Fate
{
    RenewedInTime,
    RenewedLate,
    Failing,
    Superseded,
    Revoked,
    NeverRenewed,
}

/// <summary>What a producer tells at a time.</summary>
public enum ActKind
{
    Issued,
    Renewed,
    RenewalFailed,
    Revoked,
}

/// <summary>Something a producer tells of a certificate. <paramref name="Validity"/> comes with what begins one.</summary>
public sealed record Act(DateTimeOffset At, string Subject, ActKind Kind, ActValidity? Validity = null);

/// <summary>A validity as a producer tells it.</summary>
public sealed record ActValidity(string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, IReadOnlyList<string> Names);

/// <summary>The acts of a year, from a seed.</summary>
public static class Acts
{
    /// <summary>Validities that follow each other in one certificate, at most.</summary>
    const int MostValidities = 40;

    /// <summary>Several certificates of each life and fate, begun at different times, and what is told of them until <paramref name="end"/>, in the order of time.</summary>
    public static IReadOnlyList<Act> Of(DateTimeOffset begin, DateTimeOffset end, IReadOnlyList<TimeSpan> lives, int each, int seed)
    {
        var random = new Random(seed);
        var acts = new List<Act>();
        foreach (var life in lives)
        {
            foreach (var fate in Enum.GetValues<Fate>())
            {
                for (var i = 0; i < each; i++)
                    acts.AddRange(Tell($"{life.TotalHours:0}h-{fate}-{i}", begin + TimeSpan.FromSeconds(random.NextInt64((long)((end - begin).TotalSeconds * 0.8))), end, life, fate));
            }
        }

        return [.. acts.Where(a => a.At < end).OrderBy(a => a.At).ThenBy(a => a.Subject, StringComparer.Ordinal)];
    }

    static IEnumerable<Act> Tell(string subject, DateTimeOffset at, DateTimeOffset end, TimeSpan life, Fate fate)
    {
        string[] names = [$"host.{subject.ToLowerInvariant()}.example"];
        var number = 0;
        yield return Begin(ActKind.Issued, at);
        switch (fate)
        {
            case Fate.RenewedInTime:
            case Fate.RenewedLate:
                var share = fate == Fate.RenewedInTime ? 0.6 : 0.97;
                while (number < MostValidities && (at = Part(share)) < end)
                    yield return Begin(ActKind.Renewed, at);
                break;
            case Fate.Failing:
                while (number < MostValidities && at < end)
                {
                    foreach (var failure in (double[])[0.7, 0.85, 0.95, 0.99])
                        yield return new Act(Part(failure), subject, ActKind.RenewalFailed);
                    at = Part(1.1);
                    yield return Begin(ActKind.Issued, at);
                }

                break;
            case Fate.Superseded:
                yield return new Act(Part(0.5), subject + "-wide", ActKind.Issued, new ActValidity(Fingerprint(subject + "-wide"), Part(0.5), Part(2.5), [$"*.{subject.ToLowerInvariant()}.example", $"{subject.ToLowerInvariant()}.example"]));
                break;
            case Fate.Revoked:
                yield return new Act(Part(0.5), subject, ActKind.Revoked);
                break;
        }

        Act Begin(ActKind kind, DateTimeOffset from) => new(from, subject, kind, new ActValidity(Fingerprint($"{subject}#{number++}"), from, from + life, names));

        DateTimeOffset Part(double part) => at + TimeSpan.FromSeconds(Math.Floor(life.TotalSeconds * part));
    }

    static string Fingerprint(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
}
