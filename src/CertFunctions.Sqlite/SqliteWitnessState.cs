using CertFunctions.Core.Ledger;
using CertFunctions.Core.Witness;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite;

/// <summary>
/// A witness's memory in a SQLite file of its own. A step is one statement that compares and swaps, flushed to the disk before it is answered; triggers refuse
/// what a witness must never do, whoever asks. Several processes may share the file.
/// </summary>
public sealed class SqliteWitnessState : IWitnessState, IDisposable
{
    const string Schema = """
        CREATE TABLE IF NOT EXISTS witnessed (
          origin TEXT PRIMARY KEY,
          size INTEGER NOT NULL,
          root BLOB NOT NULL,
          note BLOB NOT NULL               -- the checkpoint with the log's signature and the witness's
        ) STRICT;
        CREATE TRIGGER IF NOT EXISTS logs_are_kept BEFORE DELETE ON witnessed BEGIN SELECT RAISE(ABORT, 'what was cosigned is not forgotten'); END;
        CREATE TRIGGER IF NOT EXISTS logs_never_go_back BEFORE UPDATE ON witnessed
        WHEN new.origin <> old.origin OR new.size < old.size OR (new.size = old.size AND new.root <> old.root)
        BEGIN SELECT RAISE(ABORT, 'a size has one root, and sizes only grow'); END;
        """;

    readonly Lock turn = new();
    readonly SqliteConnection connection;
    readonly Statement find, add, move, changes;

    SqliteWitnessState(SqliteConnection connection)
    {
        this.connection = connection;
        find = new Statement(connection, "SELECT size, root, note FROM witnessed WHERE origin = ?");
        add = new Statement(connection, "INSERT INTO witnessed (origin, size, root, note) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
        move = new Statement(connection, "UPDATE witnessed SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?");
        changes = new Statement(connection, "SELECT changes()");
    }

    /// <summary>Opens the file, creating it where it is not there. <see cref="SqliteStoreException"/> says why it cannot be used.</summary>
    public static SqliteWitnessState Open(string path)
    {
        var connection = SqliteDatabase.OpenBeside(path);
        try
        {
            SqliteDatabase.Run(connection, $"BEGIN IMMEDIATE; {Schema} COMMIT");
            return new SqliteWitnessState(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public Task<WitnessedCheckpoint?> FindAsync(string origin, CancellationToken cancellationToken)
    {
        lock (turn)
        {
            try
            {
                return Task.FromResult(find.Bind(1, origin).Step() ? new WitnessedCheckpoint(find.Int64(0), new Digest(find.Blob(1)), find.Blob(2).ToArray()) : null);
            }
            finally
            {
                find.Reset();
            }
        }
    }

    public Task<bool> AdvanceAsync(string origin, WitnessedCheckpoint? expected, WitnessedCheckpoint next, CancellationToken cancellationToken)
    {
        lock (turn)
        {
            // Alone in its transaction: when Run returns, the statement is committed and flushed.
            if (expected is null)
                add.Bind(1, origin).Bind(2, next.Size).Bind(3, next.Root.AsSpan()).Bind(4, next.Note.Span).Run();
            else
                move.Bind(1, next.Size).Bind(2, next.Root.AsSpan()).Bind(3, next.Note.Span).Bind(4, origin).Bind(5, expected.Size).Bind(6, expected.Root.AsSpan()).Run();
            try
            {
                changes.Step();
                return Task.FromResult(changes.Int64(0) == 1);
            }
            finally
            {
                changes.Reset();
            }
        }
    }

    public void Dispose()
    {
        foreach (var statement in new[] { find, add, move, changes })
            statement.Dispose();
        connection.Dispose();
    }
}
