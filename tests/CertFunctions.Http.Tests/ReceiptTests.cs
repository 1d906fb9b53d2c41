using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Receipts;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R34: on request the acknowledgement is a promise, signed, that the stored leaf will be in the ledger in time.</summary>
public sealed class ReceiptTests : HttpTest
{
    static readonly VerifierKey Key = HttpService.LogKey.Named(HttpService.LogName.Origin(Make.Org)).Verifier;

    [Fact]
    public async Task A_receipt_names_the_event_the_hash_of_the_stored_leaf_and_the_time_it_is_due()
    {
        var answer = await Service.PostAsync(Make.Json("shop example", id: "e1"), "/events?receipt=true");
        Assert.Equal(201, answer.Status);
        var receipt = Read(answer.Json.GetProperty("receipt").GetString()!);
        var stored = Assert.Single(await Service.StoredAsync());
        Assert.Equal((stored.Address, stored.Id, 1L, LedgerHash.Leaf(stored.Leaf.Span)), (receipt.Address, receipt.Id, receipt.Seq, receipt.LeafHash));
        Assert.Equal((Make.Now, Make.Now.AddMinutes(5)), (receipt.RecordedAt, receipt.DueAt));

        await Service.SettleAsync();
        Assert.Equal(receipt.LeafHash, Assert.Single(await Service.Store.Ledger.ReadAsync(Make.Org, 0, 10, default)).LeafHash);
    }

    [Fact]
    public async Task The_same_event_again_gets_the_same_promise_to_the_byte()
    {
        var first = (await Service.PostAsync(Make.Json("c1", id: "e1"), "/events?receipt=true")).Json.GetProperty("receipt").GetString()!;
        await Service.SettleAsync();
        Service.Clock.Advance(TimeSpan.FromHours(3));
        var again = (await Service.PostAsync(Make.Json("c1", id: "e1"), "/events?receipt=true")).Json;
        Assert.Equal("duplicate", again.GetProperty("result").GetString());
        Assert.Equal(Read(first), Read(again.GetProperty("receipt").GetString()!));
        Assert.Equal(first.Split("\n\n")[0], again.GetProperty("receipt").GetString()!.Split("\n\n")[0]);
    }

    [Fact]
    public async Task In_a_list_what_is_stored_has_a_receipt_and_what_is_not_has_none()
    {
        await Service.PostAsync(Make.Json("c1", id: "old"));
        var answer = await Service.PostAsync($"[{Make.Json("c1", id: "new")},{Make.Json("c1", id: "bad", data: "{}")},{Make.Json("c1", id: "old")},{Make.Json("c1", id: "old", data: """{"format":"der"}""")}]", "/events?receipt=true");
        answer.IsList(207, 201, 400, 200, 409);
        Assert.Equal(["new", "old"], new[] { 0, 2 }.Select(i => Read(answer.Item(i).GetProperty("receipt").GetString()!).Id.Value));
        Assert.False(answer.Item(1).TryGetProperty("receipt", out _));
        Assert.False(answer.Item(3).TryGetProperty("receipt", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?receipt=false")]
    public async Task Who_asks_for_none_gets_none(string query) =>
        Assert.Equal("""{"status":201,"result":"recorded","id":"e1","seq":1}""", (await Service.PostAsync(Make.Json("c1", id: "e1"), "/events" + query)).Text);

    [Theory]
    [InlineData("?receipt=yes")]
    [InlineData("?receipt=")]
    [InlineData("?receipt=true&receipt=true")]
    public async Task What_is_neither_true_nor_false_is_a_problem_and_nothing_is_stored(string query)
    {
        (await Service.PostAsync(Make.Json("c1"), "/events" + query)).IsProblem(400, "invalid-parameter", "receipt");
        await Service.NothingIsStoredAsync();
    }

    static Receipt Read(string note)
    {
        Assert.True(SignedNote.TryParse(Encoding.UTF8.GetBytes(note), out var signed, out var why), why);
        Assert.False(signed.Check(Key).IsRefused);
        return Receipt.TryRead(Encoding.UTF8.GetString(signed.Text.Span)) ?? throw new InvalidDataException(note);
    }
}
