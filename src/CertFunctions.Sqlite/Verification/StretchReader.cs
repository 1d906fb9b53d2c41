using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Verification;

/// <summary>Reads a stretch of a ledger's rows into a verifier, on a connection of its own.</summary>
sealed class StretchReader(SqliteConnection connection, long ledger, OrgId org) : IDisposable
{
    readonly SubjectColumns subjects = new(connection, org);
    readonly Statement rows = new(connection, """
        SELECT l.idx, l.leaf_hash, l.hash, l.mac, l.key_id, e.leaf, e.salt, e.personal, e.subject, e.seq, e.id, e.type, e.occurred_at
        FROM ledger_entries l LEFT JOIN events e ON e.position = l.event WHERE l.ledger = ? AND l.idx >= ? ORDER BY l.idx LIMIT ?
        """);
    readonly Statement segment = new(connection, "SELECT opening_hash FROM ledger_segments WHERE ledger = ? AND segment = ?");
    readonly Statement hash = new(connection, "SELECT hash FROM ledger_entries WHERE ledger = ? AND idx = ?");

    /// <summary>Checks the entries from the verifier's next one up to <paramref name="end"/>. False when the ledger is known to be broken.</summary>
    public bool Read(LedgerVerifier verifier, long end)
    {
        var whole = true;
        while (whole && verifier.NextIndex < end)
            whole = ReadChunk(verifier, end);
        return whole;
    }

    /// <summary>The hash that the file states for an entry; nothing where there is no such entry.</summary>
    public Digest HashOf(long index)
    {
        var stated = hash.Bind(1, ledger).Bind(2, index).Step() && hash.Blob(0).Length == Digest.Length ? new Digest(hash.Blob(0)) : default;
        hash.Reset();
        return stated;
    }

    public void Dispose()
    {
        subjects.Dispose();
        rows.Dispose();
        segment.Dispose();
        hash.Dispose();
    }

    bool ReadChunk(LedgerVerifier verifier, long end)
    {
        rows.Bind(1, ledger).Bind(2, verifier.NextIndex).Bind(3, end - verifier.NextIndex);
        try
        {
            var any = false;
            while (rows.Step())
            {
                any = true;
                var index = rows.Int64(0);
                if (index % LedgerHead.SegmentLength == 0 && !OpensWith(index, verifier.Head.Hash))
                    return verifier.Break(index, "its segment does not open with the hash of the entry before", Layer.Store);
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
                    return verifier.Break(index, "the columns its event is found by do not say what the event says", Layer.Store);
            }

            return any;
        }
        finally
        {
            rows.Reset();
        }
    }

    bool OpensWith(long index, Digest previous)
    {
        var opens = segment.Bind(1, ledger).Bind(2, index / LedgerHead.SegmentLength).Step() && segment.Blob(0).SequenceEqual(previous.AsSpan());
        segment.Reset();
        return opens;
    }
}
