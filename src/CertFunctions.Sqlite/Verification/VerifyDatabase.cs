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
    /// <summary>Entries that one thread checks at a time, a power of two: a stretch begins at a multiple of it, so that its tree is a subtree of the whole one.</summary>
    public int StretchEntries { get; init; } = 16_384;

    /// <summary>Threads that check at once.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The sizes, ascending, whose roots the report is to name; null where no tree is wanted.</summary>
    public Func<OrgId, IReadOnlyList<long>?>? RootsAt { get; init; }

    /// <summary>A head, checked before, from which to go on: its entries are not read again. Null reads from the beginning.</summary>
    public Func<OrgId, VerifiedBefore?>? Since { get; init; }

    /// <summary>The tree's subtrees at the index that the file's entries begin with, where those before were pruned; null where nobody knows them.</summary>
    public Func<LedgerHead, VerifiedBefore?>? Pruned { get; init; }

    /// <summary>
    /// A report per ledger. <paramref name="progress"/> hears entries done and entries there are, now and then. Throws <see cref="SqliteStoreException"/>
    /// where the file cannot be read at all.
    /// </summary>
    public IReadOnlyList<VerifyReport> Run(Action<long, long>? progress = null, CancellationToken cancellationToken = default)
    {
        using var connection = Open();
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
            reports = reports.Count == 0 ? [Broken("", fault.Detail) with { Verdict = fault.Verdict }] : [reports[0] with { Verdict = fault.Verdict, Detail = fault.Detail, FoundBy = Layer.Store, Guarantees = Guarantees.None }, .. reports.Skip(1)];
        return reports;
    }

    /// <summary>The leaf hashes of a ledger as the file states them, from an index on: for saying where another history departs from this one.</summary>
    public IEnumerable<Digest> LeafHashes(OrgId ledger, long from)
    {
        using var connection = SqliteDatabase.OpenReader(path);
        using var rows = new Statement(connection, "SELECT leaf_hash FROM ledger_entries WHERE ledger = (SELECT key FROM ledgers WHERE org = ?) AND idx >= ? ORDER BY idx");
        rows.Bind(1, ledger.Value).Bind(2, from);
        while (rows.Step())
            yield return rows.Blob(0) is { Length: Digest.Length } hash ? new Digest(hash) : default;
    }

    SqliteConnection Open()
    {
        var connection = SqliteDatabase.OpenReader(path);
        // Each page is read once: a small cache stays in the processor's own, a large one never hits.
        SqliteDatabase.Run(connection, "PRAGMA cache_size = -512");
        return connection;
    }

    VerifyReport VerifyLedger(SqliteConnection connection, long key, OrgId ledger, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var head = Head(connection, key, ledger);
        var wanted = RootsAt?.Invoke(ledger);
        var pruned = PrunedTo(connection, key, ledger) is { } point ? Pruned?.Invoke(point) : null;
        var since = pruned ?? Since?.Invoke(ledger) ?? VerifiedBefore.Nothing(ledger);
        if (since.Head.Size > head.Size)
            wanted = null;
        using var verifier = new LedgerVerifier(ledger, keys, since.Head, wanted is null ? null : since.Tree(wanted));
        if (head.Size > since.Head.Size)
            VerifyStretches(verifier, connection, key, head.Size, wanted, progress, cancellationToken);
        progress?.Invoke(head.Size, head.Size);
        var report = verifier.Complete(head);
        if (report.Verdict != Verdict.Valid)
            return report;
        if (pruned is not null)
            return verifier.Report(Verdict.Pruned, since.Head.Size, $"the entries before {since.Head.Size} were removed") with { Pending = Pending(connection, ledger) };
        return StrayEntry(connection, key) is { } stray
            ? verifier.Report(Verdict.Tampered, stray, "there are entries that the head does not know of, or that stand outside the ledger") with { FoundBy = Layer.Store }
            : report with { Pending = Pending(connection, ledger) };
    }

    /// <summary>
    /// Checks the stretches side by side, each from the hash that the file states for the entry before it, and joins them in order: what a stretch found
    /// counts only if the one before ends with that very hash, so the first bad index is the same as if all were read one after another.
    /// </summary>
    void VerifyStretches(LedgerVerifier whole, SqliteConnection connection, long key, long size, IReadOnlyList<long>? wanted, Action<long, long>? progress, CancellationToken cancellationToken)
    {
        var begin = whole.NextIndex;
        var ledger = whole.Head.Ledger;
        if (begin % StretchEntries != 0)
        {
            // Going on from the middle of a stretch: to its end alone, so that the others begin where subtrees do.
            using var first = new StretchReader(connection, key, ledger);
            begin = Math.Min(size, (begin / StretchEntries + 1) * StretchEntries);
            if (!first.Read(whole, begin) || begin == size)
                return;
        }

        var stretches = (size - begin + StretchEntries - 1) / StretchEntries;
        var join = OrderedJoin.Into(whole, done => progress?.Invoke(done, size));
        var head = whole.Head;
        long taken = -1;
        void Work()
        {
            using var own = Threads == 1 ? null : Open();
            using var reader = new StretchReader(own ?? connection, key, ledger);
            for (long n; (n = Interlocked.Increment(ref taken)) < stretches && join.IsWhole;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var from = begin + n * StretchEntries;
                var opening = n == 0 ? head : new LedgerHead(ledger, from, reader.HashOf(from - 1));
                var stretch = new LedgerVerifier(ledger, keys, opening, wanted is null ? null : new LeafTree(wanted, from));
                reader.Read(stretch, Math.Min(size, from + StretchEntries));
                join.Add(n, stretch);
            }
        }

        if (Threads == 1)
            Work();
        else
            Spread.Run(Work, (int)Math.Min(Threads, stretches));
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

    /// <summary>Where the entries begin, if not with the first: at a segment's, which says what it follows. Null where they begin with the first, or anywhere else.</summary>
    static LedgerHead? PrunedTo(SqliteConnection connection, long key, OrgId ledger)
    {
        using var row = new Statement(connection, """
            SELECT l.idx, s.opening_hash FROM ledger_entries l JOIN ledger_segments s ON s.ledger = l.ledger AND s.segment = l.idx / 65536
            WHERE l.ledger = ?1 AND l.idx = (SELECT min(idx) FROM ledger_entries WHERE ledger = ?1)
            """);
        return row.Bind(1, key).Step() && row.Int64(0) is > 0 and var first && first % LedgerHead.SegmentLength == 0 && row.Blob(1).Length == Digest.Length
            ? new LedgerHead(ledger, first, new Digest(row.Blob(1))) : null;
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
        FoundBy = Layer.Store,
    };
}
