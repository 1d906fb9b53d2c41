using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>
/// A prepared statement, used from one thread at a time. Straight on the library that SQLitePCLRaw brought, because the rows' bytes are wanted in place,
/// without a copy and without boxing; connections, settings and errors stay Microsoft.Data.Sqlite's.
/// </summary>
sealed partial class Statement : IDisposable
{
    readonly sqlite3 connection;
    readonly sqlite3_stmt owner;
    readonly nint handle;

    public Statement(SqliteConnection connection, string sql)
    {
        this.connection = connection.Handle!;
        Check(raw.sqlite3_prepare_v3(this.connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out owner));
        handle = owner.DangerousGetHandle();
    }

    public Statement Bind(int place, long value)
    {
        Check(Native.BindInt64(Alive, place, value));
        return this;
    }

    public Statement Bind(int place, long? value)
    {
        Check(value is { } number ? Native.BindInt64(Alive, place, number) : Native.BindNull(Alive, place));
        return this;
    }

    public Statement Bind(int place, string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        var utf8 = most <= 1024 ? stackalloc byte[1024] : new byte[most];
        Check(Native.BindText(Alive, place, utf8, Encoding.UTF8.GetBytes(value, utf8), Native.Copy));
        return this;
    }

    public Statement Bind(int place, ReadOnlySpan<byte> value)
    {
        // No address would be taken for null; of no bytes there is one too.
        Check(Native.BindBlob(Alive, place, value.IsEmpty ? [0] : value, value.Length, Native.Copy));
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
        var rc = Native.Step(Alive);
        if (rc == raw.SQLITE_ROW)
            return true;
        if (rc == raw.SQLITE_DONE)
            return false;
        // Reset first: it ends the statement's hold on the transaction, and the message stays.
        var message = raw.sqlite3_errmsg(connection).utf8_to_string();
        var extended = raw.sqlite3_extended_errcode(connection);
        Reset();
        throw new SqliteException($"SQLite error {rc}: {message}", rc, extended);
    }

    public void Reset() => _ = Native.Reset(Alive);

    public long Int64(int column) => Native.Int64(Alive, column);

    public string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    /// <summary>Text in place; lives until the next step or reset.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => Blob(column);

    /// <summary>Bytes in place; lives until the next step or reset. Empty for null.</summary>
    public unsafe ReadOnlySpan<byte> Blob(int column)
    {
        var bytes = Native.Blob(Alive, column);
        return new ReadOnlySpan<byte>(bytes, Native.Bytes(handle, column));
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(owner, column) == raw.SQLITE_NULL;

    public bool TextEquals(int column, string text)
    {
        Span<byte> utf8 = stackalloc byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        return Utf8(column).SequenceEqual(utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    public void Dispose() => owner.Dispose();

    /// <summary>The handle, as long as there is a statement behind it.</summary>
    nint Alive
    {
        get
        {
            ObjectDisposedException.ThrowIf(owner.IsClosed, this);
            return handle;
        }
    }

    void Check(int rc)
    {
        if (rc != raw.SQLITE_OK)
            throw new SqliteException($"SQLite error {rc}: {raw.sqlite3_errmsg(connection).utf8_to_string()}", rc, raw.sqlite3_extended_errcode(connection));
    }

    /// <summary>
    /// The calls made for every value of every row, without SQLitePCLRaw's safe handle: counting references costs more than most of them do. Those that
    /// only read what a step computed take nanoseconds and are spared the runtime's bookkeeping for a foreign call as well.
    /// </summary>
    static partial class Native
    {
        const string Library = "e_sqlite3";

        /// <summary>SQLITE_TRANSIENT: SQLite copies what it is given before the call returns.</summary>
        public const nint Copy = -1;

        [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
        public static partial int BindInt64(nint statement, int place, long value);

        [LibraryImport(Library, EntryPoint = "sqlite3_bind_null")]
        public static partial int BindNull(nint statement, int place);

        [LibraryImport(Library, EntryPoint = "sqlite3_bind_text")]
        public static partial int BindText(nint statement, int place, ReadOnlySpan<byte> utf8, int bytes, nint ownership);

        [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
        public static partial int BindBlob(nint statement, int place, ReadOnlySpan<byte> value, int bytes, nint ownership);

        [LibraryImport(Library, EntryPoint = "sqlite3_step")]
        public static partial int Step(nint statement);

        [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
        public static partial int Reset(nint statement);

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
