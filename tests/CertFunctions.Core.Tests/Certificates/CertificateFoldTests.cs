using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Certificates;

/// <summary>R29: what each event does to a certificate's state.</summary>
public sealed class CertificateFoldTests
{
    [Fact]
    public void From_the_request_to_the_certificate_the_status_follows_the_steps()
    {
        var history = new History();
        CertificateStatus[] seen =
        [
            history.Then("cert.downloaded").State.Status,
            history.Then("cert.requested", """{"issuer":"CN=CA","subject":"CN=a.example.com"}""").State.Status,
            history.Then("cert.approved").State.Status,
            history.Then("cert.msca_pending", """{"request_id":7,"connection_id":"dc"}""").State.Status,
            history.Then("cert.msca_approved", """{"request_id":"7"}""").State.Status,
            history.Issued().State.Status,
        ];

        Assert.Equal([CertificateStatus.Unknown, CertificateStatus.Requested, CertificateStatus.Approved, CertificateStatus.Pending, CertificateStatus.Approved, CertificateStatus.Active], seen);
        Assert.Equal(("CN=CA", "CN=a.example.com", null), (history.State.Issuer, history.State.Subject, history.State.Pending));
    }

    [Fact]
    public void A_request_for_a_certificate_that_is_valid_leaves_its_status()
    {
        var state = new History().Issued().Then("cert.requested", """{"issuer":"x","subject":"y"}""").Then("cert.approved").Then("cert.msca_pending", """{"request_id":"7","connection_id":"dc"}""").State;

        Assert.Equal(CertificateStatus.Active, state.Status);
        Assert.Equal(new PendingRequest("7", History.Start.AddDays(3)), state.Pending);
        Assert.Null(new History().Issued().Then("cert.msca_pending", """{"request_id":"7","connection_id":"dc"}""").Renewed('b', 180).State.Pending);
    }

    [Fact]
    public void Failures_count_until_a_renewal_succeeds()
    {
        var failing = new History().Issued().Failed().Failed();
        Assert.Equal((CertificateStatus.RenewalFailed, 2, History.Start.AddDays(2)), (failing.State.Status, failing.State.Failures, failing.State.LastFailure!.At));

        var renewed = failing.Renewed('b', 180).State;
        Assert.Equal((CertificateStatus.Active, 0, null), (renewed.Status, renewed.Failures, renewed.LastFailure));
        Assert.Equal(new RenewalNote(History.Start.AddDays(3), "scheduler"), renewed.LastRenewal);
    }

    [Fact]
    public void A_late_certificate_never_replaces_the_one_we_have_and_is_flagged()
    {
        var history = new History().Issued('b', 180, occurred: 2, recorded: 3).Issued('a', 90, occurred: 1, recorded: 4);

        Assert.Equal(new string('b', 64), history.State.Validity!.Fingerprint);
        Assert.Equal((1, true), (history.State.Late, history.State.LastLate));
        history.Then("cert.downloaded");
        Assert.Equal((1, false), (history.State.Late, history.State.LastLate));
    }

    [Fact]
    public void A_late_failure_distribution_or_revocation_is_of_the_older_certificate()
    {
        var state = new History().Issued('b', 180, recorded: 10).Failed(occurred: 5, recorded: 11)
            .Then("cert.distributed", """{"distribution_id":"d","module":"m","targets_succeeded":1}""", occurred: 5, recorded: 12)
            .Then("cert.revoked", """{"reason_code":4}""", occurred: 5, recorded: 13).State;

        Assert.Equal((CertificateStatus.Active, 0, null, 3), (state.Status, state.Failures, state.Distribution, state.Late));
    }

    [Fact]
    public void A_revocation_that_names_a_certificate_is_of_that_one_whatever_its_time()
    {
        string Of(char fingerprint) => $$"""{"reason_code":4,"fingerprint":"{{new string(fingerprint, 64)}}"}""";

        Assert.Equal(CertificateStatus.Revoked, new History().Issued('b', recorded: 10).Then("cert.revoked", Of('b'), occurred: 5, recorded: 11).State.Status);
        Assert.Equal(CertificateStatus.Active, new History().Issued('b', recorded: 10).Then("cert.revoked", Of('a'), recorded: 11).State.Status);
    }

    [Fact]
    public void A_clock_that_runs_ahead_is_flagged_and_what_follows_is_not_late_for_it()
    {
        var history = new History().Issued('a', occurred: 0.9, recorded: 0);
        Assert.Equal((1, true, History.Start), (history.State.Skewed, history.State.LastSkewed, history.State.Validity!.Since));

        history.Then("cert.revoked", """{"reason_code":4}""", recorded: 0.1);

        Assert.Equal((CertificateStatus.Revoked, 0, false), (history.State.Status, history.State.Late, history.State.LastSkewed));
        Assert.Equal(0, new History().Issued('a', occurred: 0.003, recorded: 0).State.Skewed);
    }

    [Fact]
    public void The_same_certificate_again_keeps_what_was_said_of_it()
    {
        var history = new History().Issued().Then("cert.expiring_soon", """{"days_remaining":29,"threshold":30}""").Issued();
        Assert.Equal(new ExpirySaid(Announced: 30, Warned: true), history.State.Said);

        history.Issued(ends: 91);
        Assert.Equal(ExpirySaid.Nothing, history.State.Said);
        Assert.Equal(new OwedClearance(new string('a', 64), History.Start.AddDays(90), History.Start.AddDays(3)), history.State.Owed);
    }

    [Fact]
    public void A_fingerprint_is_the_same_with_colons_and_in_capitals()
    {
        var colons = string.Join(':', Enumerable.Repeat("AB", 32));
        var history = new History().Then("cert.issued", $$"""{"fingerprint":"{{colons}}","not_before":"{{History.Time(0)}}","not_after":"{{History.Time(9)}}"}""");

        Assert.Equal(string.Concat(Enumerable.Repeat("ab", 32)), history.State.Validity!.Fingerprint);
    }

    [Fact]
    public void What_is_said_of_an_end_counts_for_the_validity_it_names()
    {
        string Of(char fingerprint, double ends) => $$"""{"days_remaining":1,"threshold":7,"fingerprint":"{{new string(fingerprint, 64)}}","not_after":"{{History.Time(ends)}}"}""";

        Assert.Equal(7, new History().Issued().Then("cert.expiring_soon", Of('a', 90)).State.Said.Announced);
        Assert.Null(new History().Issued().Then("cert.expiring_soon", Of('b', 90)).State.Said.Announced);
        Assert.Null(new History().Issued().Then("cert.expiring_soon", Of('a', 91)).State.Said.Announced);
        // A sweep whose clock went back names the validity, and is believed.
        Assert.Equal(7, new History().Issued(recorded: 10).Then("cert.expiring_soon", Of('a', 90), recorded: 9).State.Said.Announced);
    }

    [Fact]
    public void A_threshold_settles_the_longer_ones()
    {
        var said = new History().Issued().Then("cert.expiring_soon", """{"days_remaining":13,"threshold":14}""").Then("cert.expiring_soon", """{"days_remaining":13,"threshold":30}""").State.Said;

        Assert.Equal(14, said.Announced);
        Assert.Equal([true, true, false], new[] { 30, 14, 7 }.Select(said.Settles));
    }

    [Fact]
    public void A_suppression_makes_it_superseded_until_something_is_announced()
    {
        var history = new History().Issued().Failed().Then("cert.expiry_suppressed", """{"announcement":"expiring_soon","reason":"superseded","threshold":30,"superseded_by":"c2"}""");
        Assert.Equal((CertificateStatus.Superseded, "c2", new ExpirySaid(Suppressed: 30)), (history.State.Status, history.State.SupersededBy, history.State.Said));

        history.Then("cert.expiring_soon", """{"days_remaining":13,"threshold":14}""");

        Assert.Equal((CertificateStatus.RenewalFailed, null), (history.State.Status, history.State.SupersededBy));
    }

    [Fact]
    public void A_deleted_certificate_comes_back_as_what_it_was()
    {
        Assert.Equal(CertificateStatus.Deleted, new History().Issued().Then("cert.deleted").Failed().State.Status);
        Assert.Equal(CertificateStatus.Active, new History().Issued().Then("cert.deleted").Issued().State.Status);
        Assert.Equal(CertificateStatus.Revoked, new History().Issued().Then("cert.revoked", """{"reason_code":4}""").Then("cert.deleted").Issued().State.Status);
        Assert.Equal(CertificateStatus.Active, new History().Issued().Then("cert.revoked", """{"reason_code":4}""").Renewed('b', 180).State.Status);
    }

    [Fact]
    public void A_certificate_past_its_end_reads_as_expired_before_anyone_said_so()
    {
        var state = new History().Issued(ends: 90).State;

        Assert.Equal(CertificateStatus.Active, state.StatusAt(History.Start.AddDays(90).AddTicks(-1)));
        Assert.Equal(CertificateStatus.Expired, state.StatusAt(History.Start.AddDays(90)));
    }

    [Theory]
    [InlineData("CN=a.example.com,O=Acme", "a.example.com")]
    [InlineData("C=DE, O=Acme\\, Inc., CN=B.example.com", "b.example.com")]
    [InlineData("/C=DE/CN=c.example.com", "c.example.com")]
    [InlineData("O=Acme", null)]
    [InlineData("O=CN", null)]
    public void Without_alternative_names_the_common_name_counts(string subject, string? name)
    {
        var state = new History().Issued(more: $",\"subject\":\"{subject.Replace("\\", "\\\\", StringComparison.Ordinal)}\"").State;

        Assert.Equal(name is null ? [] : [name], state.Names.Kept);
    }

    [Fact]
    public void Too_many_names_or_one_that_is_too_long_are_left_out_and_known_to_be_missing()
    {
        var many = CertificateNames.Of([.. Enumerable.Range(0, 150).Select(i => $"h{i:000}.example.com"), new string('x', 254), "h000.example.com"]);

        Assert.Equal((100, 51), (many.Kept.Count, many.Omitted));
        Assert.False(many.AreCoveredBy(CertificateNames.Of(["*.example.com"])));
        Assert.True(CertificateNames.Of(["h000.example.com"]).AreCoveredBy(many));
    }

    [Fact]
    public void The_json_gives_back_the_state_and_another_version_is_not_read()
    {
        var state = new History().Issued(more: ",\"subject_alt_names\":[\"a.example.com\"],\"renewal_window_start\":\"2026-03-02T00:00:00Z\",\"renewal_window_end\":\"2026-03-03T00:00:00Z\"").Failed()
            .Then("cert.expiring_soon", """{"days_remaining":13,"threshold":14}""").Renewed('b', 180).Then("cert.msca_pending", """{"request_id":"7","connection_id":"dc"}""").State;

        Assert.True(CertificateState.TryRead(state.ToJson(), out var read));
        Assert.Equal(state, read);
        Assert.False(CertificateState.TryRead(System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(state.ToJson()).Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal)), out _));
        Assert.False(CertificateState.TryRead("{}"u8, out _));
        Assert.False(CertificateState.TryRead("not json"u8, out _));
    }

    [Fact]
    public void Other_subjects_have_no_state()
    {
        Assert.Null(CertificateChange.Of(Subject.Parse("device", "d1"), "cert.issued", "{}"u8, Make.Now, Make.Now));
        Assert.Same(CertificateState.None, CertificateState.None.Apply(CertificateChange.Of(Subject.Parse("certificate", "c"), "ext.acme", "{}"u8, Make.Now, Make.Now)!));
    }
}
