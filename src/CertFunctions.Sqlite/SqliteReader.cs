using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Siem;

namespace CertFunctions.Sqlite;

/// <summary>Reads what is in a database file without writing to it, beside a running service or without one. What would write throws.</summary>
public sealed class SqliteReader : IDisposable
{
    readonly ReadSessions sessions;

    SqliteReader(string path)
    {
        sessions = new ReadSessions(path);
        Events = new SqliteEventStore(null, sessions);
        Positions = new SqlitePositionStore(null, sessions);
        Certificates = new SqliteCertificateStore(null, sessions);
    }

    public IEventStore Events { get; }

    public IPositionStore Positions { get; }

    public ICertificateStore Certificates { get; }

    /// <summary>Opens a file that is there. <see cref="SqliteStoreException"/> says why it cannot be read and how to mend it.</summary>
    public static SqliteReader Open(string path)
    {
        // Opened once for itself, so that what is wrong with the file is said now.
        using (var connection = SqliteDatabase.OpenReader(path))
        {
            if (SqliteDatabase.Scalar(connection, "PRAGMA user_version") < SqliteDatabase.SchemaVersion)
                throw new SqliteStoreException($"{path} was written by an older CertFunctions: start 'certfn serve' on it once");
        }

        return new SqliteReader(path);
    }

    public void Dispose() => sessions.Dispose();
}

static class SqliteWriters
{
    public static SqliteWriter OrRefuse(this SqliteWriter? writer) => writer ?? throw new InvalidOperationException("the file was opened to be read");
}
