using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Tests;

/// <summary>R33 on the embedded store: whatever is altered in the file is found, at the first index it concerns.</summary>
public sealed class TamperTests(TamperedLedger ledger) : IClassFixture<TamperedLedger>
{
    static readonly (string Table, string Column)[] Bytes =
    [
        ("events", "leaf"), ("events", "salt"), ("events", "personal"), ("ledger_entries", "leaf_hash"), ("ledger_entries", "hash"), ("ledger_entries", "mac"),
    ];

    [Fact]
    public void Left_alone_it_is_valid()
    {
        var report = ledger.VerifyAfter(_ => { });

        Assert.Equal((Verdict.Valid, TamperedLedger.Entries), (report.Verdict, report.Entries));
    }

    [Fact]
    public void Any_flipped_bit_of_an_entry_or_its_event_is_found_at_its_index() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, byte, ushort, byte)>(),
        ((byte Column, byte Index, ushort At, byte Bit) flip) =>
        {
            var (table, column) = Bytes[flip.Column % Bytes.Length];
            var index = flip.Index % TamperedLedger.Entries;
            var report = ledger.VerifyAfter(connection => Flip(connection, table, column, index, flip.At, flip.Bit));
            return report.Verdict == Verdict.Tampered && report.FirstIndex == index;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void Every_byte_of_one_entrys_hashes_counts()
    {
        foreach (var column in new[] { "leaf_hash", "hash", "mac" })
        {
            for (var at = 0; at < Digest.Length; at++)
            {
                var report = ledger.VerifyAfter(connection => Flip(connection, "ledger_entries", column, 11, at, at));
                Assert.Equal((Verdict.Tampered, 11L), (report.Verdict, report.FirstIndex));
            }
        }
    }

    [Fact]
    public void Two_entries_that_change_places_are_found_at_the_first() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, byte)>(),
        ((byte A, byte B) pick) =>
        {
            var (a, b) = (pick.A % TamperedLedger.Entries, pick.B % TamperedLedger.Entries);
            if (a == b)
                return true;
            var report = ledger.VerifyAfter($"""
                UPDATE ledger_entries SET idx = -1 WHERE idx = {a};
                UPDATE ledger_entries SET idx = {a} WHERE idx = {b};
                UPDATE ledger_entries SET idx = {b} WHERE idx = -1;
                """);
            return report.Verdict == Verdict.Tampered && report.FirstIndex == Math.Min(a, b);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void Each_entry_that_is_dropped_is_found()
    {
        for (var index = 0; index < TamperedLedger.Entries; index++)
        {
            var report = ledger.VerifyAfter($"DELETE FROM ledger_entries WHERE idx = {index}");
            Assert.Equal(index, report.FirstIndex);
            Assert.Equal(index == TamperedLedger.Entries - 1 ? Verdict.Truncated : Verdict.Tampered, report.Verdict);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(TamperedLedger.Entries)]
    public void An_entry_that_is_put_in_is_found_where_it_was_put(int at)
    {
        var report = ledger.VerifyAfter($"""
            UPDATE ledger_entries SET idx = -idx - 1 WHERE idx >= {at};
            UPDATE ledger_entries SET idx = -idx WHERE idx < 0;
            INSERT INTO ledger_entries SELECT ledger, {at}, 1000000, leaf_hash, hash, mac, key_id FROM ledger_entries WHERE idx = {(at == 0 ? 1 : at - 1)};
            """);

        Assert.Equal((Verdict.Tampered, (long)at), (report.Verdict, report.FirstIndex));
    }

    [Theory]
    [InlineData("UPDATE events SET leaf = NULL WHERE 1 = 0; DELETE FROM events WHERE position = 9", 8)]
    [InlineData("UPDATE events SET seq = 99 WHERE position = 9", 8)]
    [InlineData("UPDATE events SET id = 'other' WHERE position = 9", 8)]
    [InlineData("UPDATE events SET type = 'cert.revoked' WHERE position = 9", 8)]
    [InlineData("UPDATE events SET occurred_at = occurred_at + 1 WHERE position = 9", 8)]
    [InlineData("UPDATE events SET subject = 1, seq = 500 WHERE position = 9", 8)]
    [InlineData("UPDATE subjects SET id = 'c99' WHERE id = 'c1'", 1)]
    [InlineData("UPDATE subjects SET org = 'umbrella' WHERE id = 'c1'", 1)]
    [InlineData("UPDATE subjects SET project = 'mail' WHERE id = 'c1'", 1)]
    [InlineData("UPDATE ledger_segments SET opening_hash = x'00'", 0)]
    [InlineData("DELETE FROM ledger_segments", 0)]
    [InlineData("UPDATE ledgers SET org = 'umbrella'", 0)]
    [InlineData("UPDATE ledgers SET size = 41", 40)]
    [InlineData("UPDATE ledgers SET size = 12, hash = (SELECT hash FROM ledger_entries WHERE idx = 11)", 12)]
    [InlineData("UPDATE ledgers SET hash = (SELECT hash FROM ledger_entries WHERE idx = 11)", 39)]
    public void What_readers_rely_on_is_held_against_what_was_hashed(string sql, long first)
    {
        var report = ledger.VerifyAfter(sql);

        Assert.NotEqual(Verdict.Valid, report.Verdict);
        Assert.Equal(first, report.FirstIndex);
        Assert.True(report.Entries <= TamperedLedger.Entries && (report.Verdict != Verdict.Tampered || report.Entries <= first + 1), $"{report.Entries} entries are said to be right");
    }

    [Fact]
    public void A_head_that_forgets_an_event_of_its_subject_is_found() =>
        Assert.Equal(Verdict.Tampered, ledger.VerifyAfter("UPDATE subjects SET seq = seq - 1 WHERE id = 'c1'").Verdict);

    [Fact]
    public void An_event_the_ledger_passed_over_is_found()
    {
        var report = ledger.VerifyAfter("""
            INSERT INTO events (position, subject, seq, id, type, occurred_at, leaf) VALUES (-5, (SELECT key FROM subjects WHERE id = 'c1'), 7, 'slipped-in', 't', 0, x'00');
            UPDATE subjects SET seq = 7 WHERE id = 'c1';
            """);

        Assert.Equal(Verdict.Incomplete, report.Verdict);
    }

    [Fact]
    public void A_missing_key_is_unverifiable_and_never_tampered()
    {
        var report = ledger.VerifyAfter(_ => { }, new LedgerKeys("k2", new Dictionary<string, byte[]> { ["k2"] = new byte[32] }));

        Assert.Equal((Verdict.Unverifiable, 0L), (report.Verdict, report.FirstIndex));
    }

    [Fact]
    public void A_wrong_key_under_the_right_id_is_tampered()
    {
        var report = ledger.VerifyAfter(_ => { }, new LedgerKeys("k1", new Dictionary<string, byte[]> { ["k1"] = new byte[32] }));

        Assert.Equal((Verdict.Tampered, 0L), (report.Verdict, report.FirstIndex));
    }

    [Fact]
    public void A_history_rechained_without_the_key_is_found_where_it_departs()
    {
        var report = ledger.VerifyAfter(connection => Rechain(connection, from: 20));

        Assert.Equal((Verdict.Tampered, 20L), (report.Verdict, report.FirstIndex));
        Assert.Contains("MAC", report.Detail, StringComparison.Ordinal);
    }

    /// <summary>Alters the event at an index, and computes every hash anew from there on, as someone without the MAC key can.</summary>
    static void Rechain(SqliteConnection connection, long from)
    {
        TamperedLedger.Run(connection, $"UPDATE events SET leaf = CAST(replace(CAST(leaf AS TEXT), 'pem', 'der') AS BLOB) WHERE position = (SELECT event FROM ledger_entries WHERE idx = {from})");
        Digest previous = default;
        for (var i = from; i < TamperedLedger.Entries; i++)
        {
            using var read = connection.CreateCommand();
            read.CommandText = $"SELECT e.leaf, (SELECT hash FROM ledger_entries WHERE idx = {i - 1}) FROM ledger_entries l JOIN events e ON e.position = l.event WHERE idx = {i}";
            using var row = read.ExecuteReader();
            Assert.True(row.Read());
            previous = new Digest((byte[])row[1]);
            var leafHash = LedgerHash.Leaf((byte[])row[0]);
            previous = LedgerHash.Entry(i, previous, leafHash);
            row.Close();
            TamperedLedger.Run(connection, $"UPDATE ledger_entries SET leaf_hash = x'{leafHash}', hash = x'{previous}' WHERE idx = {i}");
        }

        TamperedLedger.Run(connection, $"UPDATE ledgers SET hash = x'{previous}'");
    }

    static void Flip(SqliteConnection connection, string table, string column, int index, int at, int bit)
    {
        var where = table == "events" ? $"position = (SELECT event FROM ledger_entries WHERE idx = {index})" : $"idx = {index}";
        using var read = connection.CreateCommand();
        read.CommandText = $"SELECT {column} FROM {table} WHERE {where}";
        var value = (byte[])read.ExecuteScalar()!;
        value[at % value.Length] ^= (byte)(1 << (bit % 8));
        using var write = connection.CreateCommand();
        write.CommandText = $"UPDATE {table} SET {column} = $value WHERE {where}";
        write.Parameters.AddWithValue("$value", value);
        Assert.Equal(1, write.ExecuteNonQuery());
    }
}
