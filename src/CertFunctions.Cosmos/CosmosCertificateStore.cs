using System.Globalization;
using System.Net;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>The certificates' heads in the events container. Lists and counts stay within one (org, project); a sweep asks all partitions for what is due, by the index on due alone.</summary>
sealed class CosmosCertificateStore(Container container, CertificateHeads heads) : ICertificateStore
{
    /// <summary>Certificates one page may examine where a filter is not the service's.</summary>
    const int ExaminedPerPage = 1_000;

    /// <summary>Look-ups under way at once.</summary>
    const int AtOnce = 8;

    public Task<CertificateHead?> ReadAsync(SubjectAddress address, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
        await FindAsync(address, cancellationToken).ConfigureAwait(false) is { } found ? await heads.ReadAsync(found.Resource, cancellationToken).ConfigureAwait(false) : null);

    async Task<ItemResponse<SubjectDocument>?> FindAsync(SubjectAddress address, CancellationToken cancellationToken)
    {
        try
        {
            return await container.ReadItemAsync<SubjectDocument>(SubjectDocument.HeadId, CosmosNames.Partition(address), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public Task<CertificatePage> ListAsync(CertificateQuery query, CertificatePlace? from, int limit, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        // What lies below a name the service cannot tell; the rest it filters itself.
        var examined = query is { Name: not null, NameBelow: true } ? Math.Max(limit, ExaminedPerPage) : limit;
        using var pages = container.GetItemQueryIterator<SubjectDocument>(List(query, from, examined + 1), requestOptions: CosmosNames.Within(Partition(query.Org, query.Project), examined + 1));
        var found = new List<CertificateHead>();
        CertificateHead? last = null;
        var count = 0;
        while (pages.HasMoreResults)
        {
            foreach (var document in await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false))
            {
                if (count == examined || found.Count == limit)
                    return new CertificatePage(found, CertificatePlace.Of(last!));
                count++;
                last = await heads.ReadAsync(document, cancellationToken).ConfigureAwait(false);
                if (query.Matches(last.State))
                    found.Add(last);
            }
        }

        return new CertificatePage(found, null);
    });

    static QueryDefinition List(CertificateQuery query, CertificatePlace? from, int top)
    {
        var where = new List<string>();
        var parameters = new List<(string, object)>();
        // The window always, for what has no end is no head; then the place in it, which may lie before it.
        Add("c.not_after >= @least", "@least", CosmosNames.Time(query.ExpiringFrom ?? DateTimeOffset.MinValue));
        if (from is not null)
        {
            var (reached, past) = query.LatestFirst ? ("<=", "<") : (">=", ">");
            Add($"c.not_after {reached} @from", "@from", CosmosNames.Time(from.NotAfter));
            Add($"(c.not_after {past} @from OR c.cert {past} @id)", "@id", from.Id);
        }

        if (query.ExpiringBefore is { } before)
            Add("c.not_after < @before", "@before", CosmosNames.Time(before));
        if (query.Issuer is { } issuer)
            Add("c.issuer = @issuer", "@issuer", issuer);
        if (query is { Name: { } name, NameBelow: false })
            Add("ARRAY_CONTAINS(c.names, @name)", "@name", name);
        if (query.Status is { } status)
            where.Add(StatusFilter(status, query.Now, parameters));
        var sql = new QueryDefinition($"SELECT TOP {top.ToString(CultureInfo.InvariantCulture)} * FROM c WHERE {string.Join(" AND ", where)} ORDER BY {(query.LatestFirst ? "c.not_after DESC, c.cert DESC" : "c.not_after, c.cert")}");
        return parameters.Aggregate(sql, (q, p) => q.WithParameter(p.Item1, p.Item2));

        void Add(string filter, string parameter, string value)
        {
            where.Add(filter);
            parameters.Add((parameter, value));
        }
    }

    /// <summary>What <see cref="CertificateState.StatusAt"/> says, as a filter.</summary>
    static string StatusFilter(CertificateStatus status, DateTimeOffset now, List<(string, object)> parameters)
    {
        parameters.Add(("@status", status.Wire()));
        if (status is not (CertificateStatus.Active or CertificateStatus.RenewalFailed or CertificateStatus.Expired))
            return "c.status = @status";
        parameters.Add(("@now", CosmosNames.Time(now)));
        if (status != CertificateStatus.Expired)
            return "(c.status = @status AND c.not_after > @now)";
        parameters.Add(("@active", CertificateStatus.Active.Wire()));
        parameters.Add(("@failed", CertificateStatus.RenewalFailed.Wire()));
        return "(c.status = @status OR (c.status IN (@active, @failed) AND c.not_after <= @now))";
    }

    public Task<CertificateCounts> CountAsync(OrgId org, ProjectId project, DateTimeOffset now, IReadOnlyList<int> withinDays, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        var byStatus = new SortedDictionary<CertificateStatus, long>();
        foreach (var status in Enum.GetValues<CertificateStatus>())
        {
            var parameters = new List<(string, object)>();
            var filter = StatusFilter(status, now, parameters);
            if (await CountAsync(org, project, filter, parameters, cancellationToken).ConfigureAwait(false) is > 0 and var count)
                byStatus[status] = count;
        }

        var within = new SortedDictionary<int, long>();
        foreach (var days in withinDays)
        {
            within[days] = await CountAsync(org, project, "c.status IN (@active, @failed) AND c.not_after > @now AND c.not_after <= @end",
            [
                ("@active", CertificateStatus.Active.Wire()), ("@failed", CertificateStatus.RenewalFailed.Wire()), ("@now", CosmosNames.Time(now)), ("@end", CosmosNames.Time(now.AddDays(days))),
            ], cancellationToken).ConfigureAwait(false);
        }

        return new CertificateCounts(byStatus, within);
    });

    async Task<long> CountAsync(OrgId org, ProjectId project, string filter, IReadOnlyList<(string, object)> parameters, CancellationToken cancellationToken)
    {
        var sql = parameters.Aggregate(new QueryDefinition($"SELECT VALUE COUNT(1) FROM c WHERE {filter}"), (q, p) => q.WithParameter(p.Item1, p.Item2));
        using var pages = container.GetItemQueryIterator<long>(sql, requestOptions: CosmosNames.Within(Partition(org, project)));
        long count = 0;
        while (pages.HasMoreResults)
            count += (await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false)).Sum();
        return count;
    }

    public Task<HeadsPage> ReadDueAsync(DateTimeOffset now, string? position, int limit, CancellationToken cancellationToken) =>
        PageAsync(new QueryDefinition("SELECT * FROM c WHERE c.due <= @now ORDER BY c.due").WithParameter("@now", CosmosNames.Time(now)), position, limit, cancellationToken);

    public Task<HeadsPage> ScanAsync(string? position, int limit, CancellationToken cancellationToken) =>
        PageAsync(new QueryDefinition("SELECT * FROM c WHERE c.id = @head").WithParameter("@head", SubjectDocument.HeadId), position, limit, cancellationToken);

    /// <summary>One page of a query over all partitions. The position is the SDK's continuation token, which says where each partition was left.</summary>
    Task<HeadsPage> PageAsync(QueryDefinition sql, string? position, int limit, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        using var pages = container.GetItemQueryIterator<SubjectDocument>(sql, position, new QueryRequestOptions { MaxItemCount = limit });
        var found = new List<CertificateHead>();
        while (pages.HasMoreResults)
        {
            var page = await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false);
            foreach (var document in page.Where(d => d.Subject.StartsWith($"{Subject.Certificate}:", StringComparison.Ordinal)))
                found.Add(await heads.ReadAsync(document, cancellationToken).ConfigureAwait(false));
            if (found.Count > 0 || page.ContinuationToken is null)
                return new HeadsPage(found, page.ContinuationToken);
        }

        return new HeadsPage(found, null);
    });

    public Task<IReadOnlyList<CertificateHead?>> FindSupersederAsync(IReadOnlyList<CertificateHead> ending, DateTimeOffset now, CancellationToken cancellationToken) => CosmosFailure.GuardAsync<IReadOnlyList<CertificateHead?>>(async () =>
    {
        var found = new CertificateHead?[ending.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, ending.Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, token) => found[i] = await FindSupersederAsync(ending[i], now, token).ConfigureAwait(false)).ConfigureAwait(false);
        return found;
    });

    async Task<CertificateHead?> FindSupersederAsync(CertificateHead head, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (head.State.Validity is not { } validity || head.State.Names is not { Kept.Count: > 0, Omitted: 0 } names)
            return null;
        // Whoever covers all names covers the first.
        var covering = CertificateNames.CoveredBy(names.Kept[0]).ToList();
        var contains = string.Join(" OR ", covering.Select((_, i) => $"ARRAY_CONTAINS(c.names, @name{i.ToString(CultureInfo.InvariantCulture)})"));
        var sql = new QueryDefinition($"SELECT TOP {ICertificateStore.MaxCandidates.ToString(CultureInfo.InvariantCulture)} * FROM c WHERE c.not_after > @end AND ({contains})")
            .WithParameter("@end", CosmosNames.Time(validity.NotAfter));
        for (var i = 0; i < covering.Count; i++)
            sql = sql.WithParameter($"@name{i.ToString(CultureInfo.InvariantCulture)}", covering[i]);
        CertificateHead? best = null;
        using var pages = container.GetItemQueryIterator<SubjectDocument>(sql, requestOptions: CosmosNames.Within(Partition(head.Address.Org, head.Address.Project), ICertificateStore.MaxCandidates));
        while (pages.HasMoreResults)
        {
            foreach (var document in await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false))
            {
                var candidate = await heads.ReadAsync(document, cancellationToken).ConfigureAwait(false);
                if (Supersession.Covers(candidate, head, now) && (best is null || candidate.State.Validity!.NotAfter > best.State.Validity!.NotAfter))
                    best = candidate;
            }
        }

        return best;
    }

    public Task<bool> RescheduleAsync(SubjectAddress address, long expectedSeq, DateTimeOffset? due, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        while (await FindAsync(address, cancellationToken).ConfigureAwait(false) is { } found && found.Resource.LastSeq == expectedSeq)
        {
            var head = await heads.ReadAsync(found.Resource, cancellationToken).ConfigureAwait(false);
            var moved = CertificateHeads.Document(address, head.Seq, head.State, due);
            try
            {
                await container.ReplaceItemAsync(moved, SubjectDocument.HeadId, CosmosNames.Partition(address), new ItemRequestOptions { IfMatchEtag = found.ETag }, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (CosmosException e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                // Someone moved the head, or its due time: the seq decides once more.
            }
        }

        return false;
    });

    static PartitionKey Partition(OrgId org, ProjectId project) => new PartitionKeyBuilder().Add(org.Value).Add(project.Value).Build();
}
