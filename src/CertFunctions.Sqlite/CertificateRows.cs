using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CertFunctions.Sqlite;

/// <summary>The certificates' rows, on the writer's connection: read when a certificate's subject is first met, written once per transaction.</summary>
sealed class CertificateRows(SqliteConnection connection, ExpiryPolicies policies) : IDisposable
{
    readonly Statement find = new(connection, "SELECT state, project, not_after, status, due FROM certificates WHERE subject = ?");
    readonly Statement events = new(connection, "SELECT seq, id, leaf FROM events WHERE subject = ? AND seq <= ? ORDER BY seq");
    readonly Statement findProject = new(connection, "SELECT key FROM projects WHERE org = ? AND project = ?");
    readonly Statement addProject = new(connection, "INSERT INTO projects (org, project) VALUES (?, ?)");
    readonly Statement insert = new(connection, "INSERT INTO certificates (subject, project, id, not_after, status, due, state) VALUES (?, ?, ?, ?, ?, ?, ?)");
    readonly Statement update = new(connection, "UPDATE certificates SET not_after = ?, status = ?, due = ?, state = ? WHERE subject = ?");
    readonly Statement updateDue = new(connection, "UPDATE certificates SET due = ?, state = ? WHERE subject = ?");
    readonly Statement updateState = new(connection, "UPDATE certificates SET state = ? WHERE subject = ?");
    readonly Statement addName = new(connection, "INSERT INTO certificate_names (project, name, not_after, subject) VALUES (?, ?, ?, ?)");
    readonly Statement dropName = new(connection, "DELETE FROM certificate_names WHERE project = ? AND name = ? AND not_after = ? AND subject = ?");
    readonly Dictionary<(OrgId, ProjectId), long> projects = [];
    readonly System.Buffers.ArrayBufferWriter<byte> json = new(1024);

    /// <summary>The certificate of a subject that has events, as it was left.</summary>
    public CertificateRow Load(SubjectAddress address, long subject, long seq)
    {
        var row = new CertificateRow { Address = address };
        find.Bind(1, subject);
        try
        {
            if (!find.Step())
                return row;
            row.Project = find.Int64(1);
            row.NotAfter = find.Int64(2);
            row.Status = find.Int64(3);
            row.NextDue = row.Due = find.IsNull(4) ? null : find.Int64(4);
            if (CertificateState.TryRead(find.Blob(0), out var state))
            {
                (row.State, row.Stored) = (state, state);
                return row;
            }
        }
        finally
        {
            find.Reset();
        }

        // Written by another version. Its names may be any: what this one would have written is written.
        row.State = Fold(events, address, subject, seq);
        row.NextDue = DueOf(row.State, address);
        row.IsDirty = true;
        Forget(row, subject);
        return row;
    }

    /// <summary>Writes the row of a certificate that has none, from its events.</summary>
    public void Rebuild(SubjectAddress address, long subject, long seq)
    {
        var state = Fold(events, address, subject, seq);
        Save(new CertificateRow { Address = address, State = state, NextDue = DueOf(state, address) }, subject);
    }

    /// <summary>The state as the subject's events up to a seq make it; <paramref name="events"/> reads seq, id and leaf of those.</summary>
    public static CertificateState Fold(Statement events, SubjectAddress address, long subject, long seq)
    {
        var state = CertificateState.None;
        events.Bind(1, subject).Bind(2, seq);
        try
        {
            while (events.Step())
            {
                var recorded = new RecordedEvent { Address = address, Seq = events.Int64(0), Id = EventId.Parse(events.Text(1)), Leaf = events.Blob(2).ToArray() };
                state = state.Apply(CertificateChange.Of(recorded)!);
            }

            return state;
        }
        finally
        {
            events.Reset();
        }
    }

    /// <summary>Takes an event into the state.</summary>
    public void Apply(CertificateRow row, CertificateChange change)
    {
        var next = row.State.Apply(change);
        var due = DueOf(next, row.Address);
        row.IsDirty |= !ReferenceEquals(next, row.State) || due != row.NextDue;
        (row.State, row.NextDue) = (next, due);
    }

    /// <summary>Sets when to look at the certificate next, until its next event.</summary>
    public static void Reschedule(CertificateRow row, long? due)
    {
        row.IsDirty |= due != row.NextDue;
        row.NextDue = due;
    }

    long? DueOf(CertificateState state, SubjectAddress address) => ExpiryPlan.NextDue(state, policies.For(address)) is { } due ? UnixTicks.From(due) : null;

    /// <summary>Writes what became of the certificate in this transaction.</summary>
    public void Save(CertificateRow row, long subject)
    {
        row.IsDirty = false;
        if (row.Project == 0 && row.State == CertificateState.None)
            return;
        json.ResetWrittenCount();
        row.State.ToJson(json);
        var notAfter = UnixTicks.From(row.State.Validity?.NotAfter ?? CertificatePlace.None);
        var status = (long)row.State.Status;
        if (row.Project == 0)
        {
            row.Project = Project(row.Address.Org, row.Address.Project);
            insert.Bind(1, subject).Bind(2, row.Project).Bind(3, row.Address.Subject.Id).Bind(4, notAfter).Bind(5, status).Bind(6, row.NextDue).Bind(7, json.WrittenSpan).Run();
        }
        // SQLite writes every index that has a column of the statement's, changed or not.
        else if (row.NotAfter == notAfter && row.Status == status)
        {
            if (row.Due == row.NextDue)
                updateState.Bind(1, json.WrittenSpan).Bind(2, subject).Run();
            else
                updateDue.Bind(1, row.NextDue).Bind(2, json.WrittenSpan).Bind(3, subject).Run();
        }
        else
            update.Bind(1, notAfter).Bind(2, status).Bind(3, row.NextDue).Bind(4, json.WrittenSpan).Bind(5, subject).Run();
        var before = row.Stored?.Names ?? CertificateNames.None;
        if (row.NotAfter != notAfter || !before.Equals(row.State.Names))
        {
            foreach (var name in before.Kept)
                dropName.Bind(1, row.Project).Bind(2, name).Bind(3, row.NotAfter).Bind(4, subject).Run();
            if (row.State.Validity is not null)
            {
                foreach (var name in row.State.Names.Kept)
                    addName.Bind(1, row.Project).Bind(2, name).Bind(3, notAfter).Bind(4, subject).Run();
            }
        }

        (row.Stored, row.NotAfter, row.Status, row.Due) = (row.State, notAfter, status, row.NextDue);
    }

    /// <summary>Takes out the names of a certificate whose state cannot be read any more.</summary>
    void Forget(CertificateRow row, long subject)
    {
        using var drop = new Statement(connection, "DELETE FROM certificate_names WHERE project = ? AND subject = ?");
        drop.Bind(1, row.Project).Bind(2, subject).Run();
        row.NotAfter = long.MinValue;
    }

    long Project(OrgId org, ProjectId project)
    {
        if (projects.TryGetValue((org, project), out var key))
            return key;
        findProject.Bind(1, org.Value).Bind(2, project.Value);
        var found = findProject.Step();
        key = found ? findProject.Int64(0) : 0;
        findProject.Reset();
        if (!found)
        {
            addProject.Bind(1, org.Value).Bind(2, project.Value).Run();
            key = raw.sqlite3_last_insert_rowid(connection.Handle!);
        }

        return projects[(org, project)] = key;
    }

    /// <summary>What was remembered may be of a transaction that is gone.</summary>
    public void Forget() => projects.Clear();

    public void Dispose()
    {
        foreach (var statement in new[] { find, events, findProject, addProject, insert, update, updateDue, updateState, addName, dropName })
            statement.Dispose();
    }
}

/// <summary>A certificate as of this transaction, and as its row has it.</summary>
sealed class CertificateRow
{
    public required SubjectAddress Address { get; init; }

    public CertificateState State { get; set; } = CertificateState.None;

    public long? NextDue { get; set; }

    public bool IsDirty { get; set; }

    /// <summary>The state in the row; null where there is no row, or none that can be read.</summary>
    public CertificateState? Stored { get; set; }

    /// <summary>0 where there is no row.</summary>
    public long Project { get; set; }

    public long NotAfter { get; set; }

    public long Status { get; set; }

    public long? Due { get; set; }
}
