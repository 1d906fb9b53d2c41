using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite;

/// <summary>One read-only connection with its prepared statements, lent to one reader at a time.</summary>
sealed class ReadSession(SqliteConnection connection) : IDisposable
{
    const string Timeline = "SELECT position, seq, id, type, occurred_at, leaf, salt, personal FROM events WHERE subject = ? AND seq";

    public Statement FindSubject { get; } = new(connection, "SELECT key FROM subjects WHERE org = ? AND project = ? AND kind = ? AND id = ?");

    public Statement TimelineDown { get; } = new(connection, $"{Timeline} < ? ORDER BY seq DESC LIMIT ?");

    public Statement TimelineUp { get; } = new(connection, $"{Timeline} > ? ORDER BY seq LIMIT ?");

    public Statement Feed { get; } = new(connection, """
        SELECT e.position, s.org, s.project, s.kind, s.id, e.seq, e.id, e.leaf, e.salt, e.personal
        FROM events e JOIN subjects s ON s.key = e.subject WHERE e.position > ? ORDER BY e.position LIMIT ?
        """);

    public Statement FindLedger { get; } = new(connection, "SELECT key, size, hash, (SELECT key_id FROM ledger_entries WHERE ledger = key AND idx = size - 1) FROM ledgers WHERE org = ?");

    public Statement Ledgers { get; } = new(connection, "SELECT org FROM ledgers ORDER BY org");

    public Statement IsChained { get; } = new(connection, "SELECT 1 FROM ledger_entries WHERE event = ?");

    public Statement EntryHash { get; } = new(connection, "SELECT hash FROM ledger_entries WHERE ledger = ? AND idx = ?");

    public Statement Entries { get; } = new(connection, """
        SELECT l.idx, l.leaf_hash, l.hash, l.mac, l.key_id, e.position, s.org, s.project, s.kind, s.id, e.seq, e.id, e.leaf, e.salt, e.personal
        FROM ledger_entries l JOIN events e ON e.position = l.event JOIN subjects s ON s.key = e.subject
        WHERE l.ledger = ? AND l.idx >= ? ORDER BY l.idx LIMIT ?
        """);

    public Statement FindEvent { get; } = new(connection, """
        SELECT l.idx FROM subjects s JOIN events e ON e.subject = s.key LEFT JOIN ledger_entries l ON l.event = e.position
        WHERE s.org = ? AND s.project = ? AND s.kind = ? AND s.id = ? AND e.id = ?
        """);

    public Statement Position { get; } = new(connection, "SELECT position FROM positions WHERE reader = ?");

    public CertificateStatements Certificates { get; } = new(connection);

    public SqliteConnection Connection => connection;

    public void Dispose()
    {
        foreach (var statement in new[] { FindSubject, TimelineDown, TimelineUp, Feed, FindLedger, Ledgers, IsChained, EntryHash, Entries, FindEvent, Position })
            statement.Dispose();
        Certificates.Dispose();
        connection.Dispose();
    }
}

/// <summary>Read sessions, made when needed and kept; more readers at once than <see cref="Most"/> wait their turn.</summary>
sealed class ReadSessions(string path) : IDisposable
{
    const int Most = 8;

    readonly SemaphoreSlim turns = new(Most, Most);
    readonly System.Collections.Concurrent.ConcurrentBag<ReadSession> idle = [];
    volatile bool disposed;

    public async Task<T> ReadAsync<T>(Func<ReadSession, T> read, CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (!idle.TryTake(out var session))
                session = new ReadSession(SqliteDatabase.OpenReader(path));
            // A session whose read failed is not lent again: a statement may still hold a transaction open.
            T result;
            try
            {
                result = read(session);
            }
            catch
            {
                session.Dispose();
                throw;
            }

            idle.Add(session);
            return result;
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose()
    {
        disposed = true;
        for (var i = 0; i < Most; i++)
            turns.Wait();
        while (idle.TryTake(out var session))
            session.Dispose();
        turns.Dispose();
    }
}
