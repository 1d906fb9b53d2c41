using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Expiry;

/// <summary>
/// When to say that a certificate ends (R42, R43): thresholds in days, each bounded by a share of the certificate's life, so that 398 days and 6 hours both get
/// sensible times. Numbers for common lives are in <c>docs/expiry.md</c>.
/// </summary>
public sealed class ExpiryPolicy
{
    public const int MaxThresholds = 16, MaxThreshold = 3650;

    /// <summary>The window before the end in which a failing renewal counts as stalled is never longer than this.</summary>
    public static readonly TimeSpan LongestLastWindow = TimeSpan.FromDays(7);

    /// <summary>How long a request may wait at a Microsoft CA (R17).</summary>
    public static readonly TimeSpan PendingFor = TimeSpan.FromDays(7);

    /// <summary>30, 14, 7, 3 and 1 days, within the last third of the life.</summary>
    public static readonly ExpiryPolicy Default = new([30, 14, 7, 3, 1], 1.0 / 3);

    ExpiryPolicy(IReadOnlyList<int> thresholds, double share) => (Thresholds, Share) = (thresholds, share);

    /// <summary>Days, longest first.</summary>
    public IReadOnlyList<int> Thresholds { get; }

    /// <summary>The share of a certificate's life that the longest threshold takes at most, more than 0 and at most 1; shorter ones in proportion.</summary>
    public double Share { get; }

    /// <summary>A policy; null with what is wrong, as "must be …", where there is none.</summary>
    public static ExpiryPolicy? Of(IReadOnlyCollection<int> thresholds, double share, out string? wrong)
    {
        wrong = thresholds.Count is < 1 or > MaxThresholds ? $"thresholds must be 1 to {MaxThresholds} numbers of days"
            : thresholds.Any(t => t is < 1 or > MaxThreshold) ? $"thresholds must be whole numbers of days from 1 to {MaxThreshold}"
            : thresholds.Distinct().Count() != thresholds.Count ? "thresholds must differ from each other: name each number of days once"
            : share is > 0 and <= 1 ? null : "share must be more than 0 and at most 1: the part of a certificate's life that the longest threshold may take";
        return wrong is null ? new ExpiryPolicy([.. thresholds.OrderDescending()], share) : null;
    }

    /// <summary>
    /// How long before its end a certificate is at the threshold: <c>min(t days, life × share × t / longest threshold)</c>, the latter rounded to whole seconds.
    /// </summary>
    public TimeSpan Bound(int threshold, CertificateValidity validity) => Min(TimeSpan.FromDays(threshold), Part(validity, Share * threshold / Thresholds[0]));

    /// <summary>How long before its end a failing renewal counts as stalled: <c>min(7 days, life × share × 7 / 30)</c>, the latter rounded to whole seconds.</summary>
    public TimeSpan LastWindow(CertificateValidity validity) => Min(LongestLastWindow, Part(validity, Share * 7 / 30));

    static TimeSpan Part(CertificateValidity validity, double part) =>
        TimeSpan.FromSeconds((long)Math.Round(Math.Max(0, (validity.NotAfter - validity.NotBefore).TotalSeconds) * part, MidpointRounding.AwayFromZero));

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{string.Join('/', Thresholds)}@{Share:R}");
}

/// <summary>The policy of each project: a default, and the projects that have their own.</summary>
public sealed class ExpiryPolicies(ExpiryPolicy general, IReadOnlyDictionary<(OrgId Org, ProjectId Project), ExpiryPolicy> own)
{
    public static readonly ExpiryPolicies Default = new(ExpiryPolicy.Default);

    public ExpiryPolicies(ExpiryPolicy general)
        : this(general, new Dictionary<(OrgId, ProjectId), ExpiryPolicy>())
    {
    }

    public ExpiryPolicy For(OrgId org, ProjectId project) => own.Count > 0 && own.TryGetValue((org, project), out var policy) ? policy : general;

    public ExpiryPolicy For(SubjectAddress address) => For(address.Org, address.Project);

    /// <summary>32 hex digits that change when any due time may: with a policy, and with the version of the states that due times are made of.</summary>
    public string Fingerprint { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        own.OrderBy(p => p.Key.Org.Value, StringComparer.Ordinal).ThenBy(p => p.Key.Project.Value, StringComparer.Ordinal).Select(p => $"{p.Key.Org}/{p.Key.Project} {p.Value}")
            .Prepend($"{CertificateState.CurrentVersion} {general}")))))[..32];
}
