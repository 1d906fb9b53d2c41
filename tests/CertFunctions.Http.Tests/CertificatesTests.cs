using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R29: where a project's certificates stand, now and then.</summary>
public sealed class CertificatesTests : HttpTest
{
    const string List = "/projects/web/certificates";

    DateTimeOffset Now => Service.Clock.GetUtcNow();

    [Fact]
    public async Task A_project_without_certificates_has_an_empty_inventory()
    {
        var answer = await Service.GetAsync(List);
        Assert.Equal(200, answer.Status);
        Assert.Equal("""{"as_of":"2026-03-01T12:00:00Z","counts":{"by_status":{},"expiring_within_days":{"7":0,"14":0,"30":0,"90":0}},"certificates":[],"next_cursor":null}""", answer.Text);
    }

    [Fact]
    public async Task What_ends_first_comes_first_or_last_as_asked()
    {
        await FillAsync(3, 1, 2);
        Assert.Equal(["c1", "c2", "c3"], Ids(await Service.GetAsync(List)));
        Assert.Equal(["c1", "c2", "c3"], Ids(await Service.GetAsync(List + "?sort=expiry")));
        Assert.Equal(["c3", "c2", "c1"], Ids(await Service.GetAsync(List + "?sort=-expiry")));
    }

    [Fact]
    public async Task It_is_filtered_by_status_issuer_window_and_name()
    {
        await IssueAsync("ended", -3, "CN=a", "ended.example");
        await IssueAsync("soon", 3, "CN=a", "soon.shop.example");
        await IssueAsync("later", 20, "CN=b", "shop.example", "*.shop.example");
        await IssueAsync("far", 300, "CN=b", "far.example");
        await Service.PostAsync(Make.Json("far", type: "cert.revoked", data: """{"reason_code":1}"""));
        await Service.PostAsync(Make.Json("soon", type: "cert.renewal_failed", data: """{"attempt":1,"error_class":"auth"}"""));
        foreach (var (query, expected) in new[]
        {
            ("status=active", "later"), ("status=expired", "ended"), ("status=revoked", "far"), ("status=renewal_failed", "soon"), ("status=pending", ""),
            ("issuer=CN%3Da", "ended soon"), ("issuer=cn%3Da", ""), ("expiring_within=7d", "soon"), ("expiring_within=72h", ""), ("expiring_within=73h", "soon"), ("expiring_within=36500d", "soon later far"),
            ("name=shop.example", "later"), ("name=.shop.example", "soon later"), ("name=SHOP.example.", "later"), ("name=.example", "ended soon later far"), ("name=p.example", ""),
            ("status=active&issuer=CN%3Db&expiring_within=30d&name=shop.example", "later"), ("status=active&issuer=CN%3Da", ""),
        })
            Assert.True(expected == string.Join(' ', Ids(await Service.GetAsync($"{List}?{query}"))), $"{query}: {string.Join(' ', Ids(await Service.GetAsync($"{List}?{query}")))}");
    }

    [Fact]
    public async Task The_first_page_counts_what_there_is()
    {
        await FillAsync(-1, 5, 10, 20, 60, 200);
        await Service.PostAsync(Make.Json("c10", type: "cert.revoked", data: """{"reason_code":1}"""));
        var counts = (await Service.GetAsync(List + "?limit=1")).Json.GetProperty("counts");
        Assert.Equal("""{"active":4,"revoked":1,"expired":1}""", counts.GetProperty("by_status").GetRawText());
        Assert.Equal("""{"7":1,"14":1,"30":2,"90":3}""", counts.GetProperty("expiring_within_days").GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("&sort=-expiry")]
    [InlineData("&status=active&name=.example")]
    public async Task Pages_give_each_certificate_once_at_any_size_while_others_come(string more)
    {
        await FillAsync([.. Enumerable.Range(1, 40).Select(i => i / 2)]);
        foreach (var limit in new[] { 1, 7, 20, 39 })
        {
            var whole = Ids(await Service.GetAsync($"{List}?limit=500{more}"));
            var seen = new List<string>();
            for (var page = await Service.GetAsync($"{List}?limit={limit}{more}"); ; page = await Service.GetAsync($"{List}?limit={limit}{more}&cursor={page.NextCursor}"))
            {
                seen.AddRange(Ids(page));
                Assert.Equal(seen.Count <= limit, page.Json.TryGetProperty("counts", out _));
                if (page.NextCursor is null)
                    break;
                // One past the window everyone looks at, and one that ended: neither shifts a page.
                await IssueAsync($"x{limit}-{seen.Count}", -1000, "CN=x", "x.other");
            }

            Assert.Equal(whole.Where(id => !id.StartsWith('x')), seen.Where(id => !id.StartsWith('x')));
            Assert.Equal(seen.Count, seen.Distinct().Count());
        }
    }

    [Fact]
    public async Task All_pages_are_as_of_the_first()
    {
        await FillAsync(1, 2, 9);
        var first = await Service.GetAsync(List + "?status=active&expiring_within=8d&limit=1");
        Service.Clock.Advance(TimeSpan.FromDays(5));
        var second = await Service.GetAsync($"{List}?status=active&expiring_within=8d&limit=5&cursor={first.NextCursor}");
        Assert.Equal(["c2"], Ids(second));
        Assert.Equal("2026-03-01T12:00:00Z", second.Json.GetProperty("as_of").GetString());
    }

    [Fact]
    public async Task A_cursor_is_bound_to_its_query_and_refused_when_altered()
    {
        await FillAsync(1, 2, 3);
        var cursor = (await Service.GetAsync(List + "?limit=1&status=active")).NextCursor!;
        Assert.Equal(["c2", "c3"], Ids(await Service.GetAsync($"{List}?limit=500&status=active&cursor={cursor}")));
        foreach (var query in new[] { "", "&status=expired", "&status=active&name=a", "&status=active&issuer=a", "&status=active&expiring_within=7d", "&status=active&sort=-expiry" })
            Assert.Contains("another query", Problems.Mend((await Service.GetAsync($"{List}?limit=1{query}&cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor").Json, "cursor"), StringComparison.Ordinal);
        (await Service.GetAsync($"/projects/shop/certificates?limit=1&status=active&cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor");
        (await Service.GetAsync($"{List}?limit=1&status=active&cursor={cursor}", HttpService.GlobexKey)).IsProblem(400, "invalid-parameter", "cursor");
        for (var i = 0; i < cursor.Length; i++)
        {
            var altered = cursor[..i] + (cursor[i] == 'A' ? 'B' : 'A') + cursor[(i + 1)..];
            (await Service.GetAsync($"{List}?limit=1&status=active&cursor={altered}")).IsProblem(400, "invalid-parameter", "cursor");
        }

        var timeline = (await Service.TimelineAsync("c1", "?limit=1")).NextCursor;
        if (timeline is not null)
            (await Service.GetAsync($"{List}?cursor={timeline}")).IsProblem(400, "invalid-parameter", "cursor");
        (await Service.TimelineAsync("c1", $"?cursor={cursor}")).IsProblem(400, "invalid-parameter", "cursor");
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=501", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("status=Active", "status")]
    [InlineData("status=", "status")]
    [InlineData("status=active,expired", "status")]
    [InlineData("issuer=", "issuer")]
    [InlineData("expiring_within=30", "expiring_within")]
    [InlineData("expiring_within=0d", "expiring_within")]
    [InlineData("expiring_within=-1d", "expiring_within")]
    [InlineData("expiring_within=1.5d", "expiring_within")]
    [InlineData("expiring_within=36501d", "expiring_within")]
    [InlineData("expiring_within=d", "expiring_within")]
    [InlineData("expiring_within=30w", "expiring_within")]
    [InlineData("expiring_within=99999999999999999999d", "expiring_within")]
    [InlineData("name=", "name")]
    [InlineData("name=.", "name")]
    [InlineData("sort=name", "sort")]
    [InlineData("sort=", "sort")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("page=2", "page")]
    [InlineData("Status=active", "Status")]
    [InlineData("limit=1&limit=1", "limit")]
    [InlineData("status=active&status=expired", "status")]
    public async Task A_parameter_that_is_not_right_is_named(string query, string parameter) => (await Service.GetAsync($"{List}?{query}")).IsProblem(400, "invalid-parameter", parameter);

    [Fact]
    public async Task Every_parameter_that_is_not_right_is_named_at_once() =>
        (await Service.GetAsync(List + "?limit=0&status=x&issuer=&expiring_within=y&name=&sort=z&colour=red&cursor=")).IsProblem(400, "invalid-parameter", "limit", "status", "issuer", "expiring_within", "name", "sort", "colour", "cursor");

    [Fact]
    public async Task A_certificate_is_shown_as_it_stands()
    {
        await IssueAsync("c1", 90, "CN=ca", "b.example", "A.example");
        await Service.PostAsync(Make.Json("c1", type: "cert.renewal_failed", data: """{"attempt":2,"error_class":"network"}"""));
        var certificate = (await Service.GetAsync(List + "/c1")).Json;
        Assert.Equal(("c1", 2, "renewal_failed"), (certificate.GetProperty("id").GetString(), certificate.GetProperty("seq").GetInt64(), certificate.GetProperty("status").GetString()));
        Assert.Equal("2026-05-30T12:00:00Z", certificate.GetProperty("validity").GetProperty("not_after").GetString());
        Assert.Equal(["a.example", "b.example"], certificate.GetProperty("names").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal(1, certificate.GetProperty("failures").GetInt32());
        Assert.Equal("network", certificate.GetProperty("last_failure").GetProperty("error_class").GetString());
        Assert.Equal(certificate.GetProperty("validity").GetRawText(), (await Service.GetAsync(List)).Json.GetProperty("certificates")[0].GetProperty("validity").GetRawText());
        Service.Clock.Advance(TimeSpan.FromDays(90));
        Assert.Equal("expired", (await Service.GetAsync(List + "/c1")).Json.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_certificate_is_shown_as_it_stood_at_a_seq_and_at_a_time()
    {
        await IssueAsync("c1", 90, "CN=ca", "a.example");
        Service.Clock.Advance(TimeSpan.FromDays(80));
        await Service.PostAsync(Make.Json("c1", type: "cert.renewal_failed", data: """{"attempt":1,"error_class":"auth"}"""));
        Service.Clock.Advance(TimeSpan.FromDays(20));
        await Service.PostAsync(Make.Json("c1", type: "cert.revoked", data: """{"reason_code":4}"""));
        foreach (var (query, seq, status) in new[]
        {
            ("", 3, "revoked"), ("?at_seq=1", 1, "active"), ("?at_seq=2", 2, "renewal_failed"), ("?at_seq=3", 3, "revoked"), ("?at_seq=99", 3, "revoked"),
            ("?at=2026-03-01T12:00:00Z", 1, "active"), ("?at=2026-05-20T12:00:00Z", 2, "renewal_failed"), ("?at=2026-06-01T00:00:00Z", 2, "expired"), ("?at=2027-01-01T00:00:00%2B01:00", 3, "revoked"),
        })
        {
            var answer = await Service.GetAsync($"{List}/c1{query}");
            Assert.True(answer.Status == 200, $"{query}: {answer.Text}");
            Assert.Equal((query, seq, status), (query, (int)answer.Json.GetProperty("seq").GetInt64(), answer.Json.GetProperty("status").GetString()));
        }

        (await Service.GetAsync(List + "/c1?at=2026-03-01T11:59:59Z")).IsProblem(404, "no-such-certificate");
        (await Service.GetAsync(List + "/c1?at_seq=0")).IsProblem(404, "no-such-certificate");
    }

    [Fact]
    public async Task What_changed_between_two_points_is_told_member_by_member()
    {
        await IssueAsync("c1", 90, "CN=ca", "a.example");
        await Service.PostAsync(Make.Json("c1", type: "cert.revoked", data: """{"reason_code":4}"""));
        var diff = (await Service.GetAsync(List + "/c1/diff?from_seq=1&to_seq=2")).Json;
        Assert.Equal((1, 2), (diff.GetProperty("from_seq").GetInt32(), diff.GetProperty("to_seq").GetInt32()));
        var status = diff.GetProperty("changes").EnumerateArray().Single(c => c.GetProperty("member").GetString() == "status");
        Assert.Equal(("active", "revoked"), (status.GetProperty("before").GetString(), status.GetProperty("after").GetString()));
        Assert.Equal(diff.GetRawText(), (await Service.GetAsync(List + "/c1/diff?from_seq=1")).Text);
        Assert.Empty((await Service.GetAsync(List + "/c1/diff?from_seq=2&to_at=2030-01-01T00:00:00Z")).Json.GetProperty("changes").EnumerateArray());
        var all = (await Service.GetAsync(List + "/c1/diff?from_seq=0&to_seq=1")).Json;
        Assert.Equal(0, all.GetProperty("from_seq").GetInt32());
        Assert.Contains(all.GetProperty("changes").EnumerateArray(), c => c.GetProperty("member").GetString() == "validity.not_after" && c.GetProperty("before").ValueKind == JsonValueKind.Null);
    }

    [Theory]
    [InlineData("?at_seq=-1", "at_seq")]
    [InlineData("?at_seq=x", "at_seq")]
    [InlineData("?at=yesterday", "at")]
    [InlineData("?at=2026-03-01T12:00:00", "at")]
    [InlineData("?at_seq=1&at=2026-03-01T12:00:00Z", "at")]
    [InlineData("?at_seq=1&at_seq=1", "at_seq")]
    [InlineData("?seq=1", "seq")]
    [InlineData("/diff", "from_seq")]
    [InlineData("/diff?to_seq=1", "from_seq")]
    [InlineData("/diff?from_seq=x", "from_seq")]
    [InlineData("/diff?from_seq=1&from_at=2026-03-01T12:00:00Z", "from_at")]
    [InlineData("/diff?from_seq=1&to_seq=2&to_at=2026-03-01T12:00:00Z", "to_at")]
    [InlineData("/diff?from_seq=1&at_seq=2", "at_seq")]
    public async Task A_point_that_is_none_is_named(string query, params string[] parameters)
    {
        await IssueAsync("c1", 90, "CN=ca", "a.example");
        (await Service.GetAsync($"{List}/c1{query}")).IsProblem(400, "invalid-parameter", parameters);
    }

    [Fact]
    public async Task What_is_not_there_is_404_also_another_orgs_and_another_projects()
    {
        await IssueAsync("c1", 90, "CN=ca", "a.example");
        (await Service.GetAsync(List + "/nobody")).IsProblem(404, "no-such-certificate");
        (await Service.GetAsync(List + "/nobody/diff?from_seq=0")).IsProblem(404, "no-such-certificate");
        (await Service.GetAsync(List + "/c1", HttpService.GlobexKey)).IsProblem(404, "no-such-certificate");
        (await Service.GetAsync("/projects/shop/certificates/c1")).IsProblem(404, "no-such-certificate");
        Assert.Empty(Ids(await Service.GetAsync(List, HttpService.GlobexKey)));
        Assert.Empty(Ids(await Service.GetAsync("/projects/shop/certificates")));
        (await Service.GetAsync(List + "/a%2Fb")).IsProblem(400, "invalid-parameter", "id");
    }

    [Theory]
    [InlineData("/events")]
    [InlineData("/certificates/c1/events")]
    [InlineData("/subjects/certificate/c1/events")]
    public async Task Into_the_services_own_project_nobody_else_writes(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/projects/system" + path) { Content = new StringContent(Make.Json("c1"), null, "application/json") };
        (await Service.SendAsync(request)).IsProblem(403, "service-owned");
        await Service.NothingIsStoredAsync();
        Assert.Equal(200, (await Service.GetAsync("/projects/system/certificates")).Status);
    }

    [Fact]
    public async Task The_timed_jobs_are_listed_with_their_last_run() =>
        Assert.Equal("""{"timers":[{"name":"idle","every_seconds":3600,"last":null}]}""", (await Service.GetAsync("/timers")).Text);

    static IReadOnlyList<string> Ids(Answer answer)
    {
        Assert.True(answer.Status == 200, answer.Text);
        return [.. answer.Json.GetProperty("certificates").EnumerateArray().Select(c => c.GetProperty("id").GetString()!)];
    }

    /// <summary>A certificate for each number of days it still has, named after them.</summary>
    async Task FillAsync(params int[] days)
    {
        foreach (var (d, i) in days.Select((d, i) => (d, i)))
            await IssueAsync(days.Take(i).Contains(d) ? $"c{d}-{i}" : $"c{d}", d, "CN=ca", $"n{i}.example");
    }

    async Task IssueAsync(string id, int days, string issuer, params string[] names)
    {
        var end = Now.AddDays(days);
        var data = JsonSerializer.Serialize(new
        {
            fingerprint = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id))),
            not_before = Rfc3339.Format((end < Now ? end : Now).AddDays(-100)),
            not_after = Rfc3339.Format(end),
            issuer,
            subject_alt_names = names,
        });
        Assert.Equal(201, (await Service.PostAsync(Make.Json(id, id: "issued-" + days.ToString(CultureInfo.InvariantCulture), type: "cert.issued", data: data))).Status);
    }
}
