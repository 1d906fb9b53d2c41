using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>
/// The writer's connection with its prepared statements, and what it remembers of subjects between commits. Used by the writer's thread only.
/// </summary>
sealed class WriteSession(SqliteConnection connection, ExpiryPolicies policies) : IDisposable
{
    const int RememberedSubjects = 50_000;

    readonly Statement begin = new(connection, "BEGIN IMMEDIATE");
    readonly Statement commit = new(connection, "COMMIT");
    readonly Statement findSubject = new(connection, "SELECT key, seq FROM subjects WHERE org = ? AND project = ? AND kind = ? AND id = ?");
    readonly Statement addSubject = new(connection, "INSERT INTO subjects (org, project, kind, id, seq) VALUES (?, ?, ?, ?, 0)");
    readonly Statement moveSubject = new(connection, "UPDATE subjects SET seq = ? WHERE key = ?");
    readonly CertificateRows certificates = new(connection, policies);
    readonly Dictionary<SubjectAddress, SubjectHead> subjects = [];
    readonly List<SubjectHead> moved = [];

    public Statement InsertEvent { get; } = new(connection, """
        INSERT INTO events (subject, seq, id, type, occurred_at, leaf, salt, personal) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (subject, id) DO NOTHING
        """);

    public Statement FindEvent { get; } = new(connection, "SELECT position, seq, leaf, salt, personal FROM events WHERE subject = ? AND id = ?");

    public Statement FindLedger { get; } = new(connection, "SELECT key, size, hash, last_event FROM ledgers WHERE org = ?");

    public Statement AddLedger { get; } = new(connection, "INSERT INTO ledgers (org, size, hash, last_event) VALUES (?, 0, ?, 0)");

    public Statement MoveLedger { get; } = new(connection, "UPDATE ledgers SET size = ?, hash = ?, last_event = ? WHERE key = ?");

    public Statement InsertEntry { get; } = new(connection, "INSERT INTO ledger_entries (ledger, idx, event, leaf_hash, hash, mac, key_id) VALUES (?, ?, ?, ?, ?, ?, ?)");

    public Statement IsChained { get; } = new(connection, "SELECT 1 FROM ledger_entries WHERE event = ?");

    public Statement OpenSegment { get; } = new(connection, "INSERT INTO ledger_segments (ledger, segment, opening_hash) VALUES (?, ?, ?)");

    public Statement SavePosition { get; } = new(connection, "INSERT INTO positions (reader, position) VALUES (?, ?) ON CONFLICT (reader) DO UPDATE SET position = excluded.position");

    public Statement FindPosition { get; } = new(connection, "SELECT position FROM positions WHERE reader = ?");

    public long LastRowId => raw.sqlite3_last_insert_rowid(connection.Handle!);

    public int Changes => raw.sqlite3_changes(connection.Handle!);

    /// <summary>The highest position among this transaction's new events; 0 for none.</summary>
    public long HighestEvent { get; private set; }

    public void Begin()
    {
        HighestEvent = 0;
        if (subjects.Count > RememberedSubjects)
            subjects.Clear();
        begin.Run();
    }

    /// <summary>Moves the heads of the subjects that got events, and commits.</summary>
    public void Commit()
    {
        foreach (var subject in moved)
        {
            moveSubject.Bind(1, subject.Seq).Bind(2, subject.Key).Run();
            if (subject.Certificate is { IsDirty: true } certificate)
                certificates.Save(certificate, subject.Key);
            subject.Moved = false;
        }

        moved.Clear();
        commit.Run();
    }

    public void Rollback()
    {
        // What we remember of subjects may be of the transaction that is gone.
        subjects.Clear();
        certificates.Forget();
        moved.Clear();
        if (raw.sqlite3_get_autocommit(connection.Handle!) == 0)
            SqliteDatabase.Run(connection, "ROLLBACK");
    }

    /// <summary>The subject's head as of this transaction, added where it is new.</summary>
    public SubjectHead Subject(SubjectAddress address)
    {
        if (FindSubject(address) is { } found)
            return found;
        BindAddress(addSubject, address);
        addSubject.Run();
        return subjects[address] = new SubjectHead { Key = LastRowId, Certificate = IsCertificate(address) ? new CertificateRow { Address = address } : null };
    }

    /// <summary>The subject's head as of this transaction; null where it has no events.</summary>
    public SubjectHead? FindSubject(SubjectAddress address)
    {
        if (subjects.TryGetValue(address, out var head))
            return head;
        BindAddress(findSubject, address);
        var there = findSubject.Step();
        var (key, seq) = there ? (findSubject.Int64(0), findSubject.Int64(1)) : default;
        findSubject.Reset();
        if (!there)
            return null;
        return subjects[address] = new SubjectHead { Key = key, Seq = seq, Certificate = IsCertificate(address) ? certificates.Load(address, key, seq) : null };
    }

    /// <summary>Notes that the subject got an event with the next seq, the last row inserted.</summary>
    public void Advance(SubjectHead subject, StampedEvent e)
    {
        HighestEvent = LastRowId;
        subject.Seq++;
        if (subject.Certificate is { } certificate)
            certificates.Apply(certificate, e.Change!);
        Move(subject);
    }

    /// <summary>Sets when to look at a certificate next, if its head is at that seq; whether it is.</summary>
    public bool Reschedule(SubjectAddress address, long expectedSeq, long? due)
    {
        if (FindSubject(address) is not { Certificate: { } certificate } subject || subject.Seq != expectedSeq)
            return false;
        CertificateRows.Reschedule(certificate, due);
        Move(subject);
        return true;
    }

    void Move(SubjectHead subject)
    {
        if (subject.Moved)
            return;
        subject.Moved = true;
        moved.Add(subject);
    }

    static bool IsCertificate(SubjectAddress address) => address.Subject.Kind == Core.Events.Subject.Certificate;

    static void BindAddress(Statement statement, SubjectAddress address) =>
        statement.Bind(1, address.Org.Value).Bind(2, address.Project.Value).Bind(3, address.Subject.Kind).Bind(4, address.Subject.Id);

    public void Dispose()
    {
        foreach (var statement in new[] { begin, commit, findSubject, addSubject, moveSubject, InsertEvent, FindEvent, FindLedger, AddLedger, MoveLedger, InsertEntry, IsChained, OpenSegment, SavePosition, FindPosition })
            statement.Dispose();
        certificates.Dispose();
    }
}

/// <summary>A subject's row key and the seq of its last event.</summary>
sealed class SubjectHead
{
    public required long Key { get; init; }

    public long Seq { get; set; }

    public bool Moved { get; set; }

    /// <summary>What its events come to; null where it is no certificate.</summary>
    public CertificateRow? Certificate { get; init; }
}
