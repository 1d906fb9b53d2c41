using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

public sealed class AccessTests : HttpTest
{
    const string WebTimeline = "/projects/web/certificates/c1/events";

    public static TheoryData<string, string, Access.Access> Calls => new()
    {
        { "POST", "/projects/web/events", Access.Access.Ingest },
        { "POST", "/projects/web/certificates/c1/events", Access.Access.Ingest },
        { "POST", "/projects/web/subjects/certificate/c1/events", Access.Access.Ingest },
        { "GET", WebTimeline, Access.Access.Read },
        { "GET", "/projects/web/subjects/certificate/c1/events", Access.Access.Read },
        { "GET", "/projects/web/certificates", Access.Access.Read },
        { "GET", "/projects/web/certificates/c1", Access.Access.Read },
        { "GET", "/projects/web/certificates/c1/diff?from_seq=0", Access.Access.Read },
        { "GET", "/projects/web/certificates/c1/evidence", Access.Access.Read | Access.Access.Audit },
        { "GET", "/projects/web/subjects/certificate/c1/evidence", Access.Access.Read | Access.Access.Audit },
        { "GET", "/ledger/head", Access.Access.Audit },
        { "GET", "/ledger/entries", Access.Access.Audit },
        { "GET", "/ledger/health", Access.Access.Audit },
        { "GET", "/projects/web/certificates/c1/events/e1/proof", Access.Access.Audit },
        { "GET", "/projects/web/subjects/certificate/c1/events/e1/proof", Access.Access.Audit },
        { "GET", "/ledger/checkpoint", Access.Access.Audit },
        { "GET", "/ledger/tile/0/000.p/1", Access.Access.Audit },
        { "GET", "/ledger/consistency?from=0", Access.Access.Audit },
        { "GET", "/siem/sinks", Access.Access.Operate },
        { "POST", "/siem/sinks/siem/replay", Access.Access.Operate },
        { "GET", "/timers", Access.Access.Operate },
    };

    [Fact]
    public void Every_call_there_is_stands_in_these_tests() => Assert.Equal(Service.Endpoints.All.Count, Calls.Count);

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_without_a_valid_credential_is_401_whatever_else_is_wrong_with_it(string method, string path, Access.Access needed)
    {
        foreach (var header in new[] { null, "", "Bearer", "Bearer ", "Bearer wrong", $"Bearer {HttpService.AcmeKey}x", $"Basic {HttpService.AcmeKey}", HttpService.AcmeKey, $"Bearer {HttpService.AcmeKey.ToUpperInvariant()}",
            $"Bearer {new string('k', 4000)}", $"Bearer {HttpService.AcmeKey}, Bearer {HttpService.AcmeKey}", $"Bearer\t{HttpService.AcmeKey}", "Bearer ключ" })
        {
            var answer = await SendAsync(method, path, header);
            Assert.True(answer.Status == 401, $"{needed}: '{header}' got {answer.Status}");
            answer.IsProblem(401, "unauthorized");
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
            Assert.DoesNotContain(HttpService.AcmeKey, answer.Text, StringComparison.Ordinal);
        }

        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task R48_A_credential_without_the_role_is_403_and_one_with_just_that_role_is_enough(string method, string path, Access.Access needed)
    {
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c1"))).Status);
        foreach (var access in new[] { Access.Access.None, Access.Access.Ingest, Access.Access.Read, Access.Access.Audit, Access.Access.Operate })
        {
            var answer = await SendAsync(method, path, $"Bearer {HttpService.KeyFor(access)}");
            if (access == needed)
                Assert.Contains(answer.Status, new[] { 200, 201, 404 });
            else
                answer.IsProblem(403, "forbidden");
        }
    }

    [Fact]
    public async Task Two_credentials_in_one_request_are_none()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/ledger/head");
        request.Headers.TryAddWithoutValidation("Authorization", [$"Bearer {HttpService.AcmeKey}", $"Bearer {HttpService.GlobexKey}"]);
        (await Service.SendAsync(request, key: null)).IsProblem(401, "unauthorized");
    }

    [Theory]
    [InlineData("bearer ")]
    [InlineData("BEARER ")]
    [InlineData("Bearer   ")]
    public async Task The_schemes_name_may_be_in_any_case(string scheme) => Assert.Equal(200, (await SendAsync("GET", "/ledger/head", scheme + HttpService.AcmeKey)).Status);

    [Fact]
    public async Task A_project_outside_the_credential_is_403_for_reading_and_writing()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"), key: HttpService.WebOnlyKey);
        Assert.Single((await Service.GetAsync(WebTimeline, HttpService.WebOnlyKey)).Events);
        (await SendAsync("POST", "/projects/shop/events", $"Bearer {HttpService.WebOnlyKey}")).IsProblem(403, "forbidden");
        (await SendAsync("GET", "/projects/shop/certificates/c1/events", $"Bearer {HttpService.WebOnlyKey}")).IsProblem(403, "forbidden");
        (await SendAsync("GET", "/projects/WEB/certificates/c1/events", $"Bearer {HttpService.WebOnlyKey}")).IsProblem(403, "forbidden");
        Assert.Single(await Service.StoredAsync());
    }

    [Fact]
    public async Task A_projects_events_are_not_anothers_under_the_same_certificate()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        Assert.Empty((await Service.GetAsync("/projects/shop/certificates/c1/events")).Events);
        Assert.Equal(201, (await SendAsync("POST", "/projects/shop/events", $"Bearer {HttpService.AcmeKey}")).Status);
        Assert.Equal([1], (await Service.GetAsync(WebTimeline)).Seqs);
    }

    [Fact]
    public async Task R19_Another_orgs_events_are_invisible_under_identical_ids()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        await Service.PostAsync(Make.Json("c1", id: "e2"));
        await Service.SettleAsync();
        Assert.Empty((await Service.TimelineAsync("c1", key: HttpService.GlobexKey)).Events);
        Assert.Equal("", (await Service.GetAsync("/ledger/entries", HttpService.GlobexKey)).Text);
        Assert.Equal(("globex", 0), Head(await Service.GetAsync("/ledger/head", HttpService.GlobexKey)));

        var theirs = await Service.PostAsync(Make.Json("c1", id: "e1", data: """{"format":"der","ip":"203.0.113.9"}"""), key: HttpService.GlobexKey);
        Assert.Equal((201, 1), (theirs.Status, theirs.Json.GetProperty("seq").GetInt32()));
        await Service.SettleAsync();
        Assert.Equal("der", Assert.Single((await Service.TimelineAsync("c1", key: HttpService.GlobexKey)).Events).GetProperty("data").GetProperty("format").GetString());
        Assert.Equal([2, 1], (await Service.TimelineAsync("c1")).Seqs);
        Assert.Equal((("acme", 2), ("globex", 1)), (Head(await Service.GetAsync("/ledger/head")), Head(await Service.GetAsync("/ledger/head", HttpService.GlobexKey))));
        var lines = (await Service.GetAsync("/ledger/entries", HttpService.GlobexKey)).Text;
        Assert.DoesNotContain("acme", lines, StringComparison.Ordinal);
        Assert.Contains("203.0.113.9", lines, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-web")]
    [InlineData("we%20b")]
    [InlineData("we%00b")]
    [InlineData("%D1%8F")]
    public async Task A_project_that_cannot_be_one_is_named(string project)
    {
        var answer = await SendAsync("GET", $"/projects/{project}/certificates/c1/events", $"Bearer {HttpService.AcmeKey}");
        Assert.Equal(400, answer.Status);
        // A zero byte is no request line at all: Kestrel refuses it before the API sees it.
        if (project != "we%00b")
            answer.IsProblem(400, "invalid-parameter", "project");
    }

    Task<Answer> SendAsync(string method, string path, string? authorization)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1" + path);
        if (method == "POST")
            request.Content = new StringContent(path.EndsWith("/replay", StringComparison.Ordinal) ? """{"from":0}""" : Make.Json("c1"), System.Text.Encoding.UTF8, "application/json");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization.Any(c => c > 127) ? Uri.EscapeDataString(authorization) : authorization);
        return Service.SendAsync(request, key: null);
    }

    static (string?, int) Head(Answer answer) => (answer.Json.GetProperty("ledger").GetString(), answer.Json.GetProperty("size").GetInt32());
}
