using System.Globalization;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using Microsoft.Data.Sqlite;

namespace CertFunctions.LocalHost.Drill;

/// <summary>A database file as the drill's attacker handles it: the guards taken off, rows read, altered and written back with SQL of its own.</summary>
static class DrillDatabase
{
    /// <summary>Copies the first entries of a ledger, with their events and subjects, to a database of its own. Gives how many there are.</summary>
    public static long CopyBeginning(string from, string to, OrgId ledger, int most)
    {
        // By URIs, because only so the source is attached to be read and not written, not even by a checkpoint when it is closed.
        using var connection = Open(new Uri(to).AbsoluteUri, SqliteOpenMode.ReadWriteCreate);
        Run(connection, "ATTACH DATABASE $from AS source", ("$from", new Uri(from).AbsoluteUri + "?mode=ro"));
        // Through a read transaction of its own, so that a service that writes meanwhile is seen as of one moment.
        Run(connection, "BEGIN");
        foreach (var sql in Strings(connection, "SELECT sql FROM source.sqlite_master WHERE sql IS NOT NULL ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END"))
            Run(connection, sql);
        Run(connection, $"""
            PRAGMA user_version = {Scalar(connection, "PRAGMA source.user_version").ToString(CultureInfo.InvariantCulture)};
            CREATE TEMP TABLE taken AS SELECT l.* FROM source.ledger_entries l JOIN source.ledgers g ON g.key = l.ledger WHERE g.org = $org AND l.idx < $most;
            INSERT INTO subjects SELECT s.key, s.org, s.project, s.kind, s.id, max(e.seq) FROM source.events e JOIN source.subjects s ON s.key = e.subject
              WHERE e.position IN (SELECT event FROM taken) GROUP BY s.key;
            INSERT INTO events SELECT * FROM source.events WHERE position IN (SELECT event FROM taken);
            INSERT INTO ledgers SELECT key, org, (SELECT count(*) FROM taken), (SELECT hash FROM taken ORDER BY idx DESC LIMIT 1), (SELECT max(event) FROM taken) FROM source.ledgers WHERE org = $org;
            INSERT INTO ledger_entries SELECT * FROM taken;
            INSERT INTO ledger_segments SELECT s.* FROM source.ledger_segments s JOIN ledgers g ON g.key = s.ledger WHERE s.segment * 65536 < (SELECT count(*) FROM taken);
            """, ("$org", ledger.Value), ("$most", most));
        Run(connection, "COMMIT");
        return Scalar(connection, "SELECT count(*) FROM ledger_entries");
    }

    /// <summary>Runs SQL with every guard of the schema taken off.</summary>
    public static void Forge(string database, string sql)
    {
        using var connection = Open(database, SqliteOpenMode.ReadWrite);
        TakeGuardsOff(connection);
        Run(connection, sql);
    }

    public static List<DrillRow> Read(string database)
    {
        using var connection = Open(database, SqliteOpenMode.ReadOnly);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT e.subject, e.seq, e.id, e.type, e.occurred_at, e.leaf, e.salt, e.personal, l.key_id FROM ledger_entries l JOIN events e ON e.position = l.event ORDER BY l.idx";
        using var row = command.ExecuteReader();
        var rows = new List<DrillRow>();
        while (row.Read())
        {
            rows.Add(new DrillRow
            {
                Subject = row.GetInt64(0),
                Seq = row.GetInt64(1),
                Id = row.GetString(2),
                Type = row.GetString(3),
                OccurredAt = row.GetInt64(4),
                Leaf = (byte[])row[5],
                Salt = row[6] as byte[],
                Personal = row[7] as byte[],
                KeyId = row.GetString(8),
            });
        }

        return rows;
    }

    /// <summary>
    /// Writes another history in the place of the one that is there: subjects numbered anew, every hash computed anew, and the MACs too where
    /// <paramref name="keys"/> are at hand; without, those that were there stay beside the new hashes.
    /// </summary>
    public static void Rewrite(string database, IReadOnlyList<DrillRow> rows, OrgId ledger, LedgerKeys? keys)
    {
        using var connection = Open(database, SqliteOpenMode.ReadWrite);
        TakeGuardsOff(connection);
        var macs = Blobs(connection, "SELECT mac FROM ledger_entries ORDER BY idx");
        Run(connection, "BEGIN; DELETE FROM ledger_entries; DELETE FROM events; DELETE FROM ledger_segments");
        var previous = LedgerHash.Genesis(ledger);
        var seqs = new Dictionary<long, long>();
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i].Numbered(seqs[rows[i].Subject] = seqs.GetValueOrDefault(rows[i].Subject) + 1);
            if (i % LedgerHead.SegmentLength == 0)
                Run(connection, "INSERT INTO ledger_segments SELECT key, $segment, $opening FROM ledgers", ("$segment", i / LedgerHead.SegmentLength), ("$opening", previous.AsSpan().ToArray()));
            var leafHash = LedgerHash.Leaf(row.Leaf);
            previous = LedgerHash.Entry(i, previous, leafHash);
            var mac = keys?.Mac(previous).AsSpan().ToArray() ?? macs[Math.Min(i, macs.Count - 1)];
            Run(connection, "INSERT INTO events VALUES ($position, $subject, $seq, $id, $type, $occurred, $leaf, $salt, $personal)",
                ("$position", i + 1), ("$subject", row.Subject), ("$seq", row.Seq), ("$id", row.Id), ("$type", row.Type), ("$occurred", row.OccurredAt), ("$leaf", row.Leaf),
                ("$salt", (object?)row.Salt ?? DBNull.Value), ("$personal", (object?)row.Personal ?? DBNull.Value));
            Run(connection, "INSERT INTO ledger_entries SELECT key, $idx, $event, $leafHash, $hash, $mac, $keyId FROM ledgers",
                ("$idx", i), ("$event", i + 1), ("$leafHash", leafHash.AsSpan().ToArray()), ("$hash", previous.AsSpan().ToArray()), ("$mac", mac), ("$keyId", keys?.CurrentId ?? row.KeyId));
        }

        Run(connection, """
            UPDATE ledgers SET size = $size, hash = $hash, last_event = $size;
            DELETE FROM subjects WHERE key NOT IN (SELECT subject FROM events);
            UPDATE subjects SET seq = (SELECT max(seq) FROM events WHERE subject = key);
            COMMIT
            """, ("$size", rows.Count), ("$hash", previous.AsSpan().ToArray()));
    }

    static void TakeGuardsOff(SqliteConnection connection)
    {
        Run(connection, "PRAGMA foreign_keys = OFF");
        foreach (var trigger in Strings(connection, "SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            Run(connection, $"DROP TRIGGER \"{trigger}\"");
    }

    /// <summary>A connection that asks for nothing the file's own service would: not its version, not its owner.</summary>
    public static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    static void Run(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }

    static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    static List<string> Strings(SqliteConnection connection, string sql) => [.. Column(connection, sql).Cast<string>()];

    static List<byte[]> Blobs(SqliteConnection connection, string sql) => [.. Column(connection, sql).Cast<byte[]>()];

    static List<object> Column(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var row = command.ExecuteReader();
        var values = new List<object>();
        while (row.Read())
            values.Add(row[0]);
        return values;
    }
}
