using static CertFunctions.Core.Events.Catalogue.PayloadField;
using static CertFunctions.Core.Events.Catalogue.PayloadShape;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>Signing operations, R21. The final status is the envelope's <c>status</c>.</summary>
static class SigningEvents
{
    public static readonly IReadOnlyList<EventType> Types =
    [
        Of("signing.requested", "a signature was asked for"),
        Of("signing.approved", "the request was approved"),
        Of("signing.completed", "the signature was made"),
        Of("signing.denied", "policy or an approver refused") with { DefaultSeverity = Severity.Warn, DefaultStatus = EventStatus.Denied },
        Of("signing.failed", "the signature could not be made") with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },
    ];

    static EventType Of(string name, string when) => new()
    {
        Name = name,
        Module = "signing",
        When = when,
        Fields =
        [
            Need("request_id", Identifier), Need("digest_algorithm", Token), Need("key_id", Identifier), May("policy_result", Token),
            May("approval_result", Token), May("agent", Identifier), May("digest", Text), May("artifact", Text), May("error_message", Text),
        ],
    };
}
