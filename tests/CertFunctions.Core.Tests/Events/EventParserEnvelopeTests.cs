using CertFunctions.Core.Events;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Events;

/// <summary>The members around the payload (R22).</summary>
public sealed class EventParserEnvelopeTests
{
    static Submission Event() => Submission.Of("ext.acme.reviewed");

    [Fact]
    public void Who_what_when_which_and_how_it_ended_are_read()
    {
        var accepted = Submission.Of("ext.acme.reviewed", """{"n":1}""")
            .Set("id", "\"e:1\"").Set("occurred_at", "\"2026-03-01T13:00:00.5+01:00\"").Set("actor", """{"type":"service_account","id":"svc","name":"The service"}""")
            .Set("status", "\"denied\"").Set("severity", "\"critical\"").Set("correlation_id", "\"corr 1\"").Accepted();

        Assert.Equal(("e:1", "thing:s-1"), (accepted.Id?.Value, accepted.Subject.ToString()));
        Assert.Equal(Make.Now.AddSeconds(0.5), accepted.OccurredAt);
        Assert.Equal((ActorType.ServiceAccount, EventStatus.Denied, Severity.Critical), (accepted.ActorType, accepted.Status, accepted.Severity));
        Assert.Equal("corr 1", accepted.CorrelationId);
        Assert.Equal("""{"n":1}""", Make.Text(accepted.Data));
        Assert.Equal("""{"actor":{"id":"svc","name":"The service"}}""", Make.Text(accepted.Personal));
    }

    [Theory]
    [InlineData("user", ActorType.User)]
    [InlineData("service_account", ActorType.ServiceAccount)]
    [InlineData("api_key", ActorType.ApiKey)]
    [InlineData("system", ActorType.System)]
    public void R22_actors_are_of_four_types(string wire, ActorType type) =>
        Assert.Equal(type, Event().Set("actor", $$"""{"type":"{{wire}}","id":"x"}""").Accepted().ActorType);

    [Theory]
    [InlineData("id")]
    [InlineData("occurred_at")]
    [InlineData("status")]
    [InlineData("severity")]
    [InlineData("correlation_id")]
    [InlineData("data")]
    public void An_optional_member_may_be_null_or_left_out(string member)
    {
        Event().Set(member, "null").Accepted();
        Event().Without(member).Accepted();
    }

    [Theory]
    [InlineData("type")]
    [InlineData("actor")]
    [InlineData("subject")]
    public void A_required_member_left_out_is_named(string member)
    {
        var fault = Event().Without(member).OneFault();

        Assert.Equal(member, fault.Field);
        Assert.StartsWith("is missing: ", fault.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("id", "1", "id")]
    [InlineData("id", "\"\"", "id")]
    [InlineData("id", "\"a b\"", "id")]
    [InlineData("id", "\"a\\u0000\"", "id")]
    [InlineData("type", "1", "type")]
    [InlineData("type", "null", "type")]
    [InlineData("type", "\"cert.isued\"", "type")]
    [InlineData("subject", "\"s-1\"", "subject")]
    [InlineData("subject", "null", "subject")]
    [InlineData("subject", """{"kind":"thing"}""", "subject.id")]
    [InlineData("subject", """{"id":"x"}""", "subject.kind")]
    [InlineData("subject", """{"kind":"thing","id":"a/b"}""", "subject.id")]
    [InlineData("subject", """{"kind":"thing","id":"x","name":"y"}""", "subject.name")]
    [InlineData("occurred_at", "\"2026-03-01T12:00:00\"", "occurred_at")]
    [InlineData("occurred_at", "1772366400", "occurred_at")]
    [InlineData("actor", "\"ann\"", "actor")]
    [InlineData("actor", """{"type":"user"}""", "actor.id")]
    [InlineData("actor", """{"id":"x"}""", "actor.type")]
    [InlineData("actor", """{"type":"robot","id":"x"}""", "actor.type")]
    [InlineData("actor", """{"type":"user","id":"x","name":""}""", "actor.name")]
    [InlineData("actor", """{"type":"user","id":"x\ny"}""", "actor.id")]
    [InlineData("actor", """{"type":"user","id":"x","mail":"y"}""", "actor.mail")]
    [InlineData("status", "\"ok\"", "status")]
    [InlineData("status", "\"Success\"", "status")]
    [InlineData("severity", "3", "severity")]
    [InlineData("severity", "\"fatal\"", "severity")]
    [InlineData("correlation_id", "\"a\\tb\"", "correlation_id")]
    [InlineData("data", "[]", "data")]
    [InlineData("data", "\"x\"", "data")]
    [InlineData("colour", "1", "colour")]
    public void A_member_that_is_not_right_is_named(string member, string value, string field)
    {
        var json = value.Replace("\n", "\\n", StringComparison.Ordinal);

        Assert.Equal(field, Event().Set(member, json).OneFault().Field);
    }

    [Theory]
    [InlineData("org_id")]
    [InlineData("project_id")]
    [InlineData("module")]
    [InlineData("seq")]
    [InlineData("recorded_at")]
    public void What_the_service_sets_may_not_be_sent(string member)
    {
        var fault = Event().Set(member, "\"x\"").OneFault();

        Assert.Equal(member, fault.Field);
        Assert.Contains("set by the service", fault.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_up_to_24_hours_ahead_is_accepted_and_no_further()
    {
        Event().Set("occurred_at", "\"2026-03-02T12:00:00Z\"").Accepted();

        var fault = Event().Set("occurred_at", "\"2026-03-02T12:00:00.0000001Z\"").OneFault();

        Assert.Equal("occurred_at", fault.Field);
        Assert.Contains("24 hours in the future", fault.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_of_long_ago_is_accepted() => Event().Set("occurred_at", "\"1995-01-01T00:00:00Z\"").Accepted();

    [Fact]
    public void The_paths_subject_stands_in_for_the_bodys_and_must_agree_with_it()
    {
        var named = Subject.Parse("thing", "s-1");

        Assert.Equal(named, Event().Without("subject").Accepted(named).Subject);
        Assert.Equal(named, Event().Accepted(named).Subject);
        Assert.Equal("subject", Event().OneFault(Subject.Parse("thing", "s-2")).Field);
    }

    [Fact]
    public void A_certificates_event_about_something_else_is_refused() =>
        Assert.Equal("subject.kind", Submission.Of("cert.msca_approved", """{"request_id":1}""").Set("subject", """{"kind":"device","id":"x"}""").OneFault().Field);

    [Fact]
    public void Every_fault_is_told_at_once() =>
        Assert.Equal(
            ["actor.id", "id", "status", "data.attempt", "data.error_class"],
            Submission.Of("cert.renewal_failed", """{"attempt":"x"}""").Set("actor", """{"type":"user"}""").Set("id", "\" \"").Set("status", "\"x\"").Refused().Select(e => e.Field));

    [Fact]
    public void At_most_25_faults_are_told()
    {
        var submission = Event();
        foreach (var i in Enumerable.Range(0, 100))
            submission.Set($"m{i}", "1");

        Assert.Equal(FieldErrors.Most, submission.Refused().Count);
    }

    [Fact]
    public void Long_names_come_back_only_in_part()
    {
        var name = new string('n', 10_000);

        Assert.All(
            [Event().Set(name, "1"), Submission.Of("user.logout", $$"""{"{{name}}":1}"""), Submission.Of("ext.a", $$$"""{"x":{"{{{name}}}":1e999}}""")],
            submission => Assert.True(submission.OneFault() is { Field.Length: <= 257, Mend.Length: <= 300 }));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("\"x\"")]
    [InlineData("null")]
    public void What_is_not_an_object_is_not_an_event(string json) =>
        Assert.Equal(new FieldError("", "must be a JSON object: one event"), Assert.Single(Assert.IsType<ParsedEvent.Refused>(Make.Parse(json)).Errors));

    [Theory]
    [InlineData("""{"type":"ext.a","type":"ext.b"}""", "type")]
    [InlineData("""{"type":"ext.a","\u0074ype":"ext.b"}""", "type")]
    [InlineData("""{"type":"ext.a","actor":{"type":"user","id":"x"},"subject":{"kind":"t","id":"x"},"data":{"a":1,"a":1}}""", "data.a")]
    [InlineData("""{"type":"ext.a","actor":{"type":"user","id":"x"},"subject":{"kind":"t","id":"x"},"data":{"a":[{"b":1,"b":1}]}}""", "data.a[].b")]
    [InlineData("""{"type":"ext.a","actor":{"type":"user","id":"x","id":"y"},"subject":{"kind":"t","id":"x"}}""", "actor")]
    [InlineData("""{"type":"ext.a","actor":{"type":"user","id":"x"},"subject":{"kind":"t","id":"x","id":"y"}}""", "subject")]
    [InlineData("""{"type":"ext.a","actor":{"type":"user","id":"x"},"subject":{"kind":"t","id":"x"},"data":{"\ud800":1}}""", "data")]
    [InlineData("""{"type":"ext.a","actor":{"type":"user","id":"\ud800"},"subject":{"kind":"t","id":"x"}}""", "actor.id")]
    [InlineData("""{"\ud800":1}""", "")]
    public void A_member_twice_or_ill_formed_text_is_refused_where_it_stands(string json, string field) =>
        Assert.Contains(field, Assert.IsType<ParsedEvent.Refused>(Make.Parse(json)).Errors.Select(e => e.Field));

    [Fact]
    public void Payload_and_personal_part_may_take_60_KiB_together_and_not_a_byte_more()
    {
        Submission Of(int padding) => Submission.Of("ext.a", $$"""{"personal":{"p":"é"},"x":"{{new string('x', padding)}}"}""");
        var without = Of(0).Accepted();
        var room = EventParser.MaxEventBytes - without.Data.Length - without.Personal.Length;

        var largest = Of(room).Accepted();
        var fault = Of(room + 1).OneFault();

        Assert.Equal(60 * 1024, largest.Data.Length + largest.Personal.Length);
        Assert.Equal("data", fault.Field);
    }

    [Fact]
    public void An_open_types_payload_is_kept_whole_with_its_personal_member_apart() =>
        Prop.ForAll(JsonTexts.Value.ToArbitrary(), value =>
        {
            var accepted = Submission.Of("ext.acme.reviewed", $$$"""{"value":{{{value}}},"personal":{"value":{{{value}}}}}""");
            var kept = Canonical.Of(value).Text;
            return Make.Text(accepted.Accepted().Data) == $$"""{"value":{{kept}}}"""
                && Make.Text(accepted.Accepted().Personal) == $$$$"""{"actor":{"id":"u-1"},"data":{"personal":{"value":{{{{kept}}}}}}}""";
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_personal_member_of_an_open_type_is_an_object() => Assert.Equal("data.personal", Submission.Of("ext.a", """{"personal":"Ann"}""").OneFault().Field);
}
