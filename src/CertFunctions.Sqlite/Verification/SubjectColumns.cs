using System.Globalization;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Verification;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Verification;

/// <summary>Holds the columns that queries rely on against what the leaf says, which is what was hashed.</summary>
sealed class SubjectColumns(SqliteConnection connection, OrgId ledger) : IDisposable
{
    /// <summary>Subjects remembered, each at the place its key gives it: a ledger of any number of subjects takes the same memory.</summary>
    const int Remembered = 8192;

    readonly Statement find = new(connection, "SELECT org, project, kind, id FROM subjects WHERE key = ?");
    readonly SubjectRow?[] rows = new SubjectRow?[Remembered];
    byte[] keyIdUtf8 = [];
    string keyId = "";

    /// <summary>
    /// Whether the row's subject, seq, id, type and time, the columns from <paramref name="first"/> on, are those of the leaf in column
    /// <paramref name="leaf"/>, and the leaf belongs to this ledger.
    /// </summary>
    public bool Agree(Statement row, int leaf, int first)
    {
        var subject = Subject(row.Int64(first));
        return subject.Org == ledger.Value
            && (AgreeAsPrinted(row, leaf, first, subject) || AgreeAsParsed(row, leaf, first, subject));
    }

    /// <summary>The key id as text; the same one nearly always, so it is decoded once.</summary>
    public string KeyId(ReadOnlySpan<byte> utf8)
    {
        if (utf8.SequenceEqual(keyIdUtf8))
            return keyId;
        keyIdUtf8 = utf8.ToArray();
        return keyId = Encoding.UTF8.GetString(utf8);
    }

    public void Dispose() => find.Dispose();

    /// <summary>The columns, printed, are the very bytes of a leaf in our own format. Nearly every leaf is settled here.</summary>
    static bool AgreeAsPrinted(Statement row, int leaf, int first, SubjectRow subject)
    {
        if (!LeafMembers.TryRead(row.Blob(leaf), out var members)
            || !members.SubjectId.SequenceEqual(subject.IdUtf8) || !members.SubjectKind.SequenceEqual(subject.KindUtf8)
            || !members.Project.SequenceEqual(subject.ProjectUtf8) || !members.Org.SequenceEqual(subject.OrgUtf8)
            || !members.Id.SequenceEqual(row.Utf8(first + 2)) || !members.Type.SequenceEqual(row.Utf8(first + 3)))
            return false;
        Span<byte> printed = stackalloc byte[32];
        return row.Int64(first + 1).TryFormat(printed, out var digits, default, CultureInfo.InvariantCulture) && members.Seq.SequenceEqual(printed[..digits])
            && UnixTicks.TryPrint(row.Int64(first + 4), printed, out var length) && members.OccurredAt.SequenceEqual(printed[..length]);
    }

    static bool AgreeAsParsed(Statement row, int leaf, int first, SubjectRow subject) =>
        LeafHeader.TryRead(row.Blob(leaf), out var header)
        && subject.Is(header.Address)
        && row.Int64(first + 1) == header.Seq
        && row.TextEquals(first + 2, header.Id.Value)
        && row.TextEquals(first + 3, header.Type)
        && row.Int64(first + 4) == UnixTicks.From(header.OccurredAt);

    SubjectRow Subject(long key)
    {
        ref var place = ref rows[(ulong)key % Remembered];
        if (place is { } known && known.Key == key)
            return known;
        place = find.Bind(1, key).Step() ? new SubjectRow(key, find.Text(0), find.Text(1), find.Text(2), find.Text(3)) : new SubjectRow(key, "", "", "", "");
        find.Reset();
        return place;
    }

    /// <summary>A row of the subjects, as it stands there; empty texts, which are no leaf's, where there is none.</summary>
    sealed record SubjectRow(long Key, string Org, string Project, string Kind, string Id)
    {
        public byte[] OrgUtf8 { get; } = Encoding.UTF8.GetBytes(Org);

        public byte[] ProjectUtf8 { get; } = Encoding.UTF8.GetBytes(Project);

        public byte[] KindUtf8 { get; } = Encoding.UTF8.GetBytes(Kind);

        public byte[] IdUtf8 { get; } = Encoding.UTF8.GetBytes(Id);

        public bool Is(SubjectAddress address) =>
            address.Org.Value == Org && address.Project.Value == Project && address.Subject.Kind == Kind && address.Subject.Id == Id;
    }
}
