using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>A data file that cannot be used, with what to do about it. The message is for a person.</summary>
public sealed class SqliteStoreException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Opens connections to one database file, creating its schema where there is none.</summary>
static class SqliteDatabase
{
    public const int SchemaVersion = 2;

    static SqliteDatabase()
    {
        // "Multi-thread": no lock inside SQLite at each call on a connection, because here every connection belongs to one thread at a time. Said
        // before SQLite's first use in the process; if someone used it earlier, it stays with its locks, which is slower and as right.
        Batteries_V2.Init();
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
    }

    /// <summary>The one connection that writes.</summary>
    public static SqliteConnection OpenWriter(SqliteOptions options) => Open(options.Path, SqliteOpenMode.ReadWriteCreate, connection =>
    {
        CheckVersion(connection, options.Path);
        Run(connection, "PRAGMA journal_mode = WAL");
        Run(connection, options.Durability == SqliteDurability.Full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        Run(connection, "PRAGMA wal_autocheckpoint = 4000");
        Run(connection, "PRAGMA cache_size = -32768");
        Run(connection, "PRAGMA busy_timeout = 5000");
        switch (Scalar(connection, "PRAGMA user_version"))
        {
            case 0:
                Create(connection);
                break;
            case 1:
                AddCertificates(connection, options.Policies);
                break;
        }

        if (options.MaxBytes > 0)
            Run(connection, $"PRAGMA max_page_count = {Math.Max(1, options.MaxBytes / Scalar(connection, "PRAGMA page_size"))}");
    });

    /// <summary>A connection to a file of another schema, written by few and flushed at each commit.</summary>
    public static SqliteConnection OpenBeside(string path) => Open(path, SqliteOpenMode.ReadWriteCreate, connection =>
    {
        Run(connection, "PRAGMA journal_mode = WAL");
        Run(connection, "PRAGMA synchronous = FULL");
        Run(connection, "PRAGMA busy_timeout = 5000");
    });

    /// <summary>A connection that cannot write. The schema must be there.</summary>
    public static SqliteConnection OpenReader(string path) => Open(path, SqliteOpenMode.ReadOnly, connection =>
    {
        Run(connection, "PRAGMA busy_timeout = 5000");
        Run(connection, "PRAGMA cache_size = -8192");
        CheckVersion(connection, path);
        if (Scalar(connection, "PRAGMA user_version") == 0)
            throw new SqliteStoreException($"{path} holds no CertFunctions data: name a data folder that 'certfn serve' has written");
    });

    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>A connection made ready; closed again where it cannot be. What SQLite says of the file is told as what to do about it.</summary>
    static SqliteConnection Open(string path, SqliteOpenMode mode, Action<SqliteConnection> prepare)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            // Plans do not depend on what is bound: otherwise a statement whose LIMIT is a parameter is prepared anew for each new limit that is bound, which
            // costs ten times what a look-up does.
            _ = raw.sqlite3_db_config(connection.Handle!, raw.SQLITE_DBCONFIG_ENABLE_QPSG, 1, out _);
            prepare(connection);
            return connection;
        }
        catch (Exception e)
        {
            connection.Dispose();
            if (e is SqliteException refused)
                throw Explain(refused, path);
            throw;
        }
    }

    /// <summary>One transaction: a start that is killed here leaves an empty file, and the next start begins anew.</summary>
    static void Create(SqliteConnection connection) =>
        Run(connection, $"BEGIN IMMEDIATE; {Schema("schema.sql")} {Schema("certificates.sql")} PRAGMA user_version = {SchemaVersion}; COMMIT");

    /// <summary>
    /// Version 1 kept no certificates: they are made from the events. One transaction: a start that is killed here leaves the file as it was, and the next begins
    /// anew. It writes about a kilobyte per certificate and holds one in memory.
    /// </summary>
    static void AddCertificates(SqliteConnection connection, ExpiryPolicies policies)
    {
        Run(connection, $"BEGIN IMMEDIATE; {Schema("certificates.sql")}");
        try
        {
            using (var rows = new CertificateRows(connection, policies))
            using (var subjects = new Statement(connection, "SELECT key, seq, org, project, id FROM subjects WHERE kind = ? AND seq > 0"))
            {
                subjects.Bind(1, Subject.Certificate);
                while (subjects.Step())
                {
                    var address = new SubjectAddress(OrgId.Parse(subjects.Text(2)), ProjectId.Parse(subjects.Text(3)), Subject.Parse(Subject.Certificate, subjects.Text(4)));
                    rows.Rebuild(address, subjects.Int64(0), subjects.Int64(1));
                }
            }

            Run(connection, $"PRAGMA user_version = {SchemaVersion}; COMMIT");
        }
        catch
        {
            Run(connection, "ROLLBACK");
            throw;
        }
    }

    static string Schema(string name)
    {
        using var text = new StreamReader(typeof(SqliteDatabase).Assembly.GetManifestResourceStream(name)!);
        return text.ReadToEnd();
    }

    static void CheckVersion(SqliteConnection connection, string path)
    {
        var version = Scalar(connection, "PRAGMA user_version");
        if (version > SchemaVersion)
            throw new SqliteStoreException($"{path} was written by a newer CertFunctions (schema {version}, this program knows {SchemaVersion}): use that version, or another data folder");
    }

    static SqliteStoreException Explain(SqliteException e, string path) => new(e.SqliteErrorCode switch
    {
        raw.SQLITE_READONLY or raw.SQLITE_PERM => $"{path} cannot be written: make it and its folder writable for this user",
        raw.SQLITE_CANTOPEN => $"{path} cannot be opened: check that the folder exists and this user may read and write it",
        raw.SQLITE_FULL => $"there is no room for {path}: free disk space, or choose another data folder",
        raw.SQLITE_NOTADB => $"{path} is not a CertFunctions database: choose another data folder, or move the file away",
        raw.SQLITE_CORRUPT => $"{path} is damaged ({e.Message}): restore it from a backup; 'certfn verify' tells how far the ledger holds",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => $"{path} is in use by another program: stop it, or choose another data folder",
        _ => $"{path} cannot be used: {e.Message}",
    }, e);
}
