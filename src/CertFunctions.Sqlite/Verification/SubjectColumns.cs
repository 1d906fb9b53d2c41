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
        return Ascii.Equals(subject.Org, ledger.Value)
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
            || !members.SubjectId.SequenceEqual(subject.Id) || !members.SubjectKind.SequenceEqual(subject.Kind)
            || !members.Project.SequenceEqual(subject.Project) || !members.Org.SequenceEqual(subject.Org)
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
        var row = rows[(ulong)key % Remembered] ??= new SubjectRow();
        if (row.Key == key)
            return row;
        if (find.Bind(1, key).Step())
            row.Become(key, find.Utf8(0), find.Utf8(1), find.Utf8(2), find.Utf8(3));
        else
            row.Become(key, default, default, default, default);
        find.Reset();
        return row;
    }

    /// <summary>A row of the subjects, as it stands there; empty texts, which are no leaf's, where there is none. One buffer serves one subject after another.</summary>
    sealed class SubjectRow
    {
        byte[] texts = [];
        int project, kind, id, end;

        public long? Key { get; private set; }

        public ReadOnlySpan<byte> Org => texts.AsSpan(0, project);

        public ReadOnlySpan<byte> Project => texts.AsSpan(project..kind);

        public ReadOnlySpan<byte> Kind => texts.AsSpan(kind..id);

        public ReadOnlySpan<byte> Id => texts.AsSpan(id..end);

        public void Become(long key, ReadOnlySpan<byte> org, ReadOnlySpan<byte> project, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> id)
        {
            Key = key;
            this.project = org.Length;
            this.kind = this.project + project.Length;
            this.id = this.kind + kind.Length;
            end = this.id + id.Length;
            if (texts.Length < end)
                texts = new byte[end];
            org.CopyTo(texts);
            project.CopyTo(texts.AsSpan(this.project));
            kind.CopyTo(texts.AsSpan(this.kind));
            id.CopyTo(texts.AsSpan(this.id));
        }

        public bool Is(SubjectAddress address) =>
            Ascii.Equals(Org, address.Org.Value) && Ascii.Equals(Project, address.Project.Value) && Ascii.Equals(Kind, address.Subject.Kind)
            && Encoding.UTF8.GetString(Id) == address.Subject.Id;
    }
}
