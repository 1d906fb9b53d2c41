using System.Text;
using System.Text.Json;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

public sealed class PostOneEventTests : HttpTest
{
    [Fact]
    public async Task A_new_event_is_201_with_its_id_and_the_first_seq()
    {
        var answer = await Service.PostAsync(Make.Json("c1", id: "e1"));
        Assert.Equal((201, "application/json"), (answer.Status, answer.MediaType));
        Assert.Equal("""{"status":201,"result":"recorded","id":"e1","seq":1}""", answer.Text);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal("e1", Assert.Single(await Service.StoredAsync()).Id.Value);
    }

    [Fact]
    public async Task Seqs_count_per_certificate_without_a_gap()
    {
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i, (await Service.PostAsync(Make.Json("c1", id: $"a{i}"))).Json.GetProperty("seq").GetInt64());
            Assert.Equal(i, (await Service.PostAsync(Make.Json("c2", id: $"b{i}"))).Json.GetProperty("seq").GetInt64());
        }
    }

    [Fact]
    public async Task The_same_event_again_is_200_with_the_seq_it_has()
    {
        await Service.PostAsync(Make.Json("c1", id: "e0"));
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        Service.Clock.Advance(TimeSpan.FromMinutes(5));
        var again = await Service.PostAsync(Make.Json("c1", id: "e1"));
        Assert.Equal(200, again.Status);
        Assert.Equal("""{"status":200,"result":"duplicate","id":"e1","seq":2}""", again.Text);
        Assert.Equal(2, (await Service.StoredAsync()).Count);
    }

    [Theory]
    [InlineData("""{"format":"der","ip":"192.0.2.7"}""", "a field that is hashed")]
    [InlineData("""{"format":"pem","ip":"192.0.2.8"}""", "a personal field")]
    public async Task Other_content_under_a_taken_id_is_409_and_changes_nothing(string data, string what)
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        var before = Assert.Single(await Service.StoredAsync());
        var answer = await Service.PostAsync(Make.Json("c1", id: "e1", data: data));
        answer.IsProblem(409, "id-taken");
        Assert.Contains("seq 1", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var after = Assert.Single(await Service.StoredAsync());
        Assert.True(before.Leaf.Span.SequenceEqual(after.Leaf.Span), what);
    }

    [Fact]
    public async Task An_id_is_taken_per_certificate_only()
    {
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c1", id: "e1"))).Status);
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c2", id: "e1"))).Status);
    }

    [Fact]
    public async Task An_event_without_an_id_gets_a_UUIDv7_and_each_submission_is_a_new_one()
    {
        var first = await Service.PostAsync(Make.Json("c1"));
        var second = await Service.PostAsync(Make.Json("c1"));
        Assert.Equal((201, 201), (first.Status, second.Status));
        var id = Guid.Parse(first.Json.GetProperty("id").GetString()!);
        Assert.Equal((7, Make.Now.ToUnixTimeMilliseconds()), (id.Version, Convert.ToInt64(id.ToString("N")[..12], 16)));
        Assert.NotEqual(first.Json.GetProperty("id").GetString(), second.Json.GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_the_producer_leaves_out_is_filled_in()
    {
        await Service.PostAsync("""{"type":"cert.renewal_failed","subject":{"kind":"certificate","id":"c1"},"actor":{"type":"system","id":"renewer"},"data":{"attempt":1,"error_class":"network"}}""");
        var e = Assert.Single((await Service.TimelineAsync("c1")).Events);
        Assert.Equal(("failure", "error", "certificate"), (e.GetProperty("status").GetString(), e.GetProperty("severity").GetString(), e.GetProperty("module").GetString()));
        Assert.Equal(("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"), (e.GetProperty("occurred_at").GetString(), e.GetProperty("recorded_at").GetString()));
        Assert.Equal(("acme", "web", 1), (e.GetProperty("org_id").GetString(), e.GetProperty("project_id").GetString(), e.GetProperty("seq").GetInt32()));
        Assert.False(e.TryGetProperty("correlation_id", out _));
        Assert.False(e.TryGetProperty("submitted_type", out _));
    }

    [Fact]
    public async Task What_the_producer_says_is_kept()
    {
        await Service.PostAsync("""
            {"id":"e:1","type":"cert.revoked","subject":{"kind":"certificate","id":"c1"},"occurred_at":"2026-02-28T23:00:00.120+02:00","status":"denied","severity":"critical",
             "correlation_id":"run 7","actor":{"type":"service_account","id":"svc","name":"Robot Ä"},"data":{"reason_code":1,"note":"left the company","ext":{"ticket":["A-1",2.5,null]}}}
            """);
        var e = Assert.Single((await Service.TimelineAsync("c1")).Events);
        Assert.Equal(("denied", "critical", "run 7"), (e.GetProperty("status").GetString(), e.GetProperty("severity").GetString(), e.GetProperty("correlation_id").GetString()));
        Assert.Equal("2026-02-28T21:00:00.12Z", e.GetProperty("occurred_at").GetString());
        Assert.Equal("""{"type":"service_account","id":"svc","name":"Robot Ä"}""", e.GetProperty("actor").GetRawText());
        Assert.Equal("""{"ext":{"ticket":["A-1",2.5,null]},"reason_code":1,"note":"left the company"}""", e.GetProperty("data").GetRawText());
    }

    [Fact]
    public async Task An_alias_is_recorded_under_our_name_with_the_name_it_came_under()
    {
        var data = """{"attempt":2,"error_class":"auth"}""";
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c1", id: "e1", type: "cert.renewal.failed", data: data))).Status);
        var e = Assert.Single((await Service.TimelineAsync("c1")).Events);
        Assert.Equal(("cert.renewal_failed", "cert.renewal.failed"), (e.GetProperty("type").GetString(), e.GetProperty("submitted_type").GetString()));
        (await Service.PostAsync(Make.Json("c1", id: "e1", type: "cert.renewal_failed", data: data))).IsProblem(409, "id-taken");
    }

    [Fact]
    public async Task R23_A_type_of_ones_own_is_kept_with_any_payload_and_its_personal_part_apart()
    {
        Assert.Equal(201, (await Service.PostAsync(Make.Json("c1", type: "ext.acme.reviewed", data: """{"score":0.5,"by":{"team":"pki"},"personal":{"reviewer":"Bob"}}"""))).Status);
        var e = Assert.Single((await Service.TimelineAsync("c1")).Events);
        Assert.Equal(("ext.acme.reviewed", "extension"), (e.GetProperty("type").GetString(), e.GetProperty("module").GetString()));
        Assert.Equal("Bob", e.GetProperty("data").GetProperty("personal").GetProperty("reviewer").GetString());
        Assert.DoesNotContain("Bob", Encoding.UTF8.GetString(Assert.Single(await Service.StoredAsync()).Leaf.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R18_A_device_renewal_is_about_a_device()
    {
        const string Data = """{"device_id":"d-1"}""";
        var body = $$$"""{"type":"renewal_start","subject":{"kind":"device","id":"d-1"},"actor":{"type":"system","id":"agent"},"data":{{{Data}}}}""";
        Assert.Equal(201, (await Service.PostAsync(body)).Status);
        (await Service.PostAsync(Make.Json("c1", type: "renewal_start", data: Data))).IsProblem(400, "invalid-event", "subject.kind");
        Assert.Single((await Service.GetAsync("/projects/web/subjects/device/d-1/events")).Events);
    }

    [Fact]
    public async Task R22_The_trace_context_of_the_request_travels_along()
    {
        const string Traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        await Service.PostAsync(Make.Json("c1", id: "e1"), traceparent: Traceparent);
        await Service.PostAsync(Make.Json("c1", id: "e2"), traceparent: "00-nonsense");
        var events = (await Service.TimelineAsync("c1", "?order=asc")).Events;
        Assert.Equal(Traceparent, events[0].GetProperty("traceparent").GetString());
        Assert.False(events[1].TryGetProperty("traceparent", out _));
    }

    [Fact]
    public async Task Personal_values_are_apart_from_the_leaf_and_come_back_in_the_timeline()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        var leaf = Encoding.UTF8.GetString(Assert.Single(await Service.StoredAsync()).Leaf.Span);
        Assert.DoesNotContain("192.0.2.7", leaf, StringComparison.Ordinal);
        Assert.DoesNotContain("u-17", leaf, StringComparison.Ordinal);
        Assert.DoesNotContain("Ada", leaf, StringComparison.Ordinal);
        var e = Assert.Single((await Service.TimelineAsync("c1")).Events);
        Assert.Equal(("user", "u-17", "Ada L."), (e.GetProperty("actor").GetProperty("type").GetString(), e.GetProperty("actor").GetProperty("id").GetString(), e.GetProperty("actor").GetProperty("name").GetString()));
        Assert.Equal(("pem", "192.0.2.7"), (e.GetProperty("data").GetProperty("format").GetString(), e.GetProperty("data").GetProperty("ip").GetString()));
        Assert.False(e.TryGetProperty("personal", out _));
        Assert.False(e.TryGetProperty("v", out _));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("APPLICATION/JSON; charset=UTF-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json; version=1")]
    public async Task JSON_is_read_under_its_content_types(string? contentType) =>
        Assert.Equal(201, (await Service.PostAsync(Make.Json(), contentType: contentType)).Status);

    [Theory]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/vnd.acme+json")]
    [InlineData("not a media type")]
    public async Task Another_content_type_is_415_and_the_answer_names_those_that_are_read(string contentType)
    {
        var answer = await Service.PostAsync(Make.Json(), contentType: contentType);
        answer.IsProblem(415, "unsupported-media-type");
        Assert.Contains("application/x-ndjson", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task A_byte_order_mark_is_passed_over() =>
        Assert.Equal(201, (await Service.PostAsync([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Make.Json())])).Status);

    [Fact]
    public async Task A_body_of_just_the_limit_is_read()
    {
        var body = Make.Json("c1", id: "e1");
        var answer = await Service.PostAsync(body + new string(' ', Wire.RequestBody.MaxBytes - body.Length));
        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task Sixteen_clients_at_once_get_sixteen_times_as_many_seqs_each_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(client => Task.Run(async () =>
        {
            var seqs = new List<long>();
            for (var i = 0; i < 20; i++)
            {
                var answer = await Service.PostAsync(Make.Json("c1", id: $"{client}-{i}"));
                Assert.Equal(201, answer.Status);
                seqs.Add(answer.Json.GetProperty("seq").GetInt64());
            }

            return seqs;
        })));
        Assert.Equal(Enumerable.Range(1, 320).Select(i => (long)i), answers.SelectMany(s => s).Order());
        Assert.All(answers, seqs => Assert.Equal(seqs.Order(), seqs));
    }

    [Fact]
    public async Task One_event_sent_by_sixteen_clients_at_once_is_recorded_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Service.PostAsync(Make.Json("c1", id: "e1")))));
        Assert.Equal(1, answers.Count(a => a.Status == 201));
        Assert.Equal(15, answers.Count(a => a.Status == 200));
        Assert.All(answers, a => Assert.Equal(1, a.Json.GetProperty("seq").GetInt64()));
        Assert.Single(await Service.StoredAsync());
    }

    [Fact]
    public async Task A_path_that_is_no_call_is_a_problem_too()
    {
        (await Service.GetAsync("/projects/web/nothing")).IsProblem(404, "not-found");
        using var delete = new HttpRequestMessage(HttpMethod.Delete, "/api/v1/projects/web/events");
        (await Service.SendAsync(delete)).IsProblem(404, "not-found");
    }

    [Fact]
    public async Task R30_No_call_changes_or_deletes_what_is_recorded()
    {
        await Service.PostAsync(Make.Json("c1", id: "e1"));
        var before = JsonSerializer.Serialize(Assert.Single((await Service.TimelineAsync("c1")).Events));
        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete })
        {
            foreach (var path in new[] { "/projects/web/certificates/c1/events", "/projects/web/certificates/c1/events/e1", "/projects/web/events/e1", "/ledger/entries", "/ledger/head" })
            {
                using var request = new HttpRequestMessage(method, "/api/v1" + path) { Content = new StringContent(Make.Json("c1", id: "e1", data: """{"format":"der"}""")) };
                (await Service.SendAsync(request)).IsProblem(404, "not-found");
            }
        }

        Assert.Equal(before, JsonSerializer.Serialize(Assert.Single((await Service.TimelineAsync("c1")).Events)));
    }
}
