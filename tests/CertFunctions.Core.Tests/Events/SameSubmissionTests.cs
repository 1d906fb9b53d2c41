using CertFunctions.Core.Events;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Events;

/// <summary>What makes a submission a duplicate, and what a conflict.</summary>
public sealed class SameSubmissionTests
{
    static readonly SeededRandom Random = new();

    static Submission Event() => Submission.Of("user.login", """{"auth_method":"sso","ip":"192.0.2.7"}""").Set("id", "\"e-1\"");

    static StampedEvent Stamp(Submission submission, int secondsLater = 0, string? trace = null) =>
        StampedEvent.Stamp(submission.Accepted(), Make.Org, Make.Project, trace, Make.Now.AddSeconds(secondsLater), Random);

    static RecordedEvent Record(Submission submission)
    {
        var stamped = Stamp(submission);
        return stamped.Record(5, stamped.Leaf(5));
    }

    [Fact]
    public void Sent_again_later_under_another_trace_it_is_the_same() =>
        Assert.True(Record(Event()).IsSameSubmission(Stamp(Event(), 60, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));

    [Fact]
    public void With_the_members_in_another_order_and_numbers_spelled_otherwise_it_is_the_same() =>
        Assert.True(Record(Submission.Of("ext.a", """{"a":1.50,"b":"€"}""").Set("id", "\"e-1\"")).IsSameSubmission(Stamp(Submission.Of("ext.a", """{"b":"\u20ac","a":15e-1}""").Set("id", "\"e-1\""))));

    [Theory]
    [InlineData("severity", "\"error\"")]
    [InlineData("status", "\"denied\"")]
    [InlineData("actor", """{"type":"system","id":"u-1"}""")]
    [InlineData("actor", """{"type":"user","id":"u-2"}""")]
    [InlineData("actor", """{"type":"user","id":"u-1","name":"Ann"}""")]
    [InlineData("correlation_id", "\"c\"")]
    [InlineData("data", """{"auth_method":"password","ip":"192.0.2.7"}""")]
    [InlineData("data", """{"auth_method":"sso","ip":"192.0.2.8"}""")]
    [InlineData("data", """{"auth_method":"sso"}""")]
    [InlineData("type", "\"user.login_failed\"")]
    [InlineData("type", "\"user.login.success\"")]
    [InlineData("occurred_at", "\"2026-03-01T11:00:00Z\"")]
    public void With_anything_changed_that_the_producer_decides_it_is_another(string member, string json) =>
        Assert.False(Record(Event()).IsSameSubmission(Stamp(Event().Set(member, json))));

    [Fact]
    public void A_time_that_was_named_must_be_the_same_time_however_it_is_spelled()
    {
        var record = Record(Event().Set("occurred_at", "\"2026-03-01T11:00:00Z\""));

        Assert.True(record.IsSameSubmission(Stamp(Event().Set("occurred_at", "\"2026-03-01T12:00:00.000+01:00\""), 60)));
        Assert.False(record.IsSameSubmission(Stamp(Event().Set("occurred_at", "\"2026-03-01T11:00:01Z\""))));
        Assert.False(record.IsSameSubmission(Stamp(Event())));
    }

    [Fact]
    public void Once_the_personal_part_is_erased_the_rest_decides()
    {
        var erased = Record(Event()) with { Personal = default, Salt = default };

        Assert.True(erased.IsSameSubmission(Stamp(Event().Set("actor", """{"type":"user","id":"u-2"}"""))));
        Assert.False(erased.IsSameSubmission(Stamp(Event().Set("status", "\"denied\""))));
    }
}
