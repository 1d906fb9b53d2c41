using System.Globalization;
using CertFunctions.LocalHost.Data;
using Microsoft.Data.Sqlite;

namespace CertFunctions.LocalHost.Demo;

/// <summary>What someone with the database file could do: take a copy, remove its guards, and move one certificate's expiry by a century.</summary>
static class TamperedCopy
{
    /// <summary>Copies <paramref name="from"/>'s database and ledger keys to <paramref name="to"/>, and alters the entry at <paramref name="index"/> there.</summary>
    public static void Make(DataFolder from, DataFolder to, long index)
    {
        DataFolder.CreateOwnerOnly(to.Path);
        DataFolder.CreateOwnerOnly(to.Keys);
        foreach (var key in Directory.GetFiles(from.Keys, "hmac-*.key"))
            File.Copy(key, Path.Combine(to.Keys, Path.GetFileName(key)));

        using var source = Open(from.Database, SqliteOpenMode.ReadOnly);
        using var copy = Open(to.Database, SqliteOpenMode.ReadWriteCreate);
        source.BackupDatabase(copy);
        using var alter = copy.CreateCommand();
        alter.CommandText = """
            DROP TRIGGER events_stay_as_they_are;
            UPDATE events SET leaf = CAST(replace(CAST(leaf AS TEXT), '"not_after":"2', '"not_after":"3') AS BLOB)
            WHERE position = (SELECT event FROM ledger_entries WHERE idx = $index);
            """;
        alter.Parameters.AddWithValue("$index", index);
        if (alter.ExecuteNonQuery() != 1)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"the copy has no entry {index}"));
    }

    /// <summary>The same with a file of ledger lines.</summary>
    public static void MakeLines(string from, string to, long index) => File.WriteAllLines(
        to, File.ReadLines(from).Select((line, i) => i == index ? line.Replace("\"not_after\":\"2", "\"not_after\":\"3", StringComparison.Ordinal) : line));

    static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
