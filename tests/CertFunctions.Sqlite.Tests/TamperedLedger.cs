using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using CertFunctions.Sqlite.Verification;
using CertFunctions.Testing;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Tests;

/// <summary>A chained ledger in a file, made once; each test alters a copy of it with plain SQL, as someone with the file could.</summary>
public sealed class TamperedLedger : IDisposable
{
    public const int Entries = 40;

    readonly TempFolder folder = new();
    readonly string original;
    int copies;

    public TamperedLedger()
    {
        original = folder.File("original.db");
        FillAsync(original).GetAwaiter().GetResult();
    }

    static async Task FillAsync(string path)
    {
        await using var store = SqliteStore.Open(new SqliteOptions { Path = path });
        for (var i = 0; i < Entries; i++)
            await store.Events.AppendAsync([Make.Stamped($"c{i % 7}", $"e{i}")], default);
        var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, Make.Keys));
        while (await pump.StepAsync(default) > 0)
        {
        }
    }

    /// <summary>The verdict on a copy altered by <paramref name="alter"/>, from which every guard was removed first.</summary>
    public VerifyReport VerifyAfter(Action<SqliteConnection> alter, LedgerKeys? keys = null)
    {
        var path = folder.File($"copy-{Interlocked.Increment(ref copies)}.db");
        File.Copy(original, path);
        using (var connection = Open(path))
        {
            Run(connection, "PRAGMA foreign_keys = OFF");
            foreach (var trigger in Names(connection))
                Run(connection, $"DROP TRIGGER {trigger}");
            alter(connection);
        }

        var report = Assert.Single(new VerifyDatabase(path, keys ?? Make.Keys).Run());
        // In stretches side by side the verdict is that of one pass, whatever was altered.
        var side = Assert.Single(new VerifyDatabase(path, keys ?? Make.Keys) { StretchEntries = 8, Threads = 3 }.Run());
        Assert.Equal((report.Verdict, report.FirstIndex, report.Entries, report.HeadHash), (side.Verdict, side.FirstIndex, side.Entries, side.HeadHash));
        SqliteConnection.ClearAllPools();
        File.Delete(path);
        return report;
    }

    public VerifyReport VerifyAfter(string sql) => VerifyAfter(connection => Assert.NotEqual(0, Run(connection, sql)));

    public static int Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    static List<string> Names(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
        using var reader = command.ExecuteReader();
        var names = new List<string>();
        while (reader.Read())
            names.Add(reader.GetString(0));
        return names;
    }

    static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    public void Dispose() => folder.Dispose();
}
