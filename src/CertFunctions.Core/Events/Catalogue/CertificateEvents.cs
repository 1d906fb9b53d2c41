using static CertFunctions.Core.Events.Catalogue.PayloadField;
using static CertFunctions.Core.Events.Catalogue.PayloadShape;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>The life of a certificate, R1–R17.</summary>
static class CertificateEvents
{
    /// <summary>RFC 5280, 5.3.1: CRLReason; 7 is not used.</summary>
    static readonly PayloadShape RevocationReason = OneOfNumbers("an RFC 5280 reason code: 0 to 6 or 8 to 10", 0, 1, 2, 3, 4, 5, 6, 8, 9, 10);

    /// <summary>RFC 9773, suggestedWindow.</summary>
    static readonly PayloadField WindowStart = May("renewal_window_start", Time), WindowEnd = May("renewal_window_end", Time);

    /// <summary>Which certificate of the subject's it is about.</summary>
    static readonly PayloadField MayBeOf = May("fingerprint", Fingerprint), MayEnd = May("not_after", Time);

    public static readonly IReadOnlyList<EventType> Types =
    [
        Of("cert.requested", "issuance submitted", Need("issuer", Text), Need("subject", Text)),
        Of("cert.approved", "approval accepted", Need("approver", Text).OfAPerson(), Need("approval_id", Identifier)),
        Of("cert.issued", "the CA returned the certificate", Need("fingerprint", Fingerprint), Need("not_before", Time), Need("not_after", Time),
            May("chain_depth", Count), May("subject", Text), May("issuer", Text), May("serial_number", Text), May("subject_alt_names", TextList),
            May("key_algorithm", Text), May("signature_algorithm", Text), WindowStart, WindowEnd),
        Of("cert.renewed", "renewal or reissue succeeded", Need("trigger", OneOf("scheduler", "manual", "reissue")), Need("fingerprint", Fingerprint),
            Need("not_before", Time), Need("not_after", Time), May("subject", Text), May("issuer", Text), May("serial_number", Text),
            May("subject_alt_names", TextList), May("key_algorithm", Text), May("signature_algorithm", Text), WindowStart, WindowEnd),
        Of("cert.renewal_failed", "a renewal attempt failed", Need("attempt", Between(1, 1_000_000)), Need("error_class", Token), May("next_retry_at", Time), May("error_message", Text))
            with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },
        Of("cert.renewal_info", "the CA suggested when to renew (RFC 9773)", Need("window_start", Time), Need("window_end", Time), MayBeOf, May("explanation_url", Text)),
        Of("cert.renewal_stalled", "a sweep found its renewal failing in the last window before its end", Need("failures", Count), Need("seconds_remaining", Seconds), MayBeOf, MayEnd)
            with { DefaultSeverity = Severity.Critical, DefaultStatus = EventStatus.Failure },
        Of("cert.expiring_soon", "a sweep found it due at a threshold", Need("days_remaining", Days), Need("threshold", Days), May("seconds_remaining", Seconds), MayBeOf, MayEnd)
            with { DefaultSeverity = Severity.Warn },
        Of("cert.expired", "past not_after", Need("expired_for", Seconds), MayBeOf, MayEnd) with { DefaultSeverity = Severity.Error },
        Of("cert.expiry_suppressed", "a sweep kept an announcement back", Need("announcement", OneOf("expiring_soon", "expired", "renewal_stalled")), Need("reason", Text),
            May("threshold", Days), May("superseded_by", Text), MayBeOf, MayEnd) with { DefaultSeverity = Severity.Debug },
        Of("cert.expiry_cleared", "a certificate that was warned of is renewed", Need("fingerprint", Fingerprint), Need("not_after", Time), May("new_fingerprint", Fingerprint), May("new_not_after", Time)),
        Of("cert.revoked", "the CA confirmed the revocation", Need("reason_code", RevocationReason), MayBeOf, May("reason", Text), May("actor", Text).OfAPerson(), May("note", Text).OfAPerson())
            with { DefaultSeverity = Severity.Warn },
        Of("cert.distributed", "distribution succeeded", Need("distribution_id", Identifier), Need("module", Token), Need("targets_succeeded", CountOrNames)),
        Of("cert.distribution_failed", "distribution failed, wholly or in part", Need("distribution_id", Identifier), Need("error_class", Token), Need("targets_failed", CountOrNames), May("module", Token))
            with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },
        Of("cert.distribution_rolled_back", "a rollback ran", Need("distribution_id", Identifier), Need("rolled_back_by", Text).OfAPerson()) with { DefaultSeverity = Severity.Warn },
        Of("cert.downloaded", "downloaded by hand", Need("format", Token), May("actor", Text).OfAPerson(), May("ip", Text).OfAPerson()),
        Of("cert.policy_violation", "blocked by policy", Need("rule", Text), Need("offending_value", Any)) with { DefaultSeverity = Severity.Warn, DefaultStatus = EventStatus.Denied },
        Of("cert.ocsp_revoked", "a probe saw OCSP answer revoked", Need("responder", Text), Need("checked_at", Time)) with { DefaultSeverity = Severity.Critical },
        Of("cert.msca_pending", "the Microsoft CA returned pending", Need("request_id", Identifier), Need("connection_id", Identifier)),
        Of("cert.msca_approved", "approved in Windows", Need("request_id", Identifier)),
        Of("cert.msca_pending_timeout", "pending for more than 7 days", Need("request_id", Identifier)) with { DefaultSeverity = Severity.Warn, DefaultStatus = EventStatus.Failure },
    ];

    static EventType Of(string name, string when, params PayloadField[] fields) =>
        new() { Name = name, Module = "certificate", When = when, Fields = fields, SubjectKind = Subject.Certificate };
}
