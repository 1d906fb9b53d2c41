using Microsoft.Data.Sqlite;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>The database of a data folder, as someone who holds the file may treat it.</summary>
static class Database
{
    public static void Run(string data, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, "certfn.db"), Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
