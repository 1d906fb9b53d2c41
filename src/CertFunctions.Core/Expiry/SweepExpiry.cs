using System.Security.Cryptography;
using System.Text.Json;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Core.Expiry;

/// <summary>
/// Goes over the certificates that are due, page by page, and says of each what there is to say (R42, R43, R17). What is said goes through ingest under an id of
/// its own, right after the seq that was looked at, and its append moves the due time on in the same transaction: if we die anywhere, what was said is not due any
/// more and the rest still is, and the next run goes on. Two sweeps at once say everything once.
/// </summary>
public sealed class SweepExpiry(ICertificateStore certificates, IEventStore events, ExpiryPolicies policies, TimeProvider clock, RandomNumberGenerator random, int page = SweepExpiry.PageCertificates)
{
    /// <summary>Certificates in memory at once, unless told otherwise.</summary>
    public const int PageCertificates = 500;

    /// <summary>One sweep, by the clock as it stands when it begins.</summary>
    public async Task<SweepReport> HandleAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var report = new SweepReport(now);
        for (string? position = null; ;)
        {
            var due = await certificates.ReadDueAsync(now, position, page, cancellationToken).ConfigureAwait(false);
            await SweepAsync(due.Heads, now, report, cancellationToken).ConfigureAwait(false);
            if (due.Position is null)
                return report;
            position = due.Position;
        }
    }

    /// <summary>The same of every certificate there is, whatever its due time: for policies that the due times were not computed under.</summary>
    public IAsyncEnumerable<PlannedAnnouncement> PreviewAllAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        PreviewAsync(now, position => certificates.ScanAsync(position, page, cancellationToken), cancellationToken);

    /// <summary>What a sweep at <paramref name="now"/> would say and why, as of the certificates' state now. Writes nothing.</summary>
    public IAsyncEnumerable<PlannedAnnouncement> PreviewAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        PreviewAsync(now, position => certificates.ReadDueAsync(now, position, page, cancellationToken), cancellationToken);

    async IAsyncEnumerable<PlannedAnnouncement> PreviewAsync(
        DateTimeOffset now, Func<string?, Task<HeadsPage>> read, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (string? position = null; ;)
        {
            var due = await read(position).ConfigureAwait(false);
            foreach (var (head, said) in await PlanAsync(due.Heads, now, cancellationToken).ConfigureAwait(false))
            {
                foreach (var announcement in said)
                    yield return new PlannedAnnouncement(head.Address, announcement);
            }

            if (due.Position is null)
                yield break;
            position = due.Position;
        }
    }

    async Task SweepAsync(IReadOnlyList<CertificateHead> heads, DateTimeOffset now, SweepReport report, CancellationToken cancellationToken)
    {
        if (heads.Count == 0)
            return;
        var plan = await PlanAsync(heads, now, cancellationToken).ConfigureAwait(false);
        var stamped = new List<StampedEvent>(heads.Count);
        foreach (var (head, said) in plan)
        {
            report.Examine(head, now);
            for (var i = 0; i < said.Count; i++)
                stamped.Add(said[i].Stamp(head.Address, head.Seq + i, now, random));
        }

        IReadOnlyList<AppendOutcome> outcomes = stamped.Count == 0 ? [] : await events.AppendAsync(stamped, cancellationToken).ConfigureAwait(false);
        var at = 0;
        foreach (var (head, said) in plan)
        {
            var (seq, state, again) = (head.Seq, head.State, said.Count == 0);
            foreach (var announcement in said)
            {
                var outcome = outcomes[at];
                report.Note(announcement, outcome);
                switch (outcome)
                {
                    case AppendOutcome.Appended appended:
                        (seq, state) = (appended.Event.Seq, state.Apply(stamped[at].Change!));
                        break;
                    // Said before, of this validity in an earlier life: the state does not know, so the due time would stand still.
                    case AppendOutcome.Duplicate or AppendOutcome.Conflict:
                        (state, again) = (state.Apply(stamped[at].Change!), true);
                        break;
                    case AppendOutcome.Moved or AppendOutcome.Busy or AppendOutcome.Full:
                        break;
                    default:
                        throw new System.Diagnostics.UnreachableException();
                }

                at++;
            }

            if (again)
                await certificates.RescheduleAsync(head.Address, seq, ExpiryPlan.NextDue(state, policies.For(head.Address)), CancellationToken.None).ConfigureAwait(false);
        }
    }

    async Task<List<(CertificateHead Head, IReadOnlyList<ExpiryAnnouncement> Said)>> PlanAsync(IReadOnlyList<CertificateHead> heads, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var ending = heads.Where(h => ExpiryPlan.AsksForSuperseder(h.State, policies.For(h.Address), now)).ToList();
        IReadOnlyList<CertificateHead?> found = ending.Count == 0 ? [] : await certificates.FindSupersederAsync(ending, now, cancellationToken).ConfigureAwait(false);
        var superseders = new Dictionary<SubjectAddress, string>();
        for (var i = 0; i < ending.Count; i++)
        {
            if (found[i] is { } superseder)
                superseders[ending[i].Address] = superseder.Address.Subject.Id;
        }

        return [.. heads.Select(h => (h, ExpiryPlan.At(h.State, policies.For(h.Address), now, superseders.GetValueOrDefault(h.Address))))];
    }
}

/// <summary>What a sweep would say of one certificate.</summary>
public sealed record PlannedAnnouncement(SubjectAddress Address, ExpiryAnnouncement Announcement);

/// <summary>What a sweep did.</summary>
public sealed class SweepReport(DateTimeOffset at)
{
    readonly SortedDictionary<string, long> announced = new(StringComparer.Ordinal);

    /// <summary>The clock it went by.</summary>
    public DateTimeOffset At => at;

    /// <summary>Certificates that were due.</summary>
    public long Examined { get; private set; }

    /// <summary>Events it added, by type; suppressions are counted apart.</summary>
    public IReadOnlyDictionary<string, long> Announced => announced;

    /// <summary>Announcements kept back because another certificate covers this one.</summary>
    public long Suppressed { get; private set; }

    /// <summary>Not said, because something happened to the certificate since it was looked at. The next sweep looks again.</summary>
    public long Moved { get; private set; }

    /// <summary>Said before.</summary>
    public long Known { get; private set; }

    /// <summary>Not said, because the store had no room. The next sweep tries again.</summary>
    public long Failed { get; private set; }

    /// <summary>For how long the certificate that waited longest had been due.</summary>
    public TimeSpan LateBy { get; private set; }

    /// <summary>Writes the counts as members of a JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("examined"u8, Examined);
        json.WriteStartObject("announced"u8);
        foreach (var (type, count) in Announced)
            json.WriteNumber(type, count);
        json.WriteEndObject();
        json.WriteNumber("suppressed"u8, Suppressed);
        json.WriteNumber("moved"u8, Moved);
        json.WriteNumber("known"u8, Known);
        json.WriteNumber("failed"u8, Failed);
    }

    internal void Examine(CertificateHead head, DateTimeOffset now)
    {
        Examined++;
        if (head.Due is { } due && now - due > LateBy)
            LateBy = now - due;
    }

    internal void Note(ExpiryAnnouncement announcement, AppendOutcome outcome)
    {
        switch (outcome)
        {
            case AppendOutcome.Appended when announcement is ExpiryAnnouncement.Suppressed:
                Suppressed++;
                break;
            case AppendOutcome.Appended:
                announced[announcement.Type] = announced.GetValueOrDefault(announcement.Type) + 1;
                break;
            case AppendOutcome.Moved:
                Moved++;
                break;
            case AppendOutcome.Duplicate or AppendOutcome.Conflict:
                Known++;
                break;
            default:
                Failed++;
                break;
        }
    }
}
