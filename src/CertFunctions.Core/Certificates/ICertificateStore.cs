using CertFunctions.Core.Events;

namespace CertFunctions.Core.Certificates;

/// <summary>
/// The certificates' heads: what each one's events come to, kept by the event store in the transaction of each event. The contract, by number; every store passes
/// the same suite:
/// <list type="number">
/// <item>Once an append is answered, <see cref="ReadAsync"/> gives a head of at least that seq, and its state is the fold of the subject's events up to that seq.</item>
/// <item>A head whose state was written by another version, or never, is made anew from its events when it is read, and stored so with the next event or reschedule.</item>
/// <item>With each event the due time becomes what <see cref="Expiry.ExpiryPlan.NextDue"/> says of the new state and its project's policy.</item>
/// <item><see cref="ListAsync"/> pages give each certificate of the project that passes the filter once, by end of validity and then by id (in the store's order of texts); those without a validity last. <see cref="CertificateQuery.LatestFirst"/> turns the whole order round. A page may be short, even empty, and go on: a store examines a bounded number for one.</item>
/// <item><see cref="ReadDueAsync"/> gives what was due when its page was read, of every org, in order of due time, each once on the way, and reads nothing that is not due.</item>
/// <item><see cref="FindSupersederAsync"/> gives for each head the certificate with the latest end, of the same project, for which <see cref="Supersession.Covers"/> holds; it may miss one where a name has more than <see cref="MaxCandidates"/> later certificates.</item>
/// <item><see cref="RescheduleAsync"/> changes the due time and nothing else, and only while the head is at the expected seq; false, and nothing written, otherwise.</item>
/// <item><see cref="ScanAsync"/> pages give every certificate of every org that has a head, in an order of the store's own; one that changes meanwhile still comes.</item>
/// <item>No call but <see cref="ReadDueAsync"/> and <see cref="ScanAsync"/> crosses a project.</item>
/// </list>
/// </summary>
public interface ICertificateStore
{
    /// <summary>Candidates looked at for one certificate by <see cref="FindSupersederAsync"/>.</summary>
    const int MaxCandidates = 100;

    /// <summary>The head; null for a certificate without events.</summary>
    Task<CertificateHead?> ReadAsync(SubjectAddress address, CancellationToken cancellationToken);

    /// <summary>One page of a project's certificates, strictly past <paramref name="from"/> (null: from the beginning), at most <paramref name="limit"/>.</summary>
    Task<CertificatePage> ListAsync(CertificateQuery query, CertificatePlace? from, int limit, CancellationToken cancellationToken);

    /// <summary>How many certificates a project has by status as of <paramref name="now"/>, and how many of the active ones end within each of these many days.</summary>
    Task<CertificateCounts> CountAsync(OrgId org, ProjectId project, DateTimeOffset now, IReadOnlyList<int> withinDays, CancellationToken cancellationToken);

    /// <summary>The certificates of all orgs that are due at <paramref name="now"/>, past <paramref name="position"/> (null: from the beginning), at most <paramref name="limit"/>.</summary>
    Task<HeadsPage> ReadDueAsync(DateTimeOffset now, string? position, int limit, CancellationToken cancellationToken);

    /// <summary>For each head the certificate that supersedes it as of <paramref name="now"/>, or null. One answer per head, in order.</summary>
    Task<IReadOnlyList<CertificateHead?>> FindSupersederAsync(IReadOnlyList<CertificateHead> heads, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Sets when to look at the certificate next, if its head is still at <paramref name="expectedSeq"/>; whether it was.</summary>
    Task<bool> RescheduleAsync(SubjectAddress address, long expectedSeq, DateTimeOffset? due, CancellationToken cancellationToken);

    /// <summary>Every certificate there is, past <paramref name="position"/> (null: from the beginning), about <paramref name="limit"/>.</summary>
    Task<HeadsPage> ScanAsync(string? position, int limit, CancellationToken cancellationToken);
}

/// <summary>A certificate as of its last event.</summary>
/// <param name="Address">Whose it is.</param>
/// <param name="Seq">Seq of the last event.</param>
/// <param name="State">The fold of the events 1 to <paramref name="Seq"/>.</param>
/// <param name="Due">When a sweep is to look at it next; null for never.</param>
public sealed record CertificateHead(SubjectAddress Address, long Seq, CertificateState State, DateTimeOffset? Due);

/// <summary>Heads, and where to go on; null where there are no more.</summary>
public sealed record HeadsPage(IReadOnlyList<CertificateHead> Heads, string? Position);

/// <summary>Certificates by end of validity, and where to go on; null where there are no more.</summary>
public sealed record CertificatePage(IReadOnlyList<CertificateHead> Certificates, CertificatePlace? ContinueFrom);

/// <summary>A place in a project's certificates: the end of validity (<see cref="None"/> where there is none) and the id of the last one seen or examined.</summary>
public sealed record CertificatePlace(DateTimeOffset NotAfter, string Id)
{
    /// <summary>Where certificates without a validity stand: after every other.</summary>
    public static readonly DateTimeOffset None = DateTimeOffset.MaxValue;

    public static CertificatePlace Of(CertificateHead head) => new(head.State.Validity?.NotAfter ?? None, head.Address.Subject.Id);
}

/// <summary>Which of a project's certificates to list.</summary>
public sealed record CertificateQuery
{
    public required OrgId Org { get; init; }

    public required ProjectId Project { get; init; }

    /// <summary>The time as of which a status is meant.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>As <see cref="CertificateState.StatusAt"/> says at <see cref="Now"/>.</summary>
    public CertificateStatus? Status { get; init; }

    /// <summary>The issuer, letter for letter.</summary>
    public string? Issuer { get; init; }

    /// <summary>Only with an end of validity at or after this.</summary>
    public DateTimeOffset? ExpiringFrom { get; init; }

    /// <summary>Only with an end of validity strictly before this.</summary>
    public DateTimeOffset? ExpiringBefore { get; init; }

    /// <summary>A name, as <see cref="CertificateNames.Plain"/> has it.</summary>
    public string? Name { get; init; }

    /// <summary>Whether names that lie below <see cref="Name"/> count as well.</summary>
    public bool NameBelow { get; init; }

    /// <summary>Whether what ends last comes first: the same order, from its other end.</summary>
    public bool LatestFirst { get; init; }

    /// <summary>Whether the certificate passes.</summary>
    public bool Matches(CertificateState state) =>
        (Status is not { } status || state.StatusAt(Now) == status)
        && (Issuer is null || state.Issuer == Issuer)
        && (ExpiringFrom is not { } from || state.Validity?.NotAfter >= from)
        && (ExpiringBefore is not { } before || state.Validity?.NotAfter < before)
        && (Name is null || (NameBelow ? state.Names.HasBelow(Name) : state.Names.Has(Name)));
}

/// <summary>A project's certificates, counted.</summary>
/// <param name="ByStatus">By status at the time asked for; statuses of none left out.</param>
/// <param name="ExpiringWithin">For each number of days asked for, how many that read as active or renewal_failed end within it.</param>
public sealed record CertificateCounts(IReadOnlyDictionary<CertificateStatus, long> ByStatus, IReadOnlyDictionary<int, long> ExpiringWithin);

/// <summary>Whether one certificate makes the end of another of no account.</summary>
public static class Supersession
{
    /// <summary>
    /// Whether <paramref name="other"/> is valid at <paramref name="now"/>, ends later, and covers every name: itself not revoked, deleted or expired.
    /// </summary>
    public static bool Covers(CertificateHead other, CertificateHead head, DateTimeOffset now) =>
        other.Address != head.Address
        && other.State is { Validity: { } wider, Status: CertificateStatus.Active or CertificateStatus.RenewalFailed or CertificateStatus.Superseded }
        && head.State.Validity is { } own
        && wider.NotAfter > own.NotAfter && wider.NotAfter > now && wider.NotBefore <= now
        && head.State.Names.AreCoveredBy(other.State.Names);
}
