using static CertFunctions.Core.Events.Catalogue.PayloadField;
using static CertFunctions.Core.Events.Catalogue.PayloadShape;

namespace CertFunctions.Core.Events.Catalogue;

/// <summary>A device renewing its own certificate, R18. The names have no dot: they are the fleet's own words on the wire.</summary>
static class RenewalEvents
{
    public static readonly IReadOnlyList<EventType> Types =
    [
        Of("renewal_start", "a device began to renew"),
        Of("renewal_success", "a device renewed"),
        Of("renewal_failed", "a device could not renew") with { DefaultSeverity = Severity.Error, DefaultStatus = EventStatus.Failure },
        Of("recovery_start", "a device began to recover from a failed renewal"),
        Of("recovery_success", "a device recovered"),
        Of("recovery_failed", "a device could not recover") with { DefaultSeverity = Severity.Critical, DefaultStatus = EventStatus.Failure },
    ];

    static EventType Of(string name, string when) => new()
    {
        Name = name,
        Module = "renewal",
        When = when,
        SubjectKind = "device",
        Fields = [Need("device_id", Identifier), May("reason", Text), May("old_cert_expiration", Time), May("new_cert_expiration", Time), May("error_message", Text)],
    };
}
