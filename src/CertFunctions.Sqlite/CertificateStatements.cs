using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite;

/// <summary>What a read session asks of the certificates.</summary>
sealed class CertificateStatements(SqliteConnection connection) : IDisposable
{
    const string Head = "s.key, s.org, s.project, s.kind, s.id, s.seq, c.due, c.state, c.not_after, c.status";
    const string From = $"SELECT {Head} FROM certificates c JOIN subjects s ON s.key = c.subject";

    public Statement One { get; } = new(connection, $"SELECT {Head} FROM subjects s LEFT JOIN certificates c ON c.subject = s.key WHERE s.org = ? AND s.project = ? AND s.kind = ? AND s.id = ?");

    public Statement Project { get; } = new(connection, "SELECT key FROM projects WHERE org = ? AND project = ?");

    public Statement ByEnd { get; } = new(connection, $"{From} WHERE c.project = ? AND (c.not_after, c.id) > (?, ?) AND c.not_after < ? ORDER BY c.not_after, c.id LIMIT ?");

    public Statement ByName { get; } = new(connection, $"""
        SELECT {Head} FROM certificate_names n JOIN certificates c ON c.subject = n.subject JOIN subjects s ON s.key = n.subject
        WHERE n.project = ? AND n.name = ? AND n.not_after >= ? AND (n.not_after, c.id) > (?, ?) AND n.not_after < ? ORDER BY n.not_after, c.id LIMIT ?
        """);

    public Statement ByEndDown { get; } = new(connection, $"{From} WHERE c.project = ? AND (c.not_after, c.id) < (?, ?) AND c.not_after >= ? ORDER BY c.not_after DESC, c.id DESC LIMIT ?");

    public Statement ByNameDown { get; } = new(connection, $"""
        SELECT {Head} FROM certificate_names n JOIN certificates c ON c.subject = n.subject JOIN subjects s ON s.key = n.subject
        WHERE n.project = ? AND n.name = ? AND n.not_after <= ? AND (n.not_after, c.id) < (?, ?) AND n.not_after >= ? ORDER BY n.not_after DESC, c.id DESC LIMIT ?
        """);

    public Statement LaterOfName { get; } = new(connection, $"""
        SELECT {Head} FROM certificate_names n JOIN certificates c ON c.subject = n.subject JOIN subjects s ON s.key = n.subject
        WHERE n.project = ? AND n.name = ? AND n.not_after > ? ORDER BY n.not_after DESC LIMIT ?
        """);

    public Statement Due { get; } = new(connection, $"{From} WHERE c.due <= ? AND (c.due, c.subject) > (?, ?) ORDER BY c.due, c.subject LIMIT ?");

    public Statement All { get; } = new(connection, $"{From} WHERE c.subject > ? ORDER BY c.subject LIMIT ?");

    public Statement CountByStatus { get; } = new(connection, "SELECT status, not_after <= ?, COUNT(*) FROM certificates WHERE project = ? GROUP BY 1, 2");

    public Statement CountEnding { get; } = new(connection, "SELECT COUNT(*) FROM certificates WHERE project = ? AND not_after > ? AND not_after <= ? AND status IN (?, ?)");

    public Statement Begin { get; } = new(connection, "BEGIN");

    public Statement End { get; } = new(connection, "COMMIT");

    readonly Statement events = new(connection, "SELECT seq, id, leaf FROM events WHERE subject = ? AND seq <= ? ORDER BY seq");

    /// <summary>The head in the row at hand.</summary>
    public CertificateHead Read(Statement row)
    {
        var (subject, seq) = (row.Int64(0), row.Int64(5));
        var address = new SubjectAddress(OrgId.Parse(row.Text(1)), ProjectId.Parse(row.Text(2)), Subject.Parse(row.Text(3), row.Text(4)));
        // Without a row nothing is known but that there are events; a row of another version is made anew, and written so with the next event.
        var state = CertificateState.None;
        if (!row.IsNull(7) && !CertificateState.TryRead(row.Blob(7), out state))
            state = CertificateRows.Fold(events, address, subject, seq);
        return new CertificateHead(address, seq, state, row.IsNull(6) ? null : UnixTicks.To(row.Int64(6)));
    }

    /// <summary>The project's key; 0, which no project has, where it has no certificates.</summary>
    public long Key(OrgId org, ProjectId project)
    {
        Project.Bind(1, org.Value).Bind(2, project.Value);
        try
        {
            return Project.Step() ? Project.Int64(0) : 0;
        }
        finally
        {
            Project.Reset();
        }
    }

    public void Dispose()
    {
        foreach (var statement in new[] { One, Project, ByEnd, ByName, ByEndDown, ByNameDown, LaterOfName, Due, All, CountByStatus, CountEnding, Begin, End, events })
            statement.Dispose();
    }
}
