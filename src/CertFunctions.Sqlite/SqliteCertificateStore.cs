using System.Globalization;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;

namespace CertFunctions.Sqlite;

/// <summary>The certificates of one SQLite file. Each read is one statement or one transaction, so a head's seq and state are of one moment.</summary>
sealed class SqliteCertificateStore(SqliteWriter? writer, ReadSessions sessions) : ICertificateStore
{
    /// <summary>Certificates one page may examine.</summary>
    const int ExaminedPerPage = 5_000;

    public Task<CertificateHead?> ReadAsync(SubjectAddress address, CancellationToken cancellationToken) => sessions.ReadAsync(session =>
    {
        var statements = session.Certificates;
        var row = statements.One.Bind(1, address.Org.Value).Bind(2, address.Project.Value).Bind(3, address.Subject.Kind).Bind(4, address.Subject.Id);
        try
        {
            return row.Step() && row.Int64(5) > 0 ? statements.Read(row) : null;
        }
        finally
        {
            row.Reset();
        }
    }, cancellationToken);

    public Task<CertificatePage> ListAsync(CertificateQuery query, CertificatePlace? from, int limit, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => List(session.Certificates, query, from, limit), cancellationToken);

    static CertificatePage List(CertificateStatements statements, CertificateQuery query, CertificatePlace? from, int limit)
    {
        var project = statements.Key(query.Org, query.Project);
        var rows = query.LatestFirst ? Down(statements, query, project, from) : Up(statements, query, project, from);
        try
        {
            var found = new List<CertificateHead>(Math.Min(limit, 64));
            CertificatePlace? last = null;
            for (var examined = 0; rows.Step(); examined++)
            {
                // One row past the page, or past what one page may examine, tells that there is more.
                if (examined == ExaminedPerPage || found.Count == limit)
                    return new CertificatePage(found, last);
                last = new CertificatePlace(UnixTicks.To(rows.Int64(8)), rows.Text(4));
                if (query.Status is { } status && StatusAt(rows, query.Now) != status)
                    continue;
                var head = statements.Read(rows);
                if (query.Matches(head.State))
                    found.Add(head);
            }

            return new CertificatePage(found, null);
        }
        finally
        {
            rows.Reset();
        }
    }

    /// <summary>The rows from the first that may pass, or past where the last page ended, on.</summary>
    static Statement Up(CertificateStatements statements, CertificateQuery query, long project, CertificatePlace? from)
    {
        var place = (NotAfter: UnixTicks.From(query.ExpiringFrom ?? DateTimeOffset.MinValue), Id: "");
        if (from is not null && UnixTicks.From(from.NotAfter) >= place.NotAfter)
            place = (UnixTicks.From(from.NotAfter), from.Id);
        var before = query.ExpiringBefore is { } end ? UnixTicks.From(end) : long.MaxValue;
        return query is { Name: { } name, NameBelow: false }
            ? statements.ByName.Bind(1, project).Bind(2, name).Bind(3, place.NotAfter).Bind(4, place.NotAfter).Bind(5, place.Id).Bind(6, before).Bind(7, ExaminedPerPage + 1)
            : statements.ByEnd.Bind(1, project).Bind(2, place.NotAfter).Bind(3, place.Id).Bind(4, before).Bind(5, ExaminedPerPage + 1);
    }

    /// <summary>The same from the other end. No id sorts before the empty text, so the place before a time is that time with none.</summary>
    static Statement Down(CertificateStatements statements, CertificateQuery query, long project, CertificatePlace? from)
    {
        var place = (NotAfter: query.ExpiringBefore is { } end ? UnixTicks.From(end) : long.MaxValue, Id: "");
        if (from is not null && UnixTicks.From(from.NotAfter) < place.NotAfter)
            place = (UnixTicks.From(from.NotAfter), from.Id);
        var least = query.ExpiringFrom is { } start ? UnixTicks.From(start) : long.MinValue;
        return query is { Name: { } name, NameBelow: false }
            ? statements.ByNameDown.Bind(1, project).Bind(2, name).Bind(3, place.NotAfter).Bind(4, place.NotAfter).Bind(5, place.Id).Bind(6, least).Bind(7, ExaminedPerPage + 1)
            : statements.ByEndDown.Bind(1, project).Bind(2, place.NotAfter).Bind(3, place.Id).Bind(4, least).Bind(5, ExaminedPerPage + 1);
    }

    public Task<CertificateCounts> CountAsync(OrgId org, ProjectId project, DateTimeOffset now, IReadOnlyList<int> withinDays, CancellationToken cancellationToken) =>
        sessions.ReadAsync(session => Count(session.Certificates, org, project, now, withinDays), cancellationToken);

    static CertificateCounts Count(CertificateStatements statements, OrgId org, ProjectId project, DateTimeOffset now, IReadOnlyList<int> withinDays)
    {
        var key = statements.Key(org, project);
        var byStatus = new SortedDictionary<CertificateStatus, long>();
        var rows = statements.CountByStatus.Bind(1, UnixTicks.From(now)).Bind(2, key);
        try
        {
            while (rows.Step())
            {
                var status = StatusAt((CertificateStatus)rows.Int64(0), ended: rows.Int64(1) != 0);
                byStatus[status] = byStatus.GetValueOrDefault(status) + rows.Int64(2);
            }
        }
        finally
        {
            rows.Reset();
        }

        var within = new SortedDictionary<int, long>();
        foreach (var days in withinDays)
        {
            var ending = statements.CountEnding.Bind(1, key).Bind(2, UnixTicks.From(now)).Bind(3, UnixTicks.From(now.AddDays(days)))
                .Bind(4, (long)CertificateStatus.Active).Bind(5, (long)CertificateStatus.RenewalFailed);
            try
            {
                within[days] = ending.Step() ? ending.Int64(0) : 0;
            }
            finally
            {
                ending.Reset();
            }
        }

        return new CertificateCounts(byStatus, within);
    }

    public Task<HeadsPage> ReadDueAsync(DateTimeOffset now, string? position, int limit, CancellationToken cancellationToken)
    {
        var (due, subject) = Place(position);
        return sessions.ReadAsync(session => Page(session.Certificates, session.Certificates.Due.Bind(1, UnixTicks.From(now)).Bind(2, due).Bind(3, subject).Bind(4, limit + 1), limit,
            row => string.Create(CultureInfo.InvariantCulture, $"{row.Int64(6)}:{row.Int64(0)}")), cancellationToken);
    }

    public Task<HeadsPage> ScanAsync(string? position, int limit, CancellationToken cancellationToken)
    {
        var from = position is null ? 0 : long.Parse(position, CultureInfo.InvariantCulture);
        return sessions.ReadAsync(session => Page(session.Certificates, session.Certificates.All.Bind(1, from).Bind(2, limit + 1), limit,
            row => row.Int64(0).ToString(CultureInfo.InvariantCulture)), cancellationToken);
    }

    static HeadsPage Page(CertificateStatements statements, Statement rows, int limit, Func<Statement, string> place)
    {
        try
        {
            var heads = new List<CertificateHead>(Math.Min(limit, 512));
            string? last = null;
            while (rows.Step())
            {
                if (heads.Count == limit)
                    return new HeadsPage(heads, last);
                heads.Add(statements.Read(rows));
                if (heads.Count == limit)
                    last = place(rows);
            }

            return new HeadsPage(heads, null);
        }
        finally
        {
            rows.Reset();
        }
    }

    static (long Due, long Subject) Place(string? position)
    {
        if (position is null)
            return (long.MinValue, 0);
        var colon = position.IndexOf(':', StringComparison.Ordinal);
        return (long.Parse(position.AsSpan(0, colon), CultureInfo.InvariantCulture), long.Parse(position.AsSpan(colon + 1), CultureInfo.InvariantCulture));
    }

    public Task<IReadOnlyList<CertificateHead?>> FindSupersederAsync(IReadOnlyList<CertificateHead> heads, DateTimeOffset now, CancellationToken cancellationToken) =>
        sessions.ReadAsync<IReadOnlyList<CertificateHead?>>(session =>
        {
            var projects = new Dictionary<(OrgId, ProjectId), long>();
            var found = new CertificateHead?[heads.Count];
            // One read transaction: beginning one takes several locks of the file, which would cost more than the look-ups do. A session whose read fails is
            // thrown away, and its transaction with it.
            session.Certificates.Begin.Run();
            for (var i = 0; i < heads.Count; i++)
            {
                var scope = (heads[i].Address.Org, heads[i].Address.Project);
                if (!projects.TryGetValue(scope, out var project))
                    projects[scope] = project = session.Certificates.Key(scope.Org, scope.Project);
                found[i] = FindSuperseder(session.Certificates, project, heads[i], now);
            }

            session.Certificates.End.Run();
            return found;
        }, cancellationToken);

    static CertificateHead? FindSuperseder(CertificateStatements statements, long project, CertificateHead head, DateTimeOffset now)
    {
        if (head.State.Validity is not { } validity || head.State.Names is not { Kept.Count: > 0, Omitted: 0 } names)
            return null;
        CertificateHead? best = null;
        // Whoever covers all names covers the first.
        foreach (var name in CertificateNames.CoveredBy(names.Kept[0]))
        {
            var rows = statements.LaterOfName.Bind(1, project).Bind(2, name).Bind(3, UnixTicks.From(best?.State.Validity!.NotAfter ?? validity.NotAfter)).Bind(4, ICertificateStore.MaxCandidates);
            try
            {
                while (rows.Step())
                {
                    var candidate = statements.Read(rows);
                    if (!Supersession.Covers(candidate, head, now))
                        continue;
                    best = candidate;
                    break;
                }
            }
            finally
            {
                rows.Reset();
            }
        }

        return best;
    }

    public async Task<bool> RescheduleAsync(SubjectAddress address, long expectedSeq, DateTimeOffset? due, CancellationToken cancellationToken)
    {
        var unit = new Reschedule(address, expectedSeq, due is { } time ? UnixTicks.From(time) : null);
        while (!writer.OrRefuse().TryEnqueue(unit))
            await Task.Delay(10, cancellationToken).ConfigureAwait(false);
        return await unit.Done.ConfigureAwait(false);
    }

    static CertificateStatus StatusAt(Statement row, DateTimeOffset now) => StatusAt((CertificateStatus)row.Int64(9), row.Int64(8) <= UnixTicks.From(now));

    static CertificateStatus StatusAt(CertificateStatus status, bool ended) =>
        ended && status is CertificateStatus.Active or CertificateStatus.RenewalFailed ? CertificateStatus.Expired : status;

    /// <summary>Moves a certificate's due time, if nothing happened to it meanwhile.</summary>
    sealed class Reschedule(SubjectAddress address, long expectedSeq, long? due) : WriteUnit
    {
        readonly TaskCompletionSource<bool> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool moved;

        public Task<bool> Done => done.Task;

        public override void Apply(WriteSession session) => moved = session.Reschedule(address, expectedSeq, due);

        public override void Settle() => done.SetResult(moved);

        public override void Fail(Exception e) => done.SetException(e);
    }
}
