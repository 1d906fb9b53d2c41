using System.Security.Cryptography;
using System.Text;
using CertFunctions.Http.Tests.Support;

namespace CertFunctions.Http.Tests;

public sealed class CloudEventTests : HttpTest
{
    const string Structured = "application/cloudevents+json", Batch = "application/cloudevents-batch+json";

    const string Good = """
        {"specversion":"1.0","id":"A-1","source":"/scanner/eu","type":"cert.downloaded","subject":"certificate/c1","time":"2026-02-28T10:00:00Z","datacontenttype":"application/json; charset=utf-8",
         "dataschema":"urn:x","traceparent":"00-0-0-0","tracestate":"a=b","correlationid":"run-7","actortype":"user","actorid":"u-1","actorname":"Ada","severity":"warn","status":"denied",
         "data":{"format":"pem","ip":"192.0.2.7"}}
        """;

    [Fact]
    public async Task A_CloudEvent_becomes_an_event_of_ours_attribute_by_attribute()
    {
        var answer = await Service.PostAsync(Good, contentType: Structured);
        Assert.Equal(201, answer.Status);
        var derived = "ce-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("/scanner/eu\0A-1")))[..32];
        Assert.Equal(derived, answer.Json.GetProperty("id").GetString());

        var e = Assert.Single((await Service.TimelineAsync("c1")).Events);
        Assert.Equal((derived, "cert.downloaded", "2026-02-28T10:00:00Z"), (e.GetProperty("id").GetString(), e.GetProperty("type").GetString(), e.GetProperty("occurred_at").GetString()));
        Assert.Equal("""{"id":"c1","kind":"certificate"}""", e.GetProperty("subject").GetRawText());
        Assert.Equal("""{"type":"user","id":"u-1","name":"Ada"}""", e.GetProperty("actor").GetRawText());
        Assert.Equal("""{"format":"pem","ip":"192.0.2.7"}""", e.GetProperty("data").GetRawText());
        Assert.Equal(("run-7", "warn", "denied"), (e.GetProperty("correlation_id").GetString(), e.GetProperty("severity").GetString(), e.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Source_and_id_together_are_the_identity()
    {
        Assert.Equal(201, (await Service.PostAsync(Good, contentType: Structured)).Status);
        Assert.Equal(200, (await Service.PostAsync(Good, contentType: Structured)).Status);
        Assert.Equal(201, (await Service.PostAsync(With("source", "\"/scanner/us\""), contentType: Structured)).Status);
        Assert.Equal(201, (await Service.PostAsync(With("id", "\"A-2\""), contentType: Structured)).Status);
        (await Service.PostAsync(With("severity", "\"info\""), contentType: Structured)).IsProblem(409, "id-taken");
        Assert.Equal(3, (await Service.StoredAsync()).Count);
    }

    [Fact]
    public async Task Ids_that_would_only_look_alike_after_joining_are_refused()
    {
        var answer = await Service.PostAsync("""{"specversion":"1.0","id":"b\u0000c","source":"a\u0000","type":"cert.downloaded","subject":"certificate/c1","actortype":"user","actorid":"u","data":{"format":"pem"}}""", contentType: Structured);
        answer.IsProblem(400, "invalid-event", "id", "source");
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task The_least_a_CloudEvent_needs_is_enough()
    {
        const string Least = """{"specversion":"1.0","id":"1","source":"s","type":"cert.downloaded","subject":"certificate/c1","actortype":"system","actorid":"x","data":{"format":"pem"}}""";
        Assert.Equal(201, (await Service.PostAsync(Least, contentType: Structured)).Status);
        Assert.Equal("2026-03-01T12:00:00Z", Assert.Single((await Service.TimelineAsync("c1")).Events).GetProperty("occurred_at").GetString());
    }

    [Theory]
    [InlineData("datacontenttype")]
    [InlineData("data_base64")]
    [InlineData("correlationid")]
    [InlineData("time")]
    [InlineData("severity")]
    [InlineData("actorname")]
    [InlineData("someextension")]
    public async Task An_attribute_that_is_null_is_one_that_is_left_out(string attribute) =>
        Assert.Equal(201, (await Service.PostAsync(With(attribute, "null"), contentType: Structured)).Status);

    [Theory]
    [InlineData("specversion", "\"0.3\"", "specversion")]
    [InlineData("specversion", "1.0", "specversion")]
    [InlineData("specversion", "null", "specversion")]
    [InlineData("id", "\"\"", "id")]
    [InlineData("id", "null", "id")]
    [InlineData("id", "7", "id")]
    [InlineData("source", "\"\"", "source")]
    [InlineData("type", "\"cert.isued\"", "type")]
    [InlineData("type", "null", "type")]
    [InlineData("type", "[]", "type")]
    [InlineData("time", "\"2026-02-28T10:00:00\"", "time")]
    [InlineData("time", "\"2026-03-03T10:00:00Z\"", "time")]
    [InlineData("time", "12", "time")]
    [InlineData("subject", "\"c1\"", "subject")]
    [InlineData("subject", "\"Certificate/c1\"", "subject")]
    [InlineData("subject", "\"certificate/a/b\"", "subject")]
    [InlineData("subject", "\"device/d1\"", "subject")]
    [InlineData("subject", "{}", "subject")]
    [InlineData("subject", "null", "subject")]
    [InlineData("actortype", "\"person\"", "actortype")]
    [InlineData("actorid", "\"\"", "actorid")]
    [InlineData("actorid", "null", "actorid")]
    [InlineData("actorname", "\"a\\u0007b\"", "actorname")]
    [InlineData("correlationid", "\"\"", "correlationid")]
    [InlineData("severity", "\"loud\"", "severity")]
    [InlineData("status", "true", "status")]
    [InlineData("data", "[]", "data")]
    [InlineData("data", "{\"ip\":\"192.0.2.7\"}", "data.format")]
    [InlineData("data", "{\"format\":\"pem\",\"format\":\"pem\"}", "data.format")]
    [InlineData("data_base64", "\"AAAA\"", "data_base64")]
    [InlineData("datacontenttype", "\"text/xml\"", "datacontenttype")]
    [InlineData("occurred_at", "\"2026-02-28T10:00:00Z\"", "occurred_at")]
    [InlineData("partitionkey", "\"p\"", "partitionkey")]
    public async Task A_fault_is_named_by_the_attribute_the_sender_knows(string attribute, string value, string field)
    {
        var answer = await Service.PostAsync(With(attribute, value), contentType: Structured);
        answer.IsProblem(400, "invalid-event", [.. Problems.Fields(answer.Json).Distinct().Select(f => f == field ? f : $"not {f}")]);
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task What_is_missing_is_asked_for_in_the_senders_words()
    {
        var answer = (await Service.PostAsync("""{"specversion":"1.0","id":"1","source":"s","type":"cert.downloaded","data":{"format":"pem"}}""", contentType: Structured))
            .IsProblem(400, "invalid-event", "subject", "actortype");
        Assert.Contains("KIND/ID", Problems.Mend(answer.Json, "subject"), StringComparison.Ordinal);
        Assert.Contains("actorid", Problems.Mend(answer.Json, "actortype"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_attribute_that_comes_twice_is_refused()
    {
        var twice = Good.Replace("\"severity\":\"warn\"", "\"severity\":\"warn\",\"severity\":\"warn\"", StringComparison.Ordinal);
        (await Service.PostAsync(twice, contentType: Structured)).IsProblem(400, "invalid-event", "severity");
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task A_batch_is_answered_per_item()
    {
        var answer = await Service.PostAsync($"[{Good},{With("subject", "\"certificate/c2\"")},{With("time", "\"now\"")},7]", contentType: Batch);
        answer.IsList(207, 201, 201, 400, 400);
        Problems.Is(answer.Item(2).GetProperty("problem"), 400, "invalid-event", "time");
        Problems.Is(answer.Item(3).GetProperty("problem"), 400, "invalid-event", "");
    }

    [Fact]
    public async Task Each_content_type_wants_its_own_shape()
    {
        (await Service.PostAsync($"[{Good}]", contentType: Structured)).IsProblem(400, "malformed-body");
        (await Service.PostAsync(Good, contentType: Batch)).IsProblem(400, "malformed-body");
        (await Service.PostAsync("17", contentType: Structured)).IsProblem(400, "malformed-body");
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task The_subject_of_the_path_goes_for_CloudEvents_too()
    {
        Assert.Equal(201, (await Service.PostAsync(With("subject", "null"), "/certificates/c9/events", Structured)).Status);
        (await Service.PostAsync(Good, "/certificates/c9/events", Structured)).IsProblem(400, "invalid-event", "subject");
        Assert.Single((await Service.TimelineAsync("c9")).Events);
    }

    [Fact]
    public async Task Text_that_is_no_text_is_refused_wherever_it_stands()
    {
        foreach (var place in new[] { "\"Ada\"", "\"A-1\"", "\"/scanner/eu\"", "\"certificate/c1\"", "\"pem\"", "\"correlationid\"", "\"format\"" })
        {
            var bytes = Encoding.UTF8.GetBytes(Good);
            var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(place));
            bytes[at + 1] = 0xFF;
            Assert.Equal(400, (await Service.PostAsync(bytes, contentType: Structured)).Status);
        }

        await Service.NothingIsStoredAsync();
    }

    /// <summary>The good event with one attribute otherwise, or added.</summary>
    static string With(string attribute, string value)
    {
        using var good = System.Text.Json.JsonDocument.Parse(Good);
        var members = good.RootElement.EnumerateObject().Where(m => m.Name != attribute).Select(m => $"\"{m.Name}\":{m.Value.GetRawText()}").Append($"\"{attribute}\":{value}");
        return "{" + string.Join(',', members) + "}";
    }
}
