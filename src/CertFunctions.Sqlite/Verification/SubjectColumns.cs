using System.Text;
using CertFunctions.Core.Events;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Verification;

/// <summary>Holds the columns that queries rely on against what the leaf says, which is what was hashed.</summary>
sealed class SubjectColumns(SqliteConnection connection, OrgId ledger) : IDisposable
{
    readonly Statement find = new(connection, "SELECT org, project, kind, id FROM subjects WHERE key = ?");
    long cachedKey;
    SubjectAddress? cached;
    byte[] keyIdUtf8 = [];
    string keyId = "";

    /// <summary>
    /// Whether the row's subject, seq, id, type and time, the columns from <paramref name="first"/> on, are those of the leaf in column
    /// <paramref name="leaf"/>, and the leaf belongs to this ledger.
    /// </summary>
    public bool Agree(Statement row, int leaf, int first) =>
        LeafHeader.TryRead(row.Blob(leaf), out var header)
        && header.Address.Org == ledger
        && Address(row.Int64(first)) == header.Address
        && row.Int64(first + 1) == header.Seq
        && row.TextEquals(first + 2, header.Id.Value)
        && row.TextEquals(first + 3, header.Type)
        && row.Int64(first + 4) == UnixTicks.From(header.OccurredAt);

    /// <summary>The key id as text; the same one nearly always, so it is decoded once.</summary>
    public string KeyId(ReadOnlySpan<byte> utf8)
    {
        if (utf8.SequenceEqual(keyIdUtf8))
            return keyId;
        keyIdUtf8 = utf8.ToArray();
        return keyId = Encoding.UTF8.GetString(utf8);
    }

    public void Dispose() => find.Dispose();

    SubjectAddress? Address(long key)
    {
        if (key == cachedKey)
            return cached;
        cachedKey = key;
        cached = null;
        if (find.Bind(1, key).Step() && OrgId.TryParse(find.Text(0), out var org) && ProjectId.TryParse(find.Text(1), out var project) && Subject.TryParse(find.Text(2), find.Text(3), out var subject))
            cached = new SubjectAddress(org, project, subject);
        find.Reset();
        return cached;
    }
}
