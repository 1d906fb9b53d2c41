using CertFunctions.Core.Certificates;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timers;

namespace CertFunctions.Sqlite;

/// <summary>
/// The embedded store: one SQLite file (WAL), one writer, as many readers as ask. Whoever opens it owns the file; a second process must be kept
/// away by whoever owns the folder.
/// </summary>
public sealed class SqliteStore : IAsyncDisposable
{
    readonly SqliteWriter writer;
    readonly ReadSessions sessions;

    SqliteStore(SqliteOptions options)
    {
        writer = new SqliteWriter(options);
        sessions = new ReadSessions(options.Path);
        var events = new SqliteEventStore(writer, sessions);
        writer.Committed += events.Signal;
        (Events, Feed) = (events, events);
        Ledger = new SqliteLedgerStore(writer, sessions);
        Certificates = new SqliteCertificateStore(writer, sessions);
        Positions = new SqlitePositionStore(writer, sessions);
        Leases = new SqliteLeases(writer, options.Clock);
    }

    public IEventStore Events { get; }

    public IEventFeed Feed { get; }

    /// <summary>The certificates' heads, kept with the events.</summary>
    public ICertificateStore Certificates { get; }

    public ILedgerStore Ledger { get; }

    public IPositionStore Positions { get; }

    public ILeases Leases { get; }

    /// <summary>Opens the file, creating it where it is not there. <see cref="SqliteStoreException"/> says why it cannot be used and how to mend it.</summary>
    public static SqliteStore Open(SqliteOptions options) => new(options);

    /// <summary>Writes what was accepted, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        // The writer last: only a connection that may write can fold the WAL into the file as it closes.
        sessions.Dispose();
        await writer.DisposeAsync().ConfigureAwait(false);
    }
}
