using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R25: a cursor is bound to its query and rejected when altered.</summary>
public sealed class CursorTests : HttpTest
{
    const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    [Fact]
    public async Task A_cursor_with_any_character_changed_is_refused()
    {
        var cursor = await CursorAsync();
        for (var i = 0; i < cursor.Length; i++)
        {
            // Each bit of the six that a character stands for, so that bits which do not matter to a lax decoder are tried too.
            for (var bit = 0; bit < 6; bit++)
            {
                var other = Alphabet[Alphabet.IndexOf(cursor[i], StringComparison.Ordinal) ^ (1 << bit)];
                var altered = cursor[..i] + other + cursor[(i + 1)..];
                var answer = await Service.TimelineAsync("c1", $"?limit=2&cursor={altered}");
                Assert.True(answer.Status == 400, $"character {i}, bit {bit}");
                answer.IsProblem(400, "invalid-parameter", "cursor");
            }
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("null")]
    [InlineData("%00")]
    [InlineData("../../etc/passwd")]
    public async Task What_is_no_cursor_is_refused(string cursor) => (await Service.TimelineAsync("c1", $"?cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor");

    [Fact]
    public async Task A_cursor_that_is_cut_padded_or_doubled_is_refused()
    {
        var cursor = await CursorAsync();
        foreach (var altered in new[] { cursor[1..], cursor[..^1], cursor + "A", cursor + "=", cursor + cursor, "%20" + cursor, cursor + "%20", cursor[..^1] + "%0A", cursor.Insert(9, "%20")[..^1], new string('A', cursor.Length), new string('A', 2000) })
            Assert.Equal("cursor", Assert.Single(Problems.Fields((await Service.TimelineAsync("c1", $"?limit=2&cursor={altered}")).Json)));
    }

    [Theory]
    [InlineData("c1", "?order=asc")]
    [InlineData("c1", "?type=cert.downloaded")]
    [InlineData("c1", "?after=2020-01-01T00:00:00Z")]
    [InlineData("c1", "?before=2030-01-01T00:00:00Z")]
    [InlineData("c2", "?limit=2")]
    [InlineData("nobody", "?limit=2")]
    public async Task A_cursor_of_another_query_is_refused_and_the_answer_says_so(string subject, string query)
    {
        var cursor = await CursorAsync();
        var answer = (await Service.TimelineAsync(subject, $"{query}&cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor");
        Assert.Contains("another query", Problems.Mend(answer.Json, "cursor"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_of_another_kind_project_or_org_is_refused()
    {
        var cursor = await CursorAsync();
        (await Service.GetAsync($"/projects/web/subjects/device/c1/events?limit=2&cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor");
        (await Service.GetAsync($"/projects/shop/certificates/c1/events?limit=2&cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor");
        await Service.PostAsync(Make.Json("c1"), key: HttpService.GlobexKey);
        (await Service.TimelineAsync("c1", $"?limit=2&cursor={cursor}", HttpService.GlobexKey)).IsProblem(400, "invalid-parameter", "cursor");
    }

    [Fact]
    public async Task A_cursor_does_not_stand_in_for_a_credential()
    {
        var cursor = await CursorAsync();
        (await Service.GetAsync($"/projects/web/certificates/c1/events?limit=2&cursor={cursor}", key: null)).IsProblem(401, "unauthorized");
        (await Service.GetAsync($"/projects/web/certificates/c1/events?limit=2&cursor={cursor}", HttpService.KeyFor(Access.Access.Ingest))).IsProblem(403, "forbidden");
    }

    [Fact]
    public async Task The_same_query_spelled_otherwise_keeps_its_cursor()
    {
        await CursorAsync();
        var first = await Service.TimelineAsync("c1", "?limit=1&type=cert.downloaded,cert.revoked&after=2020-01-01T00:00:00Z");
        var second = await Service.TimelineAsync("c1", $"?cursor={first.NextCursor}&after=2020-01-01T01:00:00%2B01:00&type=cert.revocation&type=cert.downloaded,cert.download&limit=1&order=desc");
        Assert.Equal([4, 3], first.Seqs.Concat(second.Seqs));
    }

    [Fact]
    public async Task The_page_size_may_change_on_the_way()
    {
        var cursor = await CursorAsync();
        Assert.Equal([2, 1], (await Service.TimelineAsync("c1", $"?limit=500&cursor={cursor}")).Seqs);
        Assert.Equal([2], (await Service.TimelineAsync("c1", $"?limit=1&cursor={cursor}")).Seqs);
    }

    [Fact]
    public async Task A_cursor_gives_the_same_page_as_often_as_it_is_sent()
    {
        var cursor = await CursorAsync();
        var page = (await Service.TimelineAsync("c1", $"?limit=2&cursor={cursor}")).Text;
        await Service.PostAsync(Make.Json("c1", id: "later"));
        Assert.Equal(page, (await Service.TimelineAsync("c1", $"?limit=2&cursor={cursor}")).Text);
    }

    /// <summary>The cursor after the first two of four events of c1, newest first.</summary>
    async Task<string> CursorAsync()
    {
        foreach (var subject in new[] { "c1", "c2" })
            await Service.PostAsync(string.Join('\n', Enumerable.Range(0, 4).Select(i => Make.Json(subject, id: $"e{i}"))), contentType: "application/x-ndjson");
        var page = await Service.TimelineAsync("c1", "?limit=2");
        Assert.Equal([4, 3], page.Seqs);
        return page.NextCursor!;
    }
}
