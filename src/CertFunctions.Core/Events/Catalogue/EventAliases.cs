using System.Collections.Frozen;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>
/// Names other products and older versions use for types of ours. An event that comes under one is recorded under ours, and keeps the name it
/// came under as <c>submitted_type</c>.
/// </summary>
static class EventAliases
{
    public static readonly FrozenDictionary<string, string> All = new Dictionary<string, string>
    {
        ["cert.request"] = "cert.requested",
        ["cert.approval"] = "cert.approved",
        ["cert.issue"] = "cert.issued",
        ["cert.issuance.success"] = "cert.issued",
        ["cert.renewal"] = "cert.renewed",
        ["cert.renewal.success"] = "cert.renewed",
        ["cert.renewal.succeeded"] = "cert.renewed",
        ["cert.reissued"] = "cert.renewed",
        ["cert.renewal.failed"] = "cert.renewal_failed",
        ["cert.renewal.failure"] = "cert.renewal_failed",
        ["cert.expiring"] = "cert.expiring_soon",
        ["cert.expiry.warning"] = "cert.expiring_soon",
        ["cert.revocation"] = "cert.revoked",
        ["cert.revocation.success"] = "cert.revoked",
        ["cert.distribution.success"] = "cert.distributed",
        ["cert.distribution.failed"] = "cert.distribution_failed",
        ["cert.distribution.failure"] = "cert.distribution_failed",
        ["cert.distribution.rolled_back"] = "cert.distribution_rolled_back",
        ["cert.download"] = "cert.downloaded",
        ["cert.policy.violation"] = "cert.policy_violation",
        ["cert.ocsp.revoked"] = "cert.ocsp_revoked",
        ["cert.msca.pending"] = "cert.msca_pending",
        ["cert.msca.approved"] = "cert.msca_approved",
        ["cert.msca.pending_timeout"] = "cert.msca_pending_timeout",
        ["renewal.start"] = "renewal_start",
        ["renewal.success"] = "renewal_success",
        ["renewal.failed"] = "renewal_failed",
        ["recovery.start"] = "recovery_start",
        ["recovery.success"] = "recovery_success",
        ["recovery.failed"] = "recovery_failed",
        ["user.login.success"] = "user.login",
        ["user.login.failed"] = "user.login_failed",
        ["key.rotation"] = "key.rotated",
    }.ToFrozenDictionary();
}
