using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>
/// A prepared statement, used from one thread at a time. Straight on SQLitePCLRaw, because the rows' bytes are wanted in place, without a copy
/// and without boxing; connections, settings and errors stay Microsoft.Data.Sqlite's.
/// </summary>
sealed class Statement : IDisposable
{
    readonly sqlite3 connection;
    readonly sqlite3_stmt handle;

    public Statement(SqliteConnection connection, string sql)
    {
        this.connection = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(this.connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out handle));
    }

    public Statement Bind(int place, long value)
    {
        Check(raw.sqlite3_bind_int64(handle, place, value));
        return this;
    }

    public Statement Bind(int place, string value)
    {
        Check(raw.sqlite3_bind_text(handle, place, value));
        return this;
    }

    public Statement Bind(int place, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(handle, place, value));
        return this;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run()
    {
        try
        {
            Step();
        }
        finally
        {
            Reset();
        }
    }

    /// <summary>The next row; false after the last. Reset before binding again.</summary>
    public bool Step()
    {
        var rc = raw.sqlite3_step(handle);
        if (rc == raw.SQLITE_ROW)
            return true;
        if (rc == raw.SQLITE_DONE)
            return false;
        // Reset first: it ends the statement's hold on the transaction, and the message stays.
        var message = raw.sqlite3_errmsg(connection).utf8_to_string();
        var extended = raw.sqlite3_extended_errcode(connection);
        raw.sqlite3_reset(handle);
        throw new SqliteException($"SQLite error {rc}: {message}", rc, extended);
    }

    public void Reset() => raw.sqlite3_reset(handle);

    public long Int64(int column) => raw.sqlite3_column_int64(handle, column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>Text in place; lives until the next step or reset.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => raw.sqlite3_column_blob(handle, column);

    /// <summary>Bytes in place; lives until the next step or reset. Empty for null.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(handle, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public bool TextEquals(int column, string text)
    {
        Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        return Utf8(column).SequenceEqual(utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    public void Dispose() => handle.Dispose();

    void Check(int rc)
    {
        if (rc != raw.SQLITE_OK)
            throw new SqliteException($"SQLite error {rc}: {raw.sqlite3_errmsg(connection).utf8_to_string()}", rc, raw.sqlite3_extended_errcode(connection));
    }
}
