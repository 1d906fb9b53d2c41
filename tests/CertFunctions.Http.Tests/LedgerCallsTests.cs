using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R31: the ledger as the API gives it can be verified by whoever reads it.</summary>
public sealed class LedgerCallsTests : HttpTest
{
    [Fact]
    public async Task An_empty_ledger_has_a_head_of_size_0_and_no_lines()
    {
        Assert.Equal($$"""{"ledger":"acme","size":0,"hash":"{{LedgerHash.Genesis(Make.Org)}}"}""", (await Service.GetAsync("/ledger/head")).Text);
        var entries = await Service.GetAsync("/ledger/entries");
        Assert.Equal((200, "application/x-ndjson", ""), (entries.Status, entries.MediaType, entries.Text));
    }

    [Fact]
    public async Task What_is_recorded_is_in_the_ledger_only_once_it_is_chained()
    {
        await FillAsync(2);
        Assert.Equal(0, (await Service.GetAsync("/ledger/head")).Json.GetProperty("size").GetInt32());
        await Service.SettleAsync();
        Assert.Equal(2, (await Service.GetAsync("/ledger/head")).Json.GetProperty("size").GetInt32());
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task The_lines_of_all_pages_together_verify_up_to_the_head(int limit)
    {
        await FillAsync(23);
        await Service.SettleAsync();
        var head = (await Service.GetAsync("/ledger/head")).Json;
        var claimed = new LedgerHead(Make.Org, head.GetProperty("size").GetInt64(), Digest.TryParse(head.GetProperty("hash").GetString(), out var hash) ? hash : default);
        using var verify = new VerifyLines(Make.Keys);
        for (var page = await PageAsync(); page.Length > 0; page = await PageAsync())
            Assert.True(verify.Push(page));
        var report = verify.Complete(claimed);
        Assert.Equal((Verdict.Valid, 23, true), (report.Verdict, report.Entries, report.MacsChecked));

        async Task<byte[]> PageAsync() => (await Service.GetAsync($"/ledger/entries?start={verify.NextIndex}&limit={limit}")).Body;
    }

    [Fact]
    public async Task A_page_with_one_digit_altered_does_not_verify()
    {
        await FillAsync(5);
        await Service.SettleAsync();
        var lines = (await Service.GetAsync("/ledger/entries")).Text;
        Assert.Equal(Verdict.Valid, Verify(lines).Verdict);
        var at = lines.IndexOf("\"seq\":3", StringComparison.Ordinal) + 6;
        var report = Verify(lines[..at] + '4' + lines[(at + 1)..]);
        Assert.Equal((Verdict.Tampered, 2L), (report.Verdict, report.FirstIndex));
    }

    [Fact]
    public async Task A_line_holds_the_leaf_to_the_byte()
    {
        await FillAsync(1);
        await Service.SettleAsync();
        var leaf = Encoding.UTF8.GetString(Assert.Single(await Service.StoredAsync()).Leaf.Span);
        Assert.Contains($",\"event\":{leaf},\"personal\":", (await Service.GetAsync("/ledger/entries")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_and_limit_choose_the_lines()
    {
        await FillAsync(5);
        await Service.SettleAsync();
        Assert.Equal([2, 3], Indexes(await Service.GetAsync("/ledger/entries?start=2&limit=2")));
        Assert.Equal([4], Indexes(await Service.GetAsync("/ledger/entries?start=4")));
        Assert.Empty(Indexes(await Service.GetAsync("/ledger/entries?start=5")));
        Assert.Empty(Indexes(await Service.GetAsync($"/ledger/entries?start={long.MaxValue}")));
    }

    [Theory]
    [InlineData("start=-1", "start")]
    [InlineData("start=first", "start")]
    [InlineData("start=9223372036854775808", "start")]
    [InlineData("start=1&start=2", "start")]
    [InlineData("start=", "start")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=1e3", "limit")]
    [InlineData("from=1", "from")]
    public async Task A_parameter_that_is_not_right_is_named(string query, string parameter) =>
        (await Service.GetAsync($"/ledger/entries?{query}")).IsProblem(400, "invalid-parameter", parameter);

    async Task FillAsync(int events) =>
        Assert.Equal(201, (await Service.PostAsync(string.Join('\n', Enumerable.Range(1, events).Select(i => Make.Json("c1", id: $"e{i}"))), contentType: "application/x-ndjson")).Status);

    static VerifyReport Verify(string lines)
    {
        using var verify = new VerifyLines(Make.Keys);
        verify.Push(Encoding.UTF8.GetBytes(lines));
        return verify.Complete(null);
    }

    static IEnumerable<int> Indexes(Answer answer) =>
        answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt32());
}
