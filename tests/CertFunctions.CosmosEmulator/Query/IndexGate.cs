using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>Refuses what the container's index policy would not serve, so that a test fails where the bill would have grown.</summary>
static class IndexGate
{
    public static void Check(SqlQuery query, ContainerDefinition container, bool scanAllowed)
    {
        var filtered = new HashSet<JsonPath>();
        Collect(query.Where, filtered);
        foreach (var path in filtered)
            if (!scanAllowed && !IsServed(path, container))
                throw ServiceException.BadRequest(
                    "An invalid query has been specified with filters against path(s) excluded from indexing. "
                    + $"Consider adding allow scan header in the request. Excluded path: '{path.Text}'.");

        if (query.OrderBy.Count == 0) return;
        var order = new List<(JsonPath, bool)>();
        foreach (var item in query.OrderBy)
        {
            if (item.Expression is not SqlExpression.Property { Path.Segments.Count: > 0 } property)
                throw ServiceException.BadRequest("Unsupported ORDER BY clause. ORDER BY item expression could not be mapped to a document path.");
            order.Add((property.Path, item.Descending));
        }

        if (order.Count == 1)
        {
            if (!container.Indexing.Indexes(order[0].Item1))
                throw ServiceException.BadRequest($"Order-by item requires a range index to be defined on the corresponding index path. Path: '{order[0].Item1.Text}'.");
        }
        else if (!container.Indexing.HasComposite(order))
        {
            throw ServiceException.BadRequest("The order by query does not have a corresponding composite index that it can be served from.");
        }
    }

    /// <summary>A partition key is not indexed of itself, but the service routes by it.</summary>
    static bool IsServed(JsonPath path, ContainerDefinition container) =>
        container.Indexing.Indexes(path) || container.PartitionKey.Paths.Contains(path);

    static void Collect(SqlExpression? expression, HashSet<JsonPath> paths)
    {
        switch (expression)
        {
            case SqlExpression.And both:
                Collect(both.Left, paths);
                Collect(both.Right, paths);
                break;
            case SqlExpression.Or either:
                Collect(either.Left, paths);
                Collect(either.Right, paths);
                break;
            case SqlExpression.Not negation:
                Collect(negation.Operand, paths);
                break;
            case SqlExpression.Negate negate:
                Collect(negate.Operand, paths);
                break;
            case SqlExpression.Comparison comparison:
                Collect(comparison.Left, paths);
                Collect(comparison.Right, paths);
                break;
            case SqlExpression.Arithmetic arithmetic:
                Collect(arithmetic.Left, paths);
                Collect(arithmetic.Right, paths);
                break;
            case SqlExpression.Conditional conditional:
                Collect(conditional.Condition, paths);
                Collect(conditional.Then, paths);
                Collect(conditional.Else, paths);
                break;
            case SqlExpression.In list:
                Collect(list.Operand, paths);
                foreach (var item in list.Items) Collect(item, paths);
                break;
            case SqlExpression.Between between:
                Collect(between.Operand, paths);
                Collect(between.Low, paths);
                Collect(between.High, paths);
                break;
            case SqlExpression.Call { Name: "ARRAY_CONTAINS" } call when call.Arguments[0] is SqlExpression.Property array:
                paths.Add(new JsonPath([.. array.Path.Segments, "[]"]));
                Collect(call.Arguments[1], paths);
                break;
            case SqlExpression.Call call:
                foreach (var argument in call.Arguments) Collect(argument, paths);
                break;
            case SqlExpression.Member member:
                Collect(member.Of, paths);
                break;
            case SqlExpression.ArrayOf array:
                foreach (var item in array.Items) Collect(item, paths);
                break;
            case SqlExpression.ObjectOf built:
                foreach (var (_, value) in built.Properties) Collect(value, paths);
                break;
            case SqlExpression.Property { Path.Segments.Count: > 0 } property:
                paths.Add(property.Path);
                break;
        }
    }
}
