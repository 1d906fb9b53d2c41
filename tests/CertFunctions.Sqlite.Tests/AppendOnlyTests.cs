using CertFunctions.Core.Ingest;
using CertFunctions.Testing;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Tests;

/// <summary>R30: history is refused every change, whoever opens the file; and a queue that is full refuses at once.</summary>
public sealed class AppendOnlyTests
{
    [Theory]
    [InlineData("DELETE FROM events")]
    [InlineData("UPDATE events SET leaf = x'00'")]
    [InlineData("UPDATE events SET seq = 5")]
    [InlineData("UPDATE events SET occurred_at = 0")]
    [InlineData("DELETE FROM subjects")]
    [InlineData("DELETE FROM ledger_entries")]
    [InlineData("UPDATE ledger_entries SET hash = x'00'")]
    [InlineData("UPDATE ledger_segments SET opening_hash = x'00'")]
    [InlineData("DELETE FROM ledgers")]
    public async Task The_file_refuses_to_change_its_history(string sql)
    {
        using var folder = new TempFolder();
        var path = folder.File("a.db");
        await using (var store = SqliteStore.Open(new SqliteOptions { Path = path }))
        {
            var outcome = Assert.IsType<AppendOutcome.Appended>((await store.Events.AppendAsync([Make.Stamped()], default))[0]);
            await new Core.Ledger.ExtendLedger(store.Ledger, Make.Keys).HandleAsync([outcome.Event], default);
        }

        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        var refused = Assert.Throws<SqliteException>(() => TamperedLedger.Run(connection, sql));

        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_6_more_than_the_queue_holds_is_busy_at_once_and_writes_nothing()
    {
        using var folder = new TempFolder();
        await using var store = SqliteStore.Open(new SqliteOptions { Path = folder.File("a.db"), QueueEvents = 10 });

        var outcomes = await store.Events.AppendAsync([.. Enumerable.Range(0, 11).Select(i => Make.Stamped("c1", $"e{i}"))], default);

        Assert.Equal(11, outcomes.Count);
        Assert.All(outcomes, o => Assert.True(Assert.IsType<AppendOutcome.Busy>(o).RetryAfter > TimeSpan.Zero));
        Assert.Equal(1, Assert.IsType<AppendOutcome.Appended>((await store.Events.AppendAsync([Make.Stamped("c1", "e0")], default))[0]).Event.Seq);
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_left_alone_with_a_message()
    {
        using var folder = new TempFolder();
        var path = folder.File("a.db");
        await SqliteStore.Open(new SqliteOptions { Path = path }).DisposeAsync();
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            TamperedLedger.Run(connection, "PRAGMA user_version = 3");
        }

        var refused = Assert.Throws<SqliteStoreException>(() => SqliteStore.Open(new SqliteOptions { Path = path }));

        Assert.Contains("newer CertFunctions", refused.Message, StringComparison.Ordinal);
    }
}
