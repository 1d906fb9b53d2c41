using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>
/// A prepared statement, used from one thread at a time. Straight on SQLitePCLRaw, because the rows' bytes are wanted in place, without a copy
/// and without boxing; connections, settings and errors stay Microsoft.Data.Sqlite's.
/// </summary>
sealed partial class Statement : IDisposable
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

    public long Int64(int column) => Columns.Int64(handle.DangerousGetHandle(), column);

    public string Text(int column) => raw.sqlite3_column_text(handle, column).utf8_to_string();

    /// <summary>Text in place; lives until the next step or reset.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => Blob(column);

    /// <summary>Bytes in place; lives until the next step or reset. Empty for null.</summary>
    public unsafe ReadOnlySpan<byte> Blob(int column)
    {
        var statement = handle.DangerousGetHandle();
        var bytes = Columns.Blob(statement, column);
        return new ReadOnlySpan<byte>(bytes, Columns.Bytes(statement, column));
    }

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

    /// <summary>
    /// The calls made for every column of every row, straight into the library that SQLitePCLRaw brought: they read what the step has computed, in
    /// nanoseconds, and the handle's reference count and the runtime's bookkeeping for a foreign call cost more than that. A disposed statement does not
    /// get here: the step before throws.
    /// </summary>
    static partial class Columns
    {
        const string Library = "e_sqlite3";

        [SuppressGCTransition]
        [LibraryImport(Library, EntryPoint = "sqlite3_column_int64")]
        public static partial long Int64(nint statement, int column);

        [SuppressGCTransition]
        [LibraryImport(Library, EntryPoint = "sqlite3_column_blob")]
        public static unsafe partial void* Blob(nint statement, int column);

        [SuppressGCTransition]
        [LibraryImport(Library, EntryPoint = "sqlite3_column_bytes")]
        public static partial int Bytes(nint statement, int column);
    }
}
