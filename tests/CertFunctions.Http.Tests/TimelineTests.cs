using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R24: the timeline's parameters.</summary>
public sealed class TimelineTests : HttpTest
{
    [Fact]
    public async Task An_unknown_certificate_has_an_empty_timeline()
    {
        var answer = await Service.TimelineAsync("nobody");
        Assert.Equal((200, "application/json"), (answer.Status, answer.MediaType));
        Assert.Equal("""{"events":[],"next_cursor":null}""", answer.Text);
    }

    [Fact]
    public async Task It_is_newest_first_unless_asked_otherwise()
    {
        await FillAsync(3);
        Assert.Equal([3, 2, 1], (await Service.TimelineAsync("c1")).Seqs);
        Assert.Equal([3, 2, 1], (await Service.TimelineAsync("c1", "?order=desc")).Seqs);
        Assert.Equal([1, 2, 3], (await Service.TimelineAsync("c1", "?order=asc")).Seqs);
    }

    [Fact]
    public async Task R25_The_order_is_that_of_recording_and_not_of_time()
    {
        foreach (var hour in new[] { "09", "23", "01" })
            await Service.PostAsync(Make.Json("c1", id: $"e{hour}", occurredAt: $"2026-02-01T{hour}:00:00Z"));
        Assert.Equal(["e01", "e23", "e09"], (await Service.TimelineAsync("c1")).Events.Select(e => e.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_page_holds_50_unless_asked_otherwise_and_500_at_most()
    {
        await FillAsync(502);
        Assert.Equal(50, (await Service.TimelineAsync("c1")).Events.Count);
        Assert.Equal(500, (await Service.TimelineAsync("c1", "?limit=500")).Events.Count);
        Assert.Single((await Service.TimelineAsync("c1", "?limit=1")).Events);
    }

    [Fact]
    public async Task The_cursor_is_null_just_when_nothing_is_left()
    {
        await FillAsync(6);
        Assert.Null((await Service.TimelineAsync("c1", "?limit=6")).NextCursor);
        var first = await Service.TimelineAsync("c1", "?limit=3");
        var second = await Service.TimelineAsync("c1", $"?limit=3&cursor={first.NextCursor}");
        Assert.Equal([3, 2, 1], second.Seqs);
        Assert.Null(second.NextCursor);
    }

    [Theory]
    [InlineData("?type=cert.revoked", "r1")]
    [InlineData("?type=cert.revoked,cert.requested", "q1 r1")]
    [InlineData("?type=cert.requested,cert.revoked,cert.revoked", "q1 r1")]
    [InlineData("?type=cert.requested&type=cert.revoked", "q1 r1")]
    [InlineData("?type=cert.requested,%20cert.revoked", "q1 r1")]
    [InlineData("?type=cert.revocation", "r1")]
    [InlineData("?type=ext.acme.reviewed", "x1")]
    [InlineData("?type=cert.expired", "")]
    [InlineData("?after=2026-02-02T00:00:00Z", "x1 d1")]
    [InlineData("?after=2026-02-02T01:00:00%2B01:00", "x1 d1")]
    [InlineData("?before=2026-02-02T00:00:00Z", "q1")]
    [InlineData("?after=2026-02-01T00:00:00Z&before=2026-02-03T00:00:00Z", "r1 d1")]
    [InlineData("?after=2026-02-01T00:00:00Z&type=cert.requested,ext.acme.reviewed", "x1")]
    [InlineData("?after=2026-02-09T00:00:00Z&before=2026-02-01T00:00:00Z", "")]
    public async Task It_is_filtered_by_type_and_by_time(string query, string expected)
    {
        await Service.PostAsync(Make.Json("c1", id: "q1", type: "cert.requested", data: """{"issuer":"i","subject":"s"}""", occurredAt: "2026-02-01T00:00:00Z"));
        await Service.PostAsync(Make.Json("c1", id: "r1", type: "cert.revoked", data: """{"reason_code":1}""", occurredAt: "2026-02-02T00:00:00Z"));
        await Service.PostAsync(Make.Json("c1", id: "x1", type: "ext.acme.reviewed", data: "{}", occurredAt: "2026-02-03T00:00:00Z"));
        await Service.PostAsync(Make.Json("c1", id: "d1", occurredAt: "2026-02-02T00:00:00.0000001Z"));
        Assert.Equal(expected, string.Join(' ', (await Service.TimelineAsync("c1", query + "&order=asc")).Events.Select(e => e.GetProperty("id").GetString())));
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=", "limit")]
    [InlineData("limit=1.5", "limit")]
    [InlineData("limit=%2B5", "limit")]
    [InlineData("limit=%205", "limit")]
    [InlineData("limit=99999999999999999999", "limit")]
    [InlineData("limit=%D9%A5", "limit")]
    [InlineData("after=2026-02-02", "after")]
    [InlineData("after=2026-02-02T00:00:00", "after")]
    [InlineData("after=2026-02-02T01:00:00+01:00", "after")]
    [InlineData("before=yesterday", "before")]
    [InlineData("before=", "before")]
    [InlineData("order=newest", "order")]
    [InlineData("order=DESC", "order")]
    [InlineData("order=", "order")]
    [InlineData("type=", "type")]
    [InlineData("type=cert.issued,", "type")]
    [InlineData("type=cert.isued", "type")]
    [InlineData("type=*", "type")]
    [InlineData("types=cert.issued", "types")]
    [InlineData("Limit=5", "Limit")]
    [InlineData("page=2", "page")]
    [InlineData("%00=1", "\0")]
    [InlineData("limit=1&limit=2", "limit")]
    [InlineData("limit=5&limit=5", "limit")]
    [InlineData("order=asc&order=asc", "order")]
    [InlineData("after=2026-02-02T00:00:00Z&after=2026-02-02T00:00:00Z", "after")]
    [InlineData("cursor=a&cursor=b", "cursor")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor", "cursor")]
    public async Task A_parameter_that_is_not_right_is_named(string query, string parameter)
    {
        await FillAsync(1);
        (await Service.TimelineAsync("c1", "?" + query)).IsProblem(400, "invalid-parameter", parameter);
        (await Service.TimelineAsync("nobody", "?" + query)).IsProblem(400, "invalid-parameter", parameter);
    }

    [Fact]
    public async Task Every_parameter_that_is_not_right_is_named_at_once() =>
        (await Service.TimelineAsync("c1", "?limit=0&order=up&after=x&before=y&type=z&colour=red&cursor=")).IsProblem(400, "invalid-parameter", "limit", "order", "after", "before", "type", "colour", "cursor");

    [Fact]
    public async Task A_type_that_is_misspelled_gets_a_suggestion()
    {
        var answer = (await Service.TimelineAsync("c1", "?type=cert.renewd")).IsProblem(400, "invalid-parameter", "type");
        Assert.Contains("cert.renewd is not a known type: did you mean cert.renewed?", Problems.Mend(answer.Json, "type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_types_than_a_query_may_name_are_refused()
    {
        (await Service.TimelineAsync("c1", "?type=" + string.Join(',', Enumerable.Range(0, 51).Select(i => $"ext.t{i}")))).IsProblem(400, "invalid-parameter", "type");
        Assert.Empty((await Service.TimelineAsync("c1", "?type=" + string.Join(',', Enumerable.Range(0, 50).Select(i => $"ext.t{i}")))).Events);
    }

    [Fact]
    public async Task A_certificates_timeline_and_its_subjects_are_the_same()
    {
        await FillAsync(2);
        Assert.Equal((await Service.TimelineAsync("c1")).Text, (await Service.GetAsync("/projects/web/subjects/certificate/c1/events")).Text);
    }

    [Fact]
    public async Task A_filter_that_matches_rarely_still_ends()
    {
        await FillAsync(450);
        await Service.PostAsync(Make.Json("c1", id: "r1", type: "cert.revoked", data: """{"reason_code":1}"""));
        await FillAsync(450, from: 450);
        Assert.Equal("r1", Assert.Single((await Service.TimelineAsync("c1", "?type=cert.revoked&limit=5")).Events).GetProperty("id").GetString());
    }

    async Task FillAsync(int events, int from = 0)
    {
        var lines = string.Join('\n', Enumerable.Range(from, events).Select(i => Make.Json("c1", id: $"e{i}")));
        Assert.Equal(201, (await Service.PostAsync(lines, contentType: "application/x-ndjson")).Status);
    }
}
