using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite.Verification;

/// <summary>
/// Verifies what a database file holds, as an outsider would: its own read-only connection, none of the writing side's code but the schema.
/// Beyond the chain it holds every column a reader relies on against the leaf's own bytes, looks for gaps in the subjects' seqs, and for events
/// that never reached the ledger. Works beside a running service; constant memory, short reads that hold up no checkpoint.
/// </summary>
public sealed class VerifyDatabase(string path, LedgerKeys? keys)
{
    const int ChunkEntries = 20_000;

    const string EntriesSql = """
        SELECT l.idx, l.leaf_hash, l.hash, l.mac, l.key_id, e.leaf, e.salt, e.personal, e.subject, e.seq, e.id, e.type, e.occurred_at
        FROM ledger_entries l LEFT JOIN events e ON e.position = l.event WHERE l.ledger = ? AND l.idx >= ? ORDER BY l.idx LIMIT ?
        """;

    /// <summary>
    /// A report per ledger. <paramref name="progress"/> hears entries done and entries there are, now and then. Throws <see cref="SqliteStoreException"/>
    /// where the file cannot be read at all.
    /// </summary>
    public IReadOnlyList<VerifyReport> Run(Action<long, long>? progress = null, CancellationToken cancellationToken = default)
    {
        using var connection = SqliteDatabase.OpenReader(path);
        // Each page is read once: a small cache stays in the processor's own, a large one never hits.
        SqliteDatabase.Run(connection, "PRAGMA cache_size = -512");
        var reports = new List<VerifyReport>();
        foreach (var (key, org) in Ledgers(connection))
        {
            try
            {
                reports.Add(OrgId.TryParse(org, out var ledger) ? VerifyLedger(connection, key, ledger, progress, cancellationToken)
                    : Broken(org, $"a ledger is named '{org}', which is not an org id"));
            }
            catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB)
            {
                reports.Add(Broken(org, $"the database file is damaged: {e.Message}"));
            }
        }

        if (reports.TrueForAll(r => r.Verdict == Verdict.Valid) && CheckStore(connection) is { } fault)
            reports = reports.Count == 0 ? [Broken("", fault.Detail) with { Verdict = fault.Verdict }] : [reports[0] with { Verdict = fault.Verdict, Detail = fault.Detail }, .. reports.Skip(1)];
        return reports;
    }

    VerifyReport VerifyLedger(SqliteConnection connection, long key, OrgId ledger, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        using var verifier = new LedgerVerifier(ledger, keys);
        using var subjects = new SubjectColumns(connection, ledger);
        using var rows = new Statement(connection, EntriesSql);
        using var segment = new Statement(connection, "SELECT opening_hash FROM ledger_segments WHERE ledger = ? AND segment = ?");
        var head = Head(connection, key, ledger);
        var more = true;
        while (more && verifier.NextIndex < head.Size)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Invoke(verifier.NextIndex, head.Size);
            more = VerifyChunk(verifier, subjects, rows, segment, key, Math.Min(ChunkEntries, head.Size - verifier.NextIndex));
        }

        progress?.Invoke(head.Size, head.Size);
        var report = verifier.Complete(head);
        if (report.Verdict != Verdict.Valid)
            return report;
        return StrayEntry(connection, key) is { } stray
            ? verifier.Report(Verdict.Tampered, stray, "there are entries that the head does not know of, or that stand outside the ledger")
            : report with { Pending = Pending(connection, ledger) };
    }

    /// <summary>False when there is no point in reading on.</summary>
    static bool VerifyChunk(LedgerVerifier verifier, SubjectColumns subjects, Statement rows, Statement segment, long key, long limit)
    {
        rows.Bind(1, key).Bind(2, verifier.NextIndex).Bind(3, limit);
        try
        {
            var any = false;
            while (rows.Step())
            {
                any = true;
                var index = rows.Int64(0);
                if (index % LedgerHead.SegmentLength == 0 && !OpensWith(segment, key, index, verifier.Head.Hash))
                    return verifier.Break(index, "its segment does not open with the hash of the entry before");
                var row = new LedgerRow
                {
                    Index = index,
                    LeafHash = rows.Blob(1),
                    Hash = rows.Blob(2),
                    Mac = rows.Blob(3),
                    KeyId = subjects.KeyId(rows.Utf8(4)),
                    Leaf = rows.Blob(5),
                    Salt = rows.Blob(6),
                    Personal = rows.Blob(7),
                };
                if (row.LeafHash.Length != Digest.Length)
                    return verifier.Break(index, "its leaf hash is not 32 bytes");
                if (!verifier.Push(row))
                    return false;
                if (!subjects.Agree(rows, 5, 8))
                    return verifier.Break(index, "the columns its event is found by do not say what the event says");
            }

            return any;
        }
        finally
        {
            rows.Reset();
        }
    }

    static bool OpensWith(Statement segment, long key, long index, Digest previous)
    {
        var opens = segment.Bind(1, key).Bind(2, index / LedgerHead.SegmentLength).Step() && segment.Blob(0).SequenceEqual(previous.AsSpan());
        segment.Reset();
        return opens;
    }

    static List<(long Key, string Org)> Ledgers(SqliteConnection connection)
    {
        using var rows = new Statement(connection, "SELECT key, org FROM ledgers ORDER BY org");
        var ledgers = new List<(long, string)>();
        while (rows.Step())
            ledgers.Add((rows.Int64(0), rows.Text(1)));
        return ledgers;
    }

    static LedgerHead Head(SqliteConnection connection, long key, OrgId ledger)
    {
        using var row = new Statement(connection, "SELECT size, hash FROM ledgers WHERE key = ?");
        row.Bind(1, key).Step();
        var hash = row.Blob(1);
        return new LedgerHead(ledger, row.Int64(0), hash.Length == Digest.Length ? new Digest(hash) : default);
    }

    /// <summary>An entry at or past the head, or below 0; one statement, so that a service that appends meanwhile is seen whole.</summary>
    static long? StrayEntry(SqliteConnection connection, long key)
    {
        using var row = new Statement(connection, """
            SELECT size, (SELECT max(idx) FROM ledger_entries WHERE ledger = key), (SELECT min(idx) FROM ledger_entries WHERE ledger = key) FROM ledgers WHERE key = ?
            """);
        row.Bind(1, key).Step();
        if (row.IsNull(1))
            return null;
        var (size, highest, lowest) = (row.Int64(0), row.Int64(1), row.Int64(2));
        return highest >= size ? size : lowest < 0 ? lowest : null;
    }

    /// <summary>Events past the highest one chained: recorded, and still on their way.</summary>
    static long Pending(SqliteConnection connection, OrgId ledger)
    {
        using var row = new Statement(connection, """
            SELECT count(*) FROM events e JOIN subjects s ON s.key = e.subject
            WHERE e.position > (SELECT last_event FROM ledgers WHERE org = ?1) AND s.org = ?1
            """);
        row.Bind(1, ledger.Value).Step();
        return row.Int64(0);
    }

    /// <summary>What concerns the whole file: seqs without a gap, heads that are right, no event that the ledger passed over.</summary>
    static (Verdict Verdict, string Detail)? CheckStore(SqliteConnection connection)
    {
        using (var gap = new Statement(connection, """
            SELECT s.kind || ':' || s.id FROM subjects s LEFT JOIN (SELECT subject, count(*) AS n, min(seq) AS low, max(seq) AS high FROM events GROUP BY subject) e
            ON e.subject = s.key WHERE e.n IS NULL OR e.low <> 1 OR e.high <> e.n OR s.seq <> e.n LIMIT 1
            """))
        {
            if (gap.Step())
                return (Verdict.Tampered, $"the events of {gap.Text(0)} are not numbered 1, 2, 3 … up to its head");
        }

        // Counted as all less those above: all are counted from an index, and above there are few.
        using var missed = new Statement(connection, """
            SELECT (SELECT count(*) FROM events) - (SELECT count(*) FROM events WHERE position > (SELECT coalesce(max(last_event), 0) FROM ledgers)) - (SELECT count(*) FROM ledger_entries)
            """);
        missed.Step();
        return missed.Int64(0) switch
        {
            > 0 and var n => (Verdict.Incomplete, $"{n} recorded events are not in the ledger, though later ones are"),
            < 0 and var n => (Verdict.Tampered, $"{-n} ledger entries belong to no ledger or to no event"),
            _ => null,
        };
    }

    static VerifyReport Broken(string ledger, string detail) => new()
    {
        Verdict = Verdict.Tampered,
        Ledger = ledger,
        Entries = 0,
        Detail = detail,
        HeadHash = "",
        MacsChecked = false,
    };
}
