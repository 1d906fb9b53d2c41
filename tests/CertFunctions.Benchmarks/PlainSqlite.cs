using CertFunctions.Core.Events;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Benchmarks;

/// <summary>A row's values, ready to be bound.</summary>
readonly record struct PlainRow(long Subject, long Seq, string Id, string Type, long OccurredAt, byte[] Leaf, byte[] Salt, byte[] Personal)
{
    public static PlainRow Of(StampedEvent e) => new(
        long.Parse(e.Address.Subject.Id.AsSpan("cert-".Length), System.Globalization.CultureInfo.InvariantCulture), 1, e.Id.Value, e.Submitted.Type.Name, e.OccurredAt.UtcTicks, e.Leaf(1), e.Salt.ToArray(), e.Submitted.Personal.ToArray());
}

/// <summary>
/// The limit of ingest: the same columns with the same bytes in one table with one index (the one that keeps ids unique), the same file settings, a
/// prepared statement straight on SQLitePCLRaw, and nothing else: no subjects, no seq to find, no answer to give, no thread to pass through.
/// </summary>
sealed class PlainSqlite : IDisposable
{
    readonly SqliteConnection connection;
    readonly sqlite3_stmt begin, insert, commit;

    /// <param name="path">The database file.</param>
    /// <param name="index">One more unique index than the one on ids, as columns.</param>
    public PlainSqlite(string path, string? index = null)
    {
        connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using (var setup = connection.CreateCommand())
        {
            setup.CommandText = """
                PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768;
                CREATE TABLE events (position INTEGER PRIMARY KEY, subject INTEGER NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
                  occurred_at INTEGER NOT NULL, leaf BLOB NOT NULL, salt BLOB, personal BLOB) STRICT;
                CREATE UNIQUE INDEX events_id ON events (subject, id);
                """;
            if (index is not null)
                setup.CommandText += $"CREATE UNIQUE INDEX events_more ON events ({index});";
            setup.ExecuteNonQuery();
        }

        begin = Prepare("BEGIN IMMEDIATE");
        insert = Prepare("INSERT INTO events (subject, seq, id, type, occurred_at, leaf, salt, personal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        commit = Prepare("COMMIT");
    }

    public void Commit(PlainRow[] rows)
    {
        Run(begin);
        foreach (var row in rows)
        {
            raw.sqlite3_bind_int64(insert, 1, row.Subject);
            raw.sqlite3_bind_int64(insert, 2, row.Seq);
            raw.sqlite3_bind_text(insert, 3, row.Id);
            raw.sqlite3_bind_text(insert, 4, row.Type);
            raw.sqlite3_bind_int64(insert, 5, row.OccurredAt);
            raw.sqlite3_bind_blob(insert, 6, row.Leaf);
            raw.sqlite3_bind_blob(insert, 7, row.Salt);
            raw.sqlite3_bind_blob(insert, 8, row.Personal);
            Run(insert);
        }

        Run(commit);
    }

    public void Dispose()
    {
        begin.Dispose();
        insert.Dispose();
        commit.Dispose();
        connection.Dispose();
    }

    sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(connection.Handle!, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement));
        return statement;
    }

    void Run(sqlite3_stmt statement)
    {
        var rc = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        Check(rc is raw.SQLITE_DONE ? raw.SQLITE_OK : rc);
    }

    void Check(int rc)
    {
        if (rc != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errmsg(connection.Handle!).utf8_to_string(), rc);
    }
}
