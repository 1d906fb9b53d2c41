using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace CertFunctions.Http.Tests.Support;

/// <summary>An answer of the service, read whole.</summary>
sealed record Answer(int Status, string? MediaType, byte[] Body, HttpResponseHeaders Headers)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
    }

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using (response)
            return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsByteArrayAsync(), response.Headers);
    }

    /// <summary>An RFC 9457 problem of that status and kind, whose errors name just these fields.</summary>
    public Answer IsProblem(int status, string kind, params string[] fields)
    {
        Assert.True(status == Status, $"expected {status}, got {Status}: {Text}");
        Assert.Equal("application/problem+json", MediaType);
        Assert.False(string.IsNullOrEmpty(Json.GetProperty("trace_id").GetString()));
        Problems.Is(Json, status, kind, fields);
        return this;
    }

    /// <summary>A list's answer: these statuses, one per item and in order.</summary>
    public Answer IsList(int status, params int[] items)
    {
        Assert.True(status == Status, $"expected {status}, got {Status}: {Text}");
        Assert.Equal("application/json", MediaType);
        var results = Json.GetProperty("results").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()).ToArray();
        Assert.Equal(items, results);
        Assert.Equal(items.Count(i => i < 300), Json.GetProperty("stored").GetInt32());
        Assert.Equal(items.Count(i => i >= 300), Json.GetProperty("refused").GetInt32());
        return this;
    }

    public JsonElement Item(int index) => Json.GetProperty("results")[index];

    /// <summary>The events of a timeline page.</summary>
    public IReadOnlyList<JsonElement> Events
    {
        get
        {
            Assert.True(Status == 200, Text);
            return [.. Json.GetProperty("events").EnumerateArray()];
        }
    }

    public IReadOnlyList<long> Seqs => [.. Events.Select(e => e.GetProperty("seq").GetInt64())];

    public string? NextCursor => Json.GetProperty("next_cursor").GetString();
}

static class Problems
{
    public static void Is(JsonElement problem, int status, string kind, params string[] fields)
    {
        Assert.Equal($"urn:certfunctions:problem:{kind}", problem.GetProperty("type").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.False(string.IsNullOrWhiteSpace(problem.GetProperty("title").GetString()));
        Assert.False(string.IsNullOrWhiteSpace(problem.GetProperty("detail").GetString()));
        Assert.Equal(fields.Order(), Fields(problem).Order());
    }

    public static IReadOnlyList<string> Fields(JsonElement problem) => problem.TryGetProperty("errors", out var errors)
        ? [.. errors.EnumerateArray().Select(e => e.GetProperty("field").GetString()!)]
        : [];

    /// <summary>What the problem says is to be done about one field.</summary>
    public static string Mend(JsonElement problem, string field) =>
        problem.GetProperty("errors").EnumerateArray().First(e => e.GetProperty("field").GetString() == field).GetProperty("mend").GetString()!;
}
