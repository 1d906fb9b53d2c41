using System.Text;
using CertFunctions.Core.Ingest;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

public sealed class PostManyEventsTests : HttpTest
{
    const string Lines = "application/x-ndjson";

    [Fact]
    public async Task An_array_of_new_events_is_201_with_an_answer_each_in_order()
    {
        var answer = await Service.PostAsync(Array("c1/a", "c2/b", "c1/c"));
        answer.IsList(201, 201, 201, 201);
        Assert.Equal(["a", "b", "c"], Ids(answer));
        Assert.Equal([1, 1, 2], Enumerable.Range(0, 3).Select(i => answer.Item(i).GetProperty("seq").GetInt32()));
    }

    [Fact]
    public async Task An_array_sent_again_is_200()
    {
        await Service.PostAsync(Array("c1/a", "c1/b"));
        (await Service.PostAsync(Array("c1/a", "c1/b"))).IsList(200, 200, 200);
        (await Service.PostAsync(Array("c1/b", "c1/c", "c1/a"))).IsList(200, 200, 201, 200);
        Assert.Equal(3, (await Service.StoredAsync()).Count);
    }

    [Fact]
    public async Task An_array_of_one_is_a_list_still() => (await Service.PostAsync(Array("c1/a"))).IsList(201, 201);

    [Fact]
    public async Task A_bad_item_does_not_sink_the_others_and_says_what_is_wrong_in_its_place()
    {
        var bad = Make.Json("c1", id: "b", data: """{"ip":"192.0.2.1"}""");
        var answer = await Service.PostAsync($"[{Make.Json("c1", id: "a")},{bad},17,{Make.Json("c1", id: "c")}]");
        answer.IsList(207, 201, 400, 400, 201);
        Problems.Is(answer.Item(1).GetProperty("problem"), 400, "invalid-event", "data.format");
        Problems.Is(answer.Item(2).GetProperty("problem"), 400, "invalid-event", "");
        Assert.Equal(2, answer.Item(3).GetProperty("seq").GetInt32());
        Assert.Equal(["a", "c"], (await Service.StoredAsync()).Select(e => e.Id.Value));
    }

    [Fact]
    public async Task Duplicates_and_conflicts_inside_one_request_are_told_apart()
    {
        var other = Make.Json("c1", id: "a", data: """{"format":"der"}""");
        var answer = await Service.PostAsync($"[{Make.Json("c1", id: "a")},{Make.Json("c1", id: "a")},{other},{Make.Json("c1", id: "b")}]");
        answer.IsList(207, 201, 200, 409, 201);
        Problems.Is(answer.Item(2).GetProperty("problem"), 409, "id-taken");
        Assert.Equal(2, (await Service.StoredAsync()).Count);
    }

    [Fact]
    public async Task When_every_item_is_refused_the_answer_is_400_with_a_problem_each()
    {
        var answer = await Service.PostAsync("[{},17,null]");
        answer.IsList(400, 400, 400, 400);
        Problems.Is(answer.Item(0).GetProperty("problem"), 400, "invalid-event", "type", "actor", "subject");
        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/ndjson")]
    [InlineData("application/jsonl; charset=utf-8")]
    public async Task NDJSON_is_read_line_by_line(string contentType)
    {
        var answer = await Service.PostAsync($"{Make.Json("c1", id: "a")}\n{Make.Json("c1", id: "b")}\n", contentType: contentType);
        answer.IsList(201, 201, 201);
        Assert.Equal(["a", "b"], Ids(answer));
    }

    [Fact]
    public async Task NDJSON_passes_over_empty_lines_carriage_returns_a_byte_order_mark_and_a_missing_last_line_feed()
    {
        var body = $"\uFEFF\n\r\n  \t\n{Make.Json("c1", id: "a")}\r\n\n{Make.Json("c1", id: "b")}";
        (await Service.PostAsync(body, contentType: Lines)).IsList(201, 201, 201);
    }

    [Fact]
    public async Task A_bad_line_does_not_sink_the_others()
    {
        byte[] body =
        [
            .. Encoding.UTF8.GetBytes(Make.Json("c1", id: "a")), .. "\n{\"type\":\n"u8, 0xC3, 0x28, .. "\n[]\n"u8, .. Encoding.UTF8.GetBytes(Make.Json("c1", id: "b") + "\n"),
            .. Encoding.UTF8.GetBytes(Make.Json("c1", id: "c")[..^9]),
        ];
        var answer = await Service.PostAsync(body, contentType: Lines);
        answer.IsList(207, 201, 400, 400, 400, 201, 400);
        Problems.Is(answer.Item(1).GetProperty("problem"), 400, "invalid-event", "");
        Assert.Contains("Not valid JSON", Problems.Mend(answer.Item(1).GetProperty("problem"), ""), StringComparison.Ordinal);
        Assert.Equal(["a", "b"], (await Service.StoredAsync()).Select(e => e.Id.Value));
    }

    [Fact]
    public async Task The_most_events_one_request_may_hold_are_taken_and_one_more_is_413()
    {
        var events = Enumerable.Range(0, IngestEvents.MaxBatch + 1).Select(i => Make.Json($"c{i % 7}", id: $"e{i}")).ToList();
        (await Service.PostAsync($"[{string.Join(',', events)}]")).IsProblem(413, "too-many-events");
        (await Service.PostAsync(string.Join('\n', events), contentType: Lines)).IsProblem(413, "too-many-events");
        await Service.NothingIsStoredAsync();
        events.RemoveAt(events.Count - 1);
        var answer = await Service.PostAsync(string.Join('\n', events), contentType: Lines);
        answer.IsList(201, [.. Enumerable.Repeat(201, IngestEvents.MaxBatch)]);
        Assert.Equal(IngestEvents.MaxBatch, (await Service.StoredAsync()).Count);
    }

    [Theory]
    [InlineData("application/json", "")]
    [InlineData("application/json", "  \n")]
    [InlineData("application/json", "[]")]
    [InlineData(null, "")]
    [InlineData("application/x-ndjson", "")]
    [InlineData("application/x-ndjson", "\n \r\n")]
    [InlineData("application/cloudevents+json", "")]
    [InlineData("application/cloudevents-batch+json", "[]")]
    public async Task A_body_without_an_event_is_a_malformed_body(string? contentType, string body) =>
        (await Service.PostAsync(body, contentType: contentType)).IsProblem(400, "malformed-body");

    static string Array(params string[] subjectsAndIds) => $"[{string.Join(',', subjectsAndIds.Select(s => Make.Json(s.Split('/')[0], id: s.Split('/')[1])))}]";

    static IEnumerable<string?> Ids(Answer answer) => answer.Json.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("id").GetString());
}
