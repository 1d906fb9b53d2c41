using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Query;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Protocol;

/// <summary>
/// Finds the range a request is about from its headers, and runs it under that range's gate. A range that splits in
/// between is looked up again: a request by key then goes to the child, a request by range id gets its 410.
/// </summary>
static class ScopeResolver
{
    public static T Run<T>(Account account, Container container, GatewayRequest request, Func<QueryScope, T> run)
    {
        while (true)
        {
            var scope = Resolve(container, request);
            lock (scope.Partition.Gate)
            {
                if (scope.Partition.IsGone) continue;
                SessionToken.Check(request.Header(Wire.SessionToken), scope.Partition);
                scope.Partition.DropExpired(account.Now);
                return run(scope);
            }
        }
    }

    static QueryScope Resolve(Container container, GatewayRequest request)
    {
        var definition = container.Definition.PartitionKey;
        if (request.Header(Wire.PartitionKey) is { } header)
        {
            if (!PartitionKeyValue.TryParseHeader(header, out var key) || key!.Components.Count > definition.Paths.Count)
                throw ServiceException.BadRequest($"Partition key {header} is invalid.");
            if (key.Components.Count == definition.Paths.Count)
            {
                var point = EffectivePartitionKey.RangeOf(key, definition);
                return new QueryScope(container.Owner(point.Min), point);
            }

            if (key.Components.Count > 0) return Of(container, EffectivePartitionKey.RangeOf(key, definition), RangeId(request));
        }

        var min = request.Header(Wire.StartEpk);
        var max = request.Header(Wire.EndEpk);
        var within = min is null && max is null ? EpkRange.Full : new EpkRange(min ?? EffectivePartitionKey.Lowest, max ?? EffectivePartitionKey.Highest);
        return Of(container, within, RangeId(request));
    }

    static QueryScope Of(Container container, EpkRange within, string? rangeId)
    {
        if (rangeId is not null)
        {
            var named = container.ById(rangeId);
            var part = within.Intersect(named.Range);
            return part.IsEmpty ? throw ServiceException.RangeGone(rangeId) : new QueryScope(named, part);
        }

        var owner = container.Owner(within.Min);
        if (owner.Range.Covers(within)) return new QueryScope(owner, within);
        if (within == EpkRange.Full)
            throw ServiceException.BadRequest(
                "Cross partition query is required but disabled. Please set x-ms-documentdb-query-enablecrosspartition to true, "
                + "specify x-ms-documentdb-partitionkey, or revise your query to avoid this exception.");
        throw ServiceException.RangeGone($"{within.Min}-{within.Max}");
    }

    /// <summary>The header is a range's id, perhaps behind the container's.</summary>
    static string? RangeId(GatewayRequest request)
    {
        var header = request.Header(Wire.PartitionKeyRangeId);
        return string.IsNullOrEmpty(header) ? null : header[(header.LastIndexOf(',') + 1)..];
    }
}
