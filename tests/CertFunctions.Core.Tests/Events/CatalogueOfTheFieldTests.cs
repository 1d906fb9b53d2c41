using CertFunctions.Core.Events;
using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Core.Tests.Support;

namespace CertFunctions.Core.Tests.Events;

/// <summary>The requirements' own table, R1–R18, R20 and R21, copied here by hand: names on the wire are a contract.</summary>
public sealed class CatalogueOfTheFieldTests
{
    const string Validity = """ "fingerprint":"AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD","not_before":"2026-03-01T00:00:00Z","not_after":"2026-05-30T00:00:00Z" """;
    const string Device = """{"device_id":"d-1","reason":"due","old_cert_expiration":"2026-03-02T00:00:00Z","new_cert_expiration":"2026-05-30T00:00:00Z","error_message":"no route"}""";
    const string Signing = """{"request_id":"r-1","digest_algorithm":"SHA-256","key_id":"k-1","policy_result":"passed","approval_result":"approved","agent":"agent-7"}""";

    public static TheoryData<string, string, string> Rows { get; } = new()
    {
        { "R1", "cert.requested", """{"issuer":"CN=CA","subject":"CN=a.example"}""" },
        { "R2", "cert.approved", """{"approver":"ann@example.com","approval_id":"ap-1"}""" },
        { "R3", "cert.issued", $$"""{ {{Validity}}, "chain_depth":2}""" },
        { "R4", "cert.renewed", $$"""{ {{Validity}}, "trigger":"scheduler"}""" },
        { "R4", "cert.renewed", $$"""{ {{Validity}}, "trigger":"manual"}""" },
        { "R4", "cert.renewed", $$"""{ {{Validity}}, "trigger":"reissue"}""" },
        { "R5", "cert.renewal_failed", """{"attempt":3,"error_class":"network","next_retry_at":"2026-03-01T13:00:00Z"}""" },
        { "R6", "cert.expiring_soon", """{"days_remaining":14,"threshold":14}""" },
        { "R7", "cert.expired", """{"expired_for":3600}""" },
        { "R8", "cert.revoked", """{"reason_code":1,"reason":"keyCompromise","actor":"ann","note":"found on a share"}""" },
        { "R9", "cert.distributed", """{"distribution_id":"d-1","module":"f5","targets_succeeded":["lb-1","lb-2"]}""" },
        { "R9", "cert.distributed", """{"distribution_id":"d-1","module":"f5","targets_succeeded":2}""" },
        { "R10", "cert.distribution_failed", """{"distribution_id":"d-1","error_class":"auth","targets_failed":["lb-2"]}""" },
        { "R11", "cert.distribution_rolled_back", """{"distribution_id":"d-1","rolled_back_by":"ann"}""" },
        { "R12", "cert.downloaded", """{"format":"pfx","actor":"ann","ip":"192.0.2.7"}""" },
        { "R13", "cert.policy_violation", """{"rule":"max-validity","offending_value":{"days":900}}""" },
        { "R14", "cert.ocsp_revoked", """{"responder":"http://ocsp.example","checked_at":"2026-03-01T11:00:00Z"}""" },
        { "R15", "cert.msca_pending", """{"request_id":17,"connection_id":"msca-1"}""" },
        { "R16", "cert.msca_approved", """{"request_id":17}""" },
        { "R17", "cert.msca_pending_timeout", """{"request_id":17}""" },
        { "R18", "renewal_start", Device },
        { "R18", "renewal_success", Device },
        { "R18", "renewal_failed", Device },
        { "R18", "recovery_start", Device },
        { "R18", "recovery_success", Device },
        { "R18", "recovery_failed", """{"device_id":"d-1"}""" },
        { "R21", "signing.requested", Signing },
        { "R21", "signing.approved", Signing },
        { "R21", "signing.completed", Signing },
        { "R21", "signing.denied", Signing },
        { "R21", "signing.failed", Signing },
    };

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_row_of_R1_to_R18_and_R21_is_accepted_under_its_exact_names(string requirement, string type, string data)
    {
        var accepted = Submission.Of(type, data).Accepted();

        Assert.True(type == accepted.Type.Name, requirement);
        Assert.Null(accepted.SubmittedType);
    }

    [Fact]
    public void Certificates_events_R1_to_R17_are_about_certificates_and_in_their_module() =>
        Assert.All(Rows.Select(r => (string)r[1]).Where(n => n.StartsWith("cert.", StringComparison.Ordinal)), name =>
        {
            Assert.True(EventCatalogue.TryFind(name, out var type, out _));
            Assert.Equal(("certificate", "certificate"), (type.Module, type.SubjectKind));
        });

    [Fact]
    public void Renewal_events_R18_are_about_devices()
    {
        Assert.Equal("renewal", Submission.Of("renewal_start", Device).Accepted().Type.Module);
        Assert.Equal(new FieldError("subject.kind", "must be device for renewal_start"), Submission.Of("renewal_start", Device).Set("subject", """{"kind":"certificate","id":"x"}""").OneFault());
    }

    [Theory]
    [InlineData("user", "user.login", "user.login_failed", "user.auth_method_changed")]
    [InlineData("certificate", "cert.edited", "cert.reissue_requested", "cert.domain_validated", "cert.provisioned")]
    [InlineData("ca", "ca.created", "ca.configured", "ca.hierarchy_changed", "ca.error")]
    [InlineData("key", "key.generated", "key.rotated", "key.revoked", "key.activated", "key.deactivated")]
    [InlineData("automation", "automation.token_created", "automation.workflow_started", "automation.workflow_completed", "automation.workflow_failed")]
    [InlineData("signing", "signing.requested", "signing.completed")]
    [InlineData("policy", "policy.created", "policy.changed", "policy.deleted")]
    [InlineData("agent", "agent.registered", "agent.offline")]
    [InlineData("system", "system.configuration_changed", "system.policy_changed", "system.integration_changed")]
    public void Every_module_of_R20_has_its_types(string module, params string[] types) =>
        Assert.All(types, name => Assert.Equal(module, EventCatalogue.TryFind(name, out var type, out _) ? type.Module : null));

    [Theory]
    [InlineData("signing.denied", EventStatus.Denied)]
    [InlineData("signing.failed", EventStatus.Failure)]
    [InlineData("signing.completed", EventStatus.Success)]
    public void The_final_status_of_a_signing_R21_is_the_events_own(string type, EventStatus status) =>
        Assert.Equal(status, Submission.Of(type, Signing).Accepted().Status);

    [Theory]
    [InlineData("request_id")]
    [InlineData("digest_algorithm")]
    [InlineData("key_id")]
    public void A_signing_R21_always_says_which_request_digest_and_key(string field)
    {
        var submission = Submission.Of("signing.completed", Signing);
        submission.Data.Remove(field);

        Assert.Equal("data." + field, submission.OneFault().Field);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("6")]
    [InlineData("8")]
    [InlineData("10")]
    public void A_revocation_R8_takes_the_reasons_of_RFC_5280(string code) => Submission.Of("cert.revoked", $$"""{"reason_code":{{code}}}""").Accepted();

    [Theory]
    [InlineData("7")]
    [InlineData("11")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("\"1\"")]
    public void A_revocation_R8_takes_no_other_reason(string code) =>
        Assert.Equal("data.reason_code", Submission.Of("cert.revoked", $$"""{"reason_code":{{code}}}""").OneFault().Field);

    [Theory]
    [InlineData("cert.renewed", "trigger", "\"cron\"")]
    [InlineData("cert.renewal_failed", "attempt", "0")]
    [InlineData("cert.expiring_soon", "days_remaining", "-1")]
    [InlineData("cert.expired", "expired_for", "1.5")]
    [InlineData("cert.issued", "fingerprint", "\"abc\"")]
    [InlineData("cert.issued", "fingerprint", "\"AA:BBCC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD\"")]
    [InlineData("cert.issued", "not_before", "\"2026-03-01\"")]
    [InlineData("cert.issued", "subject_alt_names", "[\"a\",1]")]
    [InlineData("cert.ocsp_revoked", "checked_at", "\"yesterday\"")]
    [InlineData("cert.downloaded", "format", "\"p f x\"")]
    [InlineData("cert.requested", "issuer", "\"\"")]
    public void A_value_out_of_its_range_is_named(string type, string field, string value)
    {
        Assert.True(EventCatalogue.TryFind(type, out var found, out _));
        var submission = Submission.Minimal(found);
        submission.Data[field] = System.Text.Json.Nodes.JsonNode.Parse(value);

        var fault = submission.OneFault();

        Assert.Equal("data." + field, fault.Field);
        Assert.StartsWith("must be ", fault.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_ends_before_it_begins_is_refused()
    {
        var fault = Submission.Of("cert.issued", $$"""{"fingerprint":"{{new string('a', 64)}}","not_before":"2026-03-02T00:00:00Z","not_after":"2026-03-02T00:30:00+01:00"}""").OneFault();

        Assert.Equal("data.not_after", fault.Field);
    }
}
