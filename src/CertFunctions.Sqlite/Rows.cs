using CertFunctions.Core.Events;

namespace CertFunctions.Sqlite;

/// <summary>Rows as events.</summary>
static class Rows
{
    /// <summary>An event from the columns position, org, project, kind, subject id, seq, id, leaf, salt, personal, beginning at <paramref name="c"/>.</summary>
    public static RecordedEvent Event(Statement row, int c) => new()
    {
        Handle = row.Int64(c),
        Address = new SubjectAddress(OrgId.Parse(row.Text(c + 1)), ProjectId.Parse(row.Text(c + 2)), Subject.Parse(row.Text(c + 3), row.Text(c + 4))),
        Seq = row.Int64(c + 5),
        Id = EventId.Parse(row.Text(c + 6)),
        Leaf = row.Blob(c + 7).ToArray(),
        Salt = row.Blob(c + 8).ToArray(),
        Personal = row.Blob(c + 9).ToArray(),
    };

    /// <summary>The row key of a subject; null where it has no events.</summary>
    public static long? Key(this ReadSession session, SubjectAddress address)
    {
        var find = session.FindSubject.Bind(1, address.Org.Value).Bind(2, address.Project.Value).Bind(3, address.Subject.Kind).Bind(4, address.Subject.Id);
        try
        {
            return find.Step() ? find.Int64(0) : null;
        }
        finally
        {
            find.Reset();
        }
    }
}
