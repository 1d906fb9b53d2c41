using System.Text;
using System.Text.Json;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>Events that are JSON and not right. Each fault is named by its field, and nothing is stored.</summary>
public sealed class BadEventTests : HttpTest
{
    [Theory]
    [InlineData("id", "7")]
    [InlineData("id", "\"\"")]
    [InlineData("id", "\" e\"")]
    [InlineData("id", "\"-e\"")]
    [InlineData("id", "\"a/b\"")]
    [InlineData("id", "\"a\\u0000b\"")]
    [InlineData("id", "\"a\\nb\"")]
    [InlineData("id", "\"\\ud800\"")]
    [InlineData("id", "{}")]
    [InlineData("type", "7")]
    [InlineData("type", "\"\"")]
    [InlineData("type", "\"ext.\"")]
    [InlineData("type", "\"ext.Acme.x\"")]
    [InlineData("type", "\"ext.acme..x\"")]
    [InlineData("type", "\"acme.reviewed\"")]
    [InlineData("type", "null")]
    [InlineData("subject", "null")]
    [InlineData("subject", "\"certificate/c1\"")]
    [InlineData("subject", "[]")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"kind\":\"device\",\"id\":\"c1\"}")]
    [InlineData("occurred_at", "\"2026-02-28T10:00:00\"")]
    [InlineData("occurred_at", "\"2026-02-28 10:00:00Z\"")]
    [InlineData("occurred_at", "\"2026-02-30T10:00:00Z\"")]
    [InlineData("occurred_at", "\"2026-02-28T24:00:00Z\"")]
    [InlineData("occurred_at", "\"2026-02-28T10:00:00+24:00\"")]
    [InlineData("occurred_at", "\"2026-03-02T12:00:01Z\"")]
    [InlineData("occurred_at", "\"9999-12-31T23:59:59Z\"")]
    [InlineData("occurred_at", "\"0001-01-01T00:00:00+01:00\"")]
    [InlineData("occurred_at", "1772366400")]
    [InlineData("actor", "null")]
    [InlineData("actor", "\"u-17\"")]
    [InlineData("actor", "{\"id\":\"u\",\"id\":\"v\",\"type\":\"user\"}")]
    [InlineData("status", "\"ok\"")]
    [InlineData("status", "1")]
    [InlineData("severity", "\"WARN\"")]
    [InlineData("severity", "[]")]
    [InlineData("correlation_id", "\"\"")]
    [InlineData("correlation_id", "\"a\\u0007\"")]
    [InlineData("correlation_id", "7")]
    [InlineData("data", "[]")]
    [InlineData("data", "\"pem\"")]
    [InlineData("org_id", "\"globex\"")]
    [InlineData("project_id", "\"shop\"")]
    [InlineData("module", "\"certificate\"")]
    [InlineData("seq", "1")]
    [InlineData("recorded_at", "\"2026-03-01T12:00:00Z\"")]
    [InlineData("Type", "\"cert.issued\"")]
    [InlineData("extra", "{}")]
    public async Task A_member_that_is_not_right_is_named(string member, string value)
    {
        (await Service.PostAsync(With(member, value))).IsProblem(400, "invalid-event", member);
        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("subject", "{\"kind\":\"certificate\"}", "subject.id")]
    [InlineData("subject", "{\"id\":\"c1\"}", "subject.kind")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":7}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"a\\u0001b\"}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"a\\u007fb\"}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"a\\u2028b\"}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"\\udc00\"}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"..\"}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"a/b\"}", "subject.id")]
    [InlineData("subject", "{\"kind\":\"Certificate\",\"id\":\"c1\"}", "subject.kind")]
    [InlineData("subject", "{\"kind\":\"device\",\"id\":\"c1\"}", "subject.kind")]
    [InlineData("subject", "{\"kind\":\"certificate\",\"id\":\"c1\",\"name\":\"x\"}", "subject.name")]
    [InlineData("actor", "{\"id\":\"u\"}", "actor.type")]
    [InlineData("actor", "{\"type\":\"person\",\"id\":\"u\"}", "actor.type")]
    [InlineData("actor", "{\"type\":\"user\"}", "actor.id")]
    [InlineData("actor", "{\"type\":\"user\",\"id\":null}", "actor.id")]
    [InlineData("actor", "{\"type\":\"user\",\"id\":\"u\\r\\nx\"}", "actor.id")]
    [InlineData("actor", "{\"type\":\"user\",\"id\":\"u\",\"name\":\"\"}", "actor.name")]
    [InlineData("actor", "{\"type\":\"user\",\"id\":\"u\",\"name\":\"a\\u202eb\"}", "actor.name")]
    [InlineData("actor", "{\"type\":\"user\",\"id\":\"u\",\"mail\":\"a@b\"}", "actor.mail")]
    [InlineData("data", "{}", "data.format")]
    [InlineData("data", "null", "data.format")]
    [InlineData("data", "{\"format\":null}", "data.format")]
    [InlineData("data", "{\"format\":7}", "data.format")]
    [InlineData("data", "{\"format\":\"p e m\"}", "data.format")]
    [InlineData("data", "{\"format\":\"pem\",\"ip\":[]}", "data.ip")]
    [InlineData("data", "{\"format\":\"pem\",\"format\":\"pem\"}", "data.format")]
    [InlineData("data", "{\"format\":\"pem\",\"colour\":1}", "data.colour")]
    [InlineData("data", "{\"format\":\"pem\",\"ext\":7}", "data.ext")]
    [InlineData("data", "{\"format\":\"pem\",\"ext\":{\"n\":12345678901234567890}}", "data.ext.n")]
    [InlineData("data", "{\"format\":\"pem\",\"ext\":{\"n\":1e400}}", "data.ext.n")]
    [InlineData("data", "{\"format\":\"pem\",\"ext\":{\"a\":{\"b\":1,\"b\":2}}}", "data.ext.a.b")]
    [InlineData("data", "{\"format\":\"pem\",\"ext\":{\"s\":\"\\ud800\"}}", "data.ext.s")]
    public async Task A_fault_inside_a_member_is_named_by_its_path(string member, string value, string field)
    {
        (await Service.PostAsync(With(member, value))).IsProblem(400, "invalid-event", field);
        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("type", "\"cert.downloaded\",\"type\":\"cert.downloaded\"")]
    [InlineData("data", "{\"format\":\"pem\"},\"data\":{\"format\":\"der\"}")]
    [InlineData("id", "\"a\",\"\\u0069d\":\"b\"")]
    public async Task A_member_that_comes_twice_is_refused_however_it_is_spelled(string member, string value)
    {
        (await Service.PostAsync(With(member, value))).IsProblem(400, "invalid-event", member);
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task Everything_that_is_missing_is_told_at_once() => (await Service.PostAsync("{}")).IsProblem(400, "invalid-event", "type", "subject", "actor");

    [Fact]
    public async Task Everything_that_is_wrong_is_told_at_once() => (await Service.PostAsync(
        """{"id":"","type":"cert.issued","subject":{"kind":"certificate","id":""},"actor":{"type":"x","id":""},"occurred_at":"now","status":1,"severity":2,"data":{"fingerprint":"12","not_before":"2026-01-02T00:00:00Z","colour":1}}"""))
        .IsProblem(400, "invalid-event", "id", "subject.id", "actor.type", "actor.id", "occurred_at", "status", "severity", "data.fingerprint", "data.not_after", "data.colour");

    [Theory]
    [InlineData("cert.isued", "cert.issued")]
    [InlineData("cert.renewal_fialed", "cert.renewal_failed")]
    [InlineData("Cert.Revoked", "cert.revoked")]
    public async Task R23_An_unknown_type_is_answered_with_the_nearest_one_and_the_prefix_for_ones_own(string type, string suggestion)
    {
        var answer = (await Service.PostAsync(Make.Json(type: type))).IsProblem(400, "invalid-event", "type");
        Assert.Contains($"did you mean {suggestion}?", Problems.Mend(answer.Json, "type"), StringComparison.Ordinal);
        Assert.Contains("ext.", Problems.Mend(answer.Json, "type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_type_like_no_other_gets_the_prefix_and_no_guess()
    {
        var mend = Problems.Mend((await Service.PostAsync(Make.Json(type: "warehouse.stocked"))).Json, "type");
        Assert.DoesNotContain("did you mean", mend, StringComparison.Ordinal);
        Assert.Contains("ext.", mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_ends_before_it_begins_is_refused() => (await Service.PostAsync(Make.Json(type: "cert.issued",
        data: $$"""{"fingerprint":"{{new string('a', 64)}}","not_before":"2026-01-02T00:00:00Z","not_after":"2026-01-01T00:00:00Z"}"""))).IsProblem(400, "invalid-event", "data.not_after");

    [Fact]
    public async Task A_time_within_the_allowance_for_clocks_is_taken()
    {
        Assert.Equal(201, (await Service.PostAsync(Make.Json(occurredAt: "2026-03-02T12:00:00Z"))).Status);
        Assert.Equal(201, (await Service.PostAsync(Make.Json(occurredAt: "1970-01-01T00:00:00Z"))).Status);
        Assert.Equal(201, (await Service.PostAsync(Make.Json(occurredAt: "0001-01-01T00:00:00Z"))).Status);
    }

    [Fact]
    public async Task A_payload_nested_deeper_than_32_is_named_and_one_of_32_is_taken()
    {
        Assert.Equal(201, (await Service.PostAsync(Make.Json(data: Nested(31)))).Status);
        var answer = await Service.PostAsync(Make.Json(data: Nested(40)));
        Assert.Equal(400, answer.Status);
        Assert.StartsWith("data.ext", Assert.Single(Problems.Fields(answer.Json)), StringComparison.Ordinal);
        Assert.Contains("nested deeper", Problems.Mend(answer.Json, Problems.Fields(answer.Json)[0]), StringComparison.Ordinal);
        Assert.Single(await Service.StoredAsync());

        static string Nested(int depth) => $$$"""{"format":"pem","ext":{"a":{{{string.Concat(Enumerable.Repeat("[", depth - 1))}}}{{{new string(']', depth - 1)}}}}}""";
    }

    [Fact]
    public async Task An_event_that_is_too_large_is_refused_and_one_of_just_the_size_is_taken()
    {
        var most = Core.Events.EventParser.MaxEventBytes;
        (await Service.PostAsync(Make.Json("c1", data: $$$"""{"format":"pem","ext":{"t":"{{{new string('x', most)}}}"}}"""))).IsProblem(400, "invalid-event", "data");
        await Service.NothingIsStoredAsync();
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c1", data: $$$"""{"format":"pem","ext":{"t":"{{{new string('x', most - 200)}}}"}}"""))).Status);
    }

    [Fact]
    public async Task A_problem_does_not_grow_with_what_is_wrong()
    {
        var members = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"{new string('n', 100)}{i}\":1"));
        foreach (var body in new[] { "{" + members + "}", Make.Json(data: "{" + members + "}"), Make.Json(type: new string('t', 1_000_000)), Make.Json(data: $$$"""{"format":"pem","ext":{"{{{new string('d', 500_000)}}}":{"a":1,"a":2} } }""") })
        {
            var answer = await Service.PostAsync(body);
            Assert.Equal((400, "application/problem+json"), (answer.Status, answer.MediaType));
            Assert.InRange(answer.Body.Length, 1, 16 * 1024);
        }

        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_refused_wherever_they_stand()
    {
        var good = Encoding.UTF8.GetBytes(Make.Json("c1", id: "e1", data: """{"format":"pem","ip":"192.0.2.7","ext":{"note":"abc"}}"""));
        foreach (var text in new[] { "cert.downloaded", "certificate", "c1", "user", "u-17", "Ada", "e1", "pem", "192", "note", "abc", "format", "actor", "type" })
        {
            foreach (var bad in new byte[][] { [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80] })
            {
                var at = good.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\"{text}")) + 1;
                Assert.True(at > 0, text);
                var answer = await Service.PostAsync([.. good[..at], .. bad, .. good[(at + 1)..]]);
                Assert.True(answer.Status == 400, $"{text}: {answer.Status} {answer.Text}");
                Assert.Equal("application/problem+json", answer.MediaType);
            }
        }

        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task A_problem_never_repeats_a_payloads_values()
    {
        var answer = await Service.PostAsync(Make.Json(data: """{"format":"s3cret value!","ip":"192.0.2.7"}"""));
        answer.IsProblem(400, "invalid-event", "data.format");
        Assert.DoesNotContain("s3cret", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>The good event with one member otherwise, or added.</summary>
    static string With(string member, string value)
    {
        using var good = JsonDocument.Parse(Make.Json("c1"));
        var members = good.RootElement.EnumerateObject().Where(m => m.Name != member).Select(m => $"\"{m.Name}\":{m.Value.GetRawText()}").Append($"\"{member}\":{value}");
        return "{" + string.Join(',', members) + "}";
    }
}
