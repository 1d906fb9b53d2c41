using System.Globalization;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Tests.Certificates;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Expiry;

/// <summary>R42, R43, R17: what is said, and when.</summary>
public sealed class ExpiryPlanTests
{
    static readonly DateTimeOffset Start = History.Start;

    [Fact]
    public void Each_threshold_is_due_at_its_bound_and_the_end_at_the_end()
    {
        var history = new History().Issued(ends: 90);
        foreach (var (threshold, day) in new[] { (30, 60), (14, 76), (7, 83), (3, 87), (1, 89) })
        {
            Assert.Equal(Start.AddDays(day), Due(history));
            Assert.Empty(Said(history, day - 0.001));
            Assert.Equal(new ExpiryAnnouncement.ExpiringSoon(history.State.Validity!, threshold) { Due = Start.AddDays(day) }, Assert.Single(Say(history, day)));
        }

        Assert.Equal(Start.AddDays(90), Due(history));
        Assert.Equal(["cert.expired"], Said(history, 90));
        Assert.Null(Due(history));
    }

    [Theory]
    [InlineData(61, 30)]
    [InlineData(77, 14)]
    [InlineData(89.9, 1)]
    public void After_missed_sweeps_only_the_tightest_is_said(double day, int threshold)
    {
        var history = new History().Issued(ends: 90);

        Assert.Equal(threshold, Assert.IsType<ExpiryAnnouncement.ExpiringSoon>(Assert.Single(Say(history, day))).Threshold);
        Assert.True(Due(history) > Start.AddDays(day));
    }

    [Fact]
    public void Past_the_end_only_the_end_is_said()
    {
        var history = new History().Issued(ends: 90).Failed(recorded: 85);

        Assert.Equal(["cert.expired"], Said(history, 91));
        Assert.Null(Due(history));
    }

    [Fact]
    public void Nothing_is_said_of_what_was_renewed_revoked_or_deleted()
    {
        Assert.Empty(Said(new History().Issued(ends: 90).Renewed('b', 180), 89));
        Assert.Null(Due(new History().Issued(ends: 90).Then("cert.revoked", """{"reason_code":1}""")));
        Assert.Null(Due(new History().Issued(ends: 90).Then("cert.deleted")));
        Assert.Null(Due(new History().Then("cert.msca_pending", """{"request_id":"7","connection_id":"d"}""").Then("cert.deleted")));
    }

    [Fact]
    public void A_renewal_after_a_warning_clears_it_once()
    {
        var history = new History().Issued(ends: 90);
        Say(history, 61);
        history.Renewed('b', 180, recorded: 62);

        Assert.Equal(Start.AddDays(62), Due(history));
        var cleared = Assert.IsType<ExpiryAnnouncement.Cleared>(Assert.Single(Say(history, 62)));
        Assert.Equal((new string('a', 64), Start.AddDays(90)), (cleared.Owed.Fingerprint, cleared.Owed.NotAfter));
        Assert.Equal(Start.AddDays(150), Due(history));
        Assert.Null(new History().Issued(ends: 90).Renewed('b', 180).State.Owed);
    }

    [Fact]
    public void A_renewal_window_puts_the_thresholds_off_to_its_end_unless_that_is_too_late()
    {
        History With(double end) => new History().Issued(ends: 90).Then("cert.renewal_info", $$"""{"window_start":"{{History.Time(50)}}","window_end":"{{History.Time(end)}}"}""");

        Assert.Equal(Start.AddDays(84), Due(With(84)));
        Assert.Equal(7, Assert.IsType<ExpiryAnnouncement.ExpiringSoon>(Assert.Single(Say(With(84), 84))).Threshold);
        Assert.Equal(Start.AddDays(60), Due(With(55)));
        Assert.Equal(Start.AddDays(60), Due(With(90)));
        Assert.Equal(Start.AddDays(60), Due(With(84).Issued('b', 90)));
    }

    [Fact]
    public void A_failure_in_the_last_window_is_a_stalled_renewal_once()
    {
        var history = new History().Issued(ends: 90).Failed(recorded: 82.9);
        Assert.Equal(Start.AddDays(60), Due(history));
        Say(history, 82.95);
        Assert.Equal(Start.AddDays(83), Due(history));

        history.Failed(recorded: 83.5);
        Assert.Equal(["cert.renewal_stalled", "cert.expiring_soon"], Said(history, 83.6));
        history.Failed(recorded: 84);
        Assert.Equal(Start.AddDays(87), Due(history));
    }

    [Fact]
    public void What_another_covers_is_kept_back_threshold_by_threshold()
    {
        var history = new History().Issued(ends: 90);

        foreach (var day in new[] { 60.0, 76, 90 })
        {
            var kept = Assert.IsType<ExpiryAnnouncement.Suppressed>(Assert.Single(Say(history, day, "c2")));
            Assert.Equal(("c2", CertificateStatus.Superseded), (kept.SupersededBy, history.State.Status));
        }

        Assert.Null(Due(history));
        Assert.Equal(["cert.expiring_soon"], Said(new History().Issued(ends: 90).Then("cert.expiry_suppressed", """{"announcement":"expiring_soon","reason":"superseded","threshold":30,"superseded_by":"c2"}"""), 76));
    }

    [Fact]
    public void A_request_that_waits_for_seven_days_at_a_Microsoft_CA_is_said_once()
    {
        var history = new History().Then("cert.msca_pending", """{"request_id":17,"connection_id":"d"}""", recorded: 0);

        Assert.Equal(Start.AddDays(7), Due(history));
        Assert.Empty(Said(history, 6.999));
        Assert.Equal(["cert.msca_pending_timeout"], Said(history, 7));
        Assert.Null(Due(history));
        Assert.Null(Due(new History().Then("cert.msca_pending", """{"request_id":17,"connection_id":"d"}""").Then("cert.msca_approved", """{"request_id":"17"}""")));
    }

    [Fact]
    public void Whatever_the_history_there_is_something_to_say_exactly_from_the_due_time_on_and_saying_it_moves_that_on()
    {
        var random = new Random(5);
        var said = 0;
        for (var seed = 0; seed < 2000; seed++)
        {
            var state = CertificateState.None;
            var history = new RandomHistory(seed);
            for (var i = random.Next(1, 12); i > 0; i--)
                state = state.Apply(history.Next("c1").Change!);
            for (var superseder = random.Next(2) == 0 ? null : "c2"; ExpiryPlan.NextDue(state, ExpiryPolicy.Default) is { } due;)
            {
                Assert.Empty(ExpiryPlan.At(state, ExpiryPolicy.Default, due.AddTicks(-1), superseder));
                var now = due.AddHours(random.Next(0, 200));
                var all = ExpiryPlan.At(state, ExpiryPolicy.Default, now, superseder);
                Assert.NotEmpty(all);
                foreach (var announcement in all)
                {
                    state = Fold(state, announcement, now);
                    said++;
                }

                Assert.True(ExpiryPlan.NextDue(state, ExpiryPolicy.Default) is not { } next || next > now);
            }
        }

        Assert.True(said > 2000);
    }

    [Fact]
    public void Ids_follow_from_what_is_said_and_never_from_when()
    {
        var history = new History().Issued(ends: 90);
        var validity = history.State.Validity!;

        Assert.Equal(Say(new History().Issued(ends: 90), 61).Single().Id, Say(history, 70).Single().Id);
        var ids = new[] { 30, 14 }.Select(t => new ExpiryAnnouncement.ExpiringSoon(validity, t) { Due = Start }.Id)
            .Append(new ExpiryAnnouncement.Expired(validity) { Due = Start }.Id)
            .Append(new ExpiryAnnouncement.ExpiringSoon(validity with { NotAfter = Start }, 30) { Due = Start }.Id)
            .Append(new ExpiryAnnouncement.ExpiringSoon(validity with { Fingerprint = new string('b', 64) }, 30) { Due = Start }.Id)
            .Append(new ExpiryAnnouncement.RenewalStalled(validity, 3) { Due = Start }.Id);
        Assert.Equal(6, ids.Distinct().Count());
    }

    /// <summary>docs/expiry.md, cell by cell: the bounds that it states for common lives.</summary>
    [Fact]
    public void The_pages_bounds_are_the_policys()
    {
        var rows = File.ReadAllLines(Repository.File("docs", "expiry.md")).SkipWhile(l => !l.StartsWith("| life |", StringComparison.Ordinal)).Skip(2).TakeWhile(l => l.StartsWith('|'))
            .Select(l => l[1..^1].Split('|', StringSplitOptions.TrimEntries)).ToList();

        Assert.Equal(["6 h", "6 d", "47 d", "90 d", "200 d", "398 d"], rows.Select(r => r[0]));
        Assert.All(rows, row =>
        {
            var validity = new CertificateValidity("a", Start, Start + Length(row[0]), Start);
            Assert.Equal(ExpiryPolicy.Default.Thresholds.Select(t => ExpiryPolicy.Default.Bound(t, validity)).Append(ExpiryPolicy.Default.LastWindow(validity)), row.Skip(1).Select(Length));
        });
    }

    [Theory]
    [InlineData("", 0.5, "thresholds must be 1 to 16")]
    [InlineData("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 0.5, "thresholds must be 1 to 16")]
    [InlineData("0", 0.5, "from 1 to 3650")]
    [InlineData("3651", 0.5, "from 1 to 3650")]
    [InlineData("7 7", 0.5, "must differ")]
    [InlineData("7", 0, "share must be")]
    [InlineData("7", 1.01, "share must be")]
    [InlineData("7", double.NaN, "share must be")]
    public void A_policy_that_is_none_is_refused_with_what_is_wrong(string thresholds, double share, string wrong)
    {
        Assert.Null(ExpiryPolicy.Of([.. thresholds.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => int.Parse(t, CultureInfo.InvariantCulture))], share, out var said));
        Assert.Contains(wrong, said, StringComparison.Ordinal);
        Assert.Equal([30, 7, 1], ExpiryPolicy.Of([1, 30, 7], 1, out _)!.Thresholds);
    }

    [Fact]
    public void A_projects_own_policy_counts_there_and_changes_the_fingerprint()
    {
        var (org, web, mail) = (OrgId.Parse("acme"), ProjectId.Parse("web"), ProjectId.Parse("mail"));
        var own = ExpiryPolicy.Of([60], 1, out _)!;
        var policies = new ExpiryPolicies(ExpiryPolicy.Default, new Dictionary<(OrgId, ProjectId), ExpiryPolicy> { [(org, web)] = own });

        Assert.Same(own, policies.For(org, web));
        Assert.Same(ExpiryPolicy.Default, policies.For(org, mail));
        Assert.NotEqual(ExpiryPolicies.Default.Fingerprint, policies.Fingerprint);
        Assert.Equal(policies.Fingerprint, new ExpiryPolicies(ExpiryPolicy.Default, new Dictionary<(OrgId, ProjectId), ExpiryPolicy> { [(org, web)] = ExpiryPolicy.Of([60], 1, out _)! }).Fingerprint);
    }

    static DateTimeOffset? Due(History history) => ExpiryPlan.NextDue(history.State, ExpiryPolicy.Default);

    static IEnumerable<string> Said(History history, double day) => Say(history, day).Select(a => a.Type);

    /// <summary>Sweeps on that day: what is to be said is said.</summary>
    static IReadOnlyList<ExpiryAnnouncement> Say(History history, double day, string? superseder = null)
    {
        var all = ExpiryPlan.At(history.State, ExpiryPolicy.Default, Start.AddDays(day), superseder);
        foreach (var announcement in all)
        {
            var data = System.Text.Encoding.UTF8.GetString(Stamp(announcement, Start.AddDays(day)).Submitted.Data.Span);
            history.Then(announcement.Type, data, recorded: day);
        }

        return all;
    }

    static CertificateState Fold(CertificateState state, ExpiryAnnouncement announcement, DateTimeOffset now) => state.Apply(Stamp(announcement, now).Change!);

    static StampedEvent Stamp(ExpiryAnnouncement announcement, DateTimeOffset now) =>
        announcement.Stamp(new SubjectAddress(OrgId.Parse("acme"), ProjectId.Parse("web"), Subject.Parse(Subject.Certificate, "c1")), 1, now, new SeededRandom());

    /// <summary>Such as "2 h 30 min".</summary>
    static TimeSpan Length(string text)
    {
        var parts = text.Split(' ');
        return Enumerable.Range(0, parts.Length / 2).Aggregate(TimeSpan.Zero, (sum, i) => sum + int.Parse(parts[2 * i], CultureInfo.InvariantCulture) * (parts[2 * i + 1] switch
        {
            "d" => TimeSpan.FromDays(1),
            "h" => TimeSpan.FromHours(1),
            "min" => TimeSpan.FromMinutes(1),
            "s" => TimeSpan.FromSeconds(1),
            var unit => throw new FormatException(unit),
        }));
    }
}
