using System.Globalization;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Drill;
using Microsoft.Data.Sqlite;

namespace CertFunctions.LocalHost.Demo;

/// <summary>What someone with the database file could do: take a copy, remove its guards, and move one certificate's expiry by a thousand years.</summary>
static class TamperedCopy
{
    const string Expiry = "\"not_after\":\"";

    /// <summary>Copies <paramref name="from"/>'s database and ledger keys to <paramref name="to"/>, and alters the entry at <paramref name="index"/> there.</summary>
    public static void Make(DataFolder from, DataFolder to, long index)
    {
        DataFolder.CreateOwnerOnly(to.Path);
        DataFolder.CreateOwnerOnly(to.Keys);
        foreach (var key in Directory.GetFiles(from.Keys, "hmac-*.key"))
            File.Copy(key, Path.Combine(to.Keys, Path.GetFileName(key)));

        using var source = DrillDatabase.Open(from.Database, SqliteOpenMode.ReadOnly);
        using var copy = DrillDatabase.Open(to.Database, SqliteOpenMode.ReadWriteCreate);
        source.BackupDatabase(copy);
        using var find = copy.CreateCommand();
        find.CommandText = "SELECT e.position, CAST(e.leaf AS TEXT) FROM events e JOIN ledger_entries l ON l.event = e.position WHERE l.idx = $index";
        find.Parameters.AddWithValue("$index", index);
        using var entry = find.ExecuteReader();
        if (!entry.Read())
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"the copy has no entry {index}"));
        using var alter = copy.CreateCommand();
        alter.CommandText = "DROP TRIGGER events_stay_as_they_are; UPDATE events SET leaf = CAST($leaf AS BLOB) WHERE position = $position";
        alter.Parameters.AddWithValue("$leaf", MoveExpiry(entry.GetString(1)));
        alter.Parameters.AddWithValue("$position", entry.GetInt64(0));
        entry.Close();
        alter.ExecuteNonQuery();
    }

    /// <summary>The same with a file of ledger lines.</summary>
    public static void MakeLines(string from, string to, long index) => File.WriteAllLines(to, File.ReadLines(from).Select((line, i) => i == index ? MoveExpiry(line) : line));

    /// <summary>Whether a leaf, or a line with one in it, is about a certificate that ends some day.</summary>
    public static bool HasExpiry(string text) => text.Contains(Expiry, StringComparison.Ordinal);

    /// <summary>A thousand years later, or earlier where that is the year 9999 that stands for "never": some digit must change.</summary>
    static string MoveExpiry(string text)
    {
        var at = text.IndexOf(Expiry, StringComparison.Ordinal) + Expiry.Length;
        return text[..at] + (text[at] == '9' ? '8' : (char)(text[at] + 1)) + text[(at + 1)..];
    }
}
