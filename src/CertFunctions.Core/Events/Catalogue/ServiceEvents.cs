using static CertFunctions.Core.Events.Catalogue.PayloadField;
using static CertFunctions.Core.Events.Catalogue.PayloadShape;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>What the service itself has to say about its record.</summary>
static class ServiceEvents
{
    public static readonly IReadOnlyList<EventType> Types =
    [
        new()
        {
            Name = "audit.chain_broken",
            Module = "audit",
            When = "verification found the ledger altered",
            DefaultSeverity = Severity.Critical,
            DefaultStatus = EventStatus.Failure,
            Fields = [Need("ledger", Text), Need("index", Count), Need("verdict", Token), May("detail", Text)],
        },
        new()
        {
            Name = "audit.check_place_refused",
            Module = "audit",
            When = "the saved place of a self-check is not of the service's making: the check began anew",
            DefaultSeverity = Severity.Error,
            DefaultStatus = EventStatus.Failure,
            Fields = [Need("ledger", Text), Need("check", OneOf("tail", "whole")), May("detail", Text)],
        },
        new()
        {
            Name = "audit.inclusion_overdue",
            Module = "audit",
            When = "an acknowledged event is not in the ledger within its stated time",
            DefaultSeverity = Severity.Critical,
            DefaultStatus = EventStatus.Failure,
            Fields =
            [
                Need("event_id", Identifier), Need("recorded_at", Time), Need("due_at", Time),
                May("project_id", Text), May("subject_kind", Text), May("subject_id", Text), May("seq", Count),
            ],
        },
        new()
        {
            Name = "ledger.key_rotated",
            Module = "audit",
            When = "a key of the ledger gave way to a new one, signed with the log's key",
            DefaultSeverity = Severity.Warn,
            Fields = [Need("key_kind", OneOf("signing", "hmac")), Need("old_key", Text), Need("new_key", Text), Need("signature", Text)],
        },
        new()
        {
            Name = "siem.replayed",
            Module = "system",
            When = "a sink was set back, to be sent entries again",
            DefaultSeverity = Severity.Warn,
            Fields = [Need("sink", Text), Need("from", Count), Need("position", Count), May("requested_by", Text)],
        },
        new()
        {
            Name = "expiry.swept",
            Module = "system",
            When = "a sweep looked at the certificates that were due",
            DefaultSeverity = Severity.Debug,
            Fields = [Need("examined", Count), Need("announced", PayloadShape.Object), Need("suppressed", Count), Need("moved", Count), Need("known", Count), Need("failed", Count),
                May("late_by", Seconds), May("replanned", Count)],
        },
    ];
}
