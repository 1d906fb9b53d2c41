using System.Text;
using CertFunctions.Http.Tests.Support;

namespace CertFunctions.Http.Tests;

/// <summary>R41: who runs the service has a sink sent again what it lost.</summary>
public sealed class ReplayTests : HttpTest
{
    [Fact]
    public async Task A_sink_is_set_back_in_the_callers_ledger_alone()
    {
        await Service.Store.Positions.SaveAsync("sink/siem/acme", "30", default);
        await Service.Store.Positions.SaveAsync("sink/siem/globex", "7", default);

        var answer = await PostAsync("siem", """{"from":12}""");

        Assert.Equal((200, "siem", 12, 18), (answer.Status, answer.Json.GetProperty("sink").GetString(), answer.Json.GetProperty("from").GetInt32(), answer.Json.GetProperty("again").GetInt32()));
        Assert.Equal("12 1", await Service.Store.Positions.GetAsync("sink/siem/acme", default));
        Assert.Equal("7", await Service.Store.Positions.GetAsync("sink/siem/globex", default));
        var told = Assert.Single(await Service.StoredAsync());
        Assert.Equal("system", told.Address.Project.Value);
        Assert.Contains("\"requested_by\":\"acme\"", Encoding.UTF8.GetString(told.Leaf.Span), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"from":31}""", "from", "must be from 0 to 30, where the sink is")]
    [InlineData("""{"from":-1}""", "from", "must be from 0 to 30, where the sink is")]
    [InlineData("""{"from":"0"}""", "from", "must be the index")]
    [InlineData("""{"from":1.5}""", "from", "must be the index")]
    [InlineData("""{}""", "from", "must be the index")]
    [InlineData("""{"from":1,"to":2}""", "to", "is not known here")]
    public async Task What_is_wrong_is_named_and_nothing_moves(string body, string field, string mend)
    {
        await Service.Store.Positions.SaveAsync("sink/siem/acme", "30", default);

        var answer = await PostAsync("siem", body);

        answer.IsProblem(400, "invalid-parameter", field);
        var error = answer.Json.GetProperty("errors")[0];
        Assert.Equal(field, error.GetProperty("field").GetString());
        Assert.Contains(mend, error.GetProperty("mend").GetString(), StringComparison.Ordinal);
        Assert.Equal("30", await Service.Store.Positions.GetAsync("sink/siem/acme", default));
        await Service.NothingIsStoredAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("from=1")]
    [InlineData("[1]")]
    [InlineData("""{"from":1,"from":2}""")]
    public async Task A_body_that_is_no_object_is_malformed(string body) => (await PostAsync("siem", body)).IsProblem(400, "malformed-body");

    [Fact]
    public async Task A_sink_that_is_not_there_or_takes_nothing_twice_says_so()
    {
        (await PostAsync("nobody", """{"from":0}""")).IsProblem(404, "no-such-sink");
        var file = await PostAsync("file", """{"from":0}""");
        file.IsProblem(409, "no-replay");
        Assert.Contains("/ledger/entries", file.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_for_operators()
    {
        Assert.Equal(200, (await PostAsync("siem", """{"from":0}""", HttpService.KeyFor(Access.Access.Operate))).Status);
        (await PostAsync("siem", """{"from":0}""", HttpService.KeyFor(Access.Access.Audit))).IsProblem(403, "forbidden");
    }

    Task<Answer> PostAsync(string sink, string body, string key = HttpService.AcmeKey) =>
        Service.SendAsync(new HttpRequestMessage(HttpMethod.Post, $"/api/v1/siem/sinks/{sink}/replay") { Content = new StringContent(body, Encoding.UTF8, "application/json") }, key);
}
