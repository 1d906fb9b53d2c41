using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Sqlite;

/// <summary>Reads the ledgers of a database file without writing to it, beside a running service or without one.</summary>
public sealed class SqliteLedgerReader(string path) : IDisposable
{
    readonly ReadSession session = new(SqliteDatabase.OpenReader(path));

    public IReadOnlyList<OrgId> List() => SqliteLedgerStore.List(session);

    /// <summary>Entries from index <paramref name="from"/> on, at most <paramref name="limit"/>; empty past the end.</summary>
    public IReadOnlyList<ChainedEvent> Read(OrgId ledger, long from, int limit) => SqliteLedgerStore.Read(session, ledger, from, limit);

    public void Dispose() => session.Dispose();
}
