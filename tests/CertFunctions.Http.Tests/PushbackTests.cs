using System.Globalization;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Tests.Support;
using CertFunctions.Sqlite;
using CertFunctions.Testing;

namespace CertFunctions.Http.Tests;

/// <summary>R50: a store whose queue holds no more than two events.</summary>
public sealed class BusyStoreTests : HttpTest
{
    protected override SqliteOptions Configure(SqliteOptions options) => options with { QueueEvents = 2 };

    [Fact]
    public async Task More_than_the_store_can_take_now_is_503_with_the_time_to_come_again()
    {
        var three = $"[{Make.Json("c1", id: "a")},{Make.Json("c1", id: "b")},{Make.Json("c1", id: "c")}]";
        var answer = (await Service.PostAsync(three)).IsProblem(503, "busy");
        Assert.Equal("1", answer.Headers.RetryAfter?.ToString());
        await Service.NothingIsStoredAsync();
        (await Service.PostAsync($"[{Make.Json("c1", id: "a")},{Make.Json("c1", id: "b")}]")).IsList(201, 201, 201);
    }

    [Fact]
    public async Task A_list_that_is_partly_wrong_is_to_come_again_too()
    {
        var answer = await Service.PostAsync($"[{Make.Json("c1", id: "a")},{Make.Json("c1", id: "b")},{Make.Json("c1", id: "c")},17]");
        answer.IsProblem(503, "busy");
        Assert.Equal("1", answer.Headers.RetryAfter?.ToString());
        await Service.NothingIsStoredAsync();
    }

    [Fact]
    public async Task Under_more_clients_than_it_takes_each_answer_is_the_truth()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(async () => (Id: $"e{i}", Answer: await Service.PostAsync(Make.Json("c1", id: $"e{i}"))))));
        Assert.All(answers, a => Assert.Contains(a.Answer.Status, new[] { 201, 503 }));
        Assert.All(answers.Where(a => a.Answer.Status == 503), a => Assert.Equal("1", a.Answer.Headers.RetryAfter?.ToString()));
        Assert.Equal(answers.Where(a => a.Answer.Status == 201).Select(a => a.Id).Order(), (await Service.StoredAsync()).Select(e => e.Id.Value).Order());
    }
}

/// <summary>R34: a database that may not grow past a few hundred kilobytes, and SQLite itself saying that it is full.</summary>
public sealed class FullStoreTests : HttpTest
{
    protected override SqliteOptions Configure(SqliteOptions options) => options with { MaxBytes = 300_000 };

    [Fact]
    public async Task A_full_store_is_507_and_what_it_acknowledged_stays_readable()
    {
        var acknowledged = new List<string>();
        Answer answer;
        while ((answer = await Service.PostAsync(Event(acknowledged.Count))).Status == 201)
            acknowledged.Add(answer.Json.GetProperty("id").GetString()!);
        answer.IsProblem(507, "storage-full");
        Assert.True(int.Parse(answer.Headers.RetryAfter!.ToString(), CultureInfo.InvariantCulture) > 1);
        Assert.InRange(acknowledged.Count, 10, 300);

        // Full it is for lists too, and for a list of which one item is wrong.
        (await Service.PostAsync($"[{Event(1000)},{Event(1001)}]")).IsProblem(507, "storage-full");
        (await Service.PostAsync($"[{Event(1000)},17]")).IsProblem(507, "storage-full");

        Assert.Equal(acknowledged, (await Service.StoredAsync()).Select(e => e.Id.Value));
        Assert.Equal(acknowledged.AsEnumerable().Reverse(), (await Service.TimelineAsync("c1", "?limit=500")).Events.Select(e => e.GetProperty("id").GetString()));
        // A duplicate needs no room.
        Assert.Equal(200, (await Service.PostAsync(Event(0))).Status);
    }

    [Fact]
    public async Task What_fits_beside_what_does_not_is_taken()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Service.PostAsync(Event(i))));
        var stored = (await Service.StoredAsync()).Count;
        Assert.InRange(stored, 10, 199);
        Assert.Equal(Enumerable.Range(1, stored).Select(i => (long)i), (await Service.StoredAsync()).Select(e => e.Seq));
    }

    [Fact]
    public async Task What_is_chained_when_the_room_runs_out_still_verifies()
    {
        for (var i = 0; i < 20; i++)
            Assert.Equal(201, (await Service.PostAsync(Event(i))).Status);
        await Service.SettleAsync();
        for (var i = 20; (await Service.PostAsync(Event(i))).Status == 201; i++)
        {
        }

        using var verify = new VerifyLines(Make.Keys);
        verify.Push((await Service.GetAsync("/ledger/entries")).Body);
        var report = verify.Complete(null);
        Assert.Equal((Verdict.Valid, 20), (report.Verdict, report.Entries));
    }

    static string Event(int i) => Make.Json("c1", id: $"e{i}", data: $$$"""{"format":"pem","ext":{"filler":"{{{new string('x', 2000)}}}"}}""");
}
