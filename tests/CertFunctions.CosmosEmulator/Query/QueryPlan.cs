using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Protocol;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>
/// What the SDK asks for before it queries several ranges: which ranges, and a rewritten query whose rows it can merge.
/// </summary>
static class QueryPlan
{
    const string Placeholder = "{documentdb-formattableorderbyquery-filter}";

    public static byte[] For(SqlQuery query, PartitionKeyDefinition partitionKey) => JsonText.Write(writer =>
    {
        var aggregate = query.Select is Projection.Value { Expression: SqlExpression.Aggregate only } ? only : null;
        var named = query.IsAggregate && aggregate is null ? NamedAggregates(query) : [];
        writer.WriteStartObject();
        writer.WriteNumber("partitionedQueryExecutionInfoVersion", 2);
        writer.WriteStartObject("queryInfo");
        writer.WriteString("distinctType", !query.Distinct ? "None" : query.OrderBy.Count > 0 ? "Ordered" : "Unordered");
        WriteCount(writer, "top", query.Top);
        WriteCount(writer, "offset", query.Offset);
        WriteCount(writer, "limit", query.Limit);
        WriteList(writer, "orderBy", query.OrderBy.Select(item => item.Descending ? "Descending" : "Ascending"));
        WriteList(writer, "orderByExpressions", query.OrderBy.Select(item => item.Expression.Source));
        WriteList(writer, "groupByExpressions", []);
        WriteList(writer, "groupByAliases", named.Select(column => column.Name));
        WriteList(writer, "aggregates", aggregate is null ? [] : [AggregateName(aggregate)]);
        writer.WriteStartObject("groupByAliasToAggregateType");
        foreach (var (name, column) in named) writer.WriteString(name, AggregateName(column));
        writer.WriteEndObject();
        writer.WriteString("rewrittenQuery", Rewrite(query, aggregate, named));
        writer.WriteBoolean("hasSelectValue", query.Select is Projection.Value);
        writer.WriteBoolean("hasNonStreamingOrderBy", false);
        writer.WriteEndObject();
        writer.WriteStartArray("queryRanges");
        WriteRange(writer, query, partitionKey);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    /// <summary>Columns that are each one aggregate; anything computed from several can only be answered by one range.</summary>
    static List<(string Name, SqlExpression.Aggregate Aggregate)> NamedAggregates(SqlQuery query)
    {
        var columns = query.Select is Projection.Columns list ? list.Items : [];
        return columns.Count > 0 && columns.All(column => column.Expression is SqlExpression.Aggregate)
            ? [.. columns.Select(column => (column.Name, (SqlExpression.Aggregate)column.Expression))]
            : throw ServiceException.BadRequest("Compositions of aggregates and other expressions are not allowed.");
    }

    static string AggregateName(SqlExpression.Aggregate aggregate) => aggregate.Name switch
    {
        "COUNT" => "Count",
        "SUM" => "Sum",
        "MIN" => "Min",
        "MAX" => "Max",
        _ => "Average",
    };

    static string Rewrite(SqlQuery query, SqlExpression.Aggregate? aggregate, List<(string Name, SqlExpression.Aggregate Aggregate)> named)
    {
        var from = $" FROM {query.Alias}";
        var where = query.Where is null ? string.Empty : $" WHERE {query.Where.Source}";
        if (aggregate is not null) return $"SELECT VALUE [{Partial(aggregate)}]{from}{where}";
        if (named.Count > 0)
            return $"SELECT {{{string.Join(", ", named.Select(column => $"\"{column.Name}\": {Partial(column.Aggregate)}"))}}} AS payload{from}{where}";

        var paging = query.Offset is { } offset ? string.Create(CultureInfo.InvariantCulture, $" OFFSET 0 LIMIT {(long)offset + query.Limit!.Value}") : string.Empty;
        var top = query.Top is { } count ? string.Create(CultureInfo.InvariantCulture, $"TOP {count} ") : string.Empty;
        var distinct = query.Distinct ? "DISTINCT " : string.Empty;
        if (query.OrderBy.Count == 0)
        {
            // Without OFFSET every range can take the query as it was written.
            if (paging.Length == 0) return string.Empty;
            return $"SELECT {distinct}{top}{Selected(query)}{from}{where}{paging}";
        }

        var items = string.Join(", ", query.OrderBy.Select(item => $$"""{"item": {{item.Expression.Source}}}"""));
        var order = string.Join(", ", query.OrderBy.Select(item => $"{item.Expression.Source} {(item.Descending ? "DESC" : "ASC")}"));
        var filter = query.Where is null ? Placeholder : $"({query.Where.Source}) AND ({Placeholder})";
        return $"SELECT {distinct}{top}{query.Alias}._rid, [{items}] AS orderByItems, {Payload(query)} AS payload{from} WHERE {filter} ORDER BY {order}{paging}";
    }

    static string Selected(SqlQuery query) => query.Select switch
    {
        Projection.Everything => "*",
        Projection.Value value => "VALUE " + value.Expression.Source,
        Projection.Columns columns => string.Join(", ", columns.Items.Select(item => $"{item.Expression.Source} AS {item.Name}")),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static string Payload(SqlQuery query) => query.Select switch
    {
        Projection.Everything => query.Alias,
        Projection.Value value => value.Expression.Source,
        Projection.Columns columns => "{" + string.Join(", ", columns.Items.Select(item => $"\"{item.Name}\": {item.Expression.Source}")) + "}",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>What each range must report for the SDK to combine.</summary>
    static string Partial(SqlExpression.Aggregate aggregate)
    {
        var of = aggregate.Operand.Source;
        return aggregate.Name switch
        {
            "AVG" => $$"""{"item": {"sum": SUM({{of}}), "count": COUNT({{of}}) } }""",
            "MIN" or "MAX" => $$"""{"item": {{aggregate.Name}}({{of}}), "item2": {"{{aggregate.Name.ToLowerInvariant()}}": {{aggregate.Name}}({{of}}), "count": COUNT({{of}}) } }""",
            _ => $$"""{"item": {{aggregate.Name}}({{of}})}""",
        };
    }

    /// <summary>A filter that fixes the partition key, or leading levels of it, needs only where that lies.</summary>
    static void WriteRange(Utf8JsonWriter writer, SqlQuery query, PartitionKeyDefinition partitionKey)
    {
        var components = new List<SqlValue>();
        foreach (var path in partitionKey.Paths)
        {
            if (AccessPath.RangeOf(query.Where, path) is not { Low.Edge: 0 } range || IndexBound.Compare(range.Low, range.High) != 0) break;
            components.Add(range.Low.Value);
        }

        var within = components.Count == 0 ? EpkRange.Full : EffectivePartitionKey.RangeOf(PartitionKeyValue.Of(components), partitionKey);
        writer.WriteStartObject();
        writer.WriteString("min", within.Min);
        writer.WriteString("max", within.IsPoint ? within.Min : within.Max);
        writer.WriteBoolean("isMinInclusive", true);
        writer.WriteBoolean("isMaxInclusive", within.IsPoint);
        writer.WriteEndObject();
    }

    static void WriteCount(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
        else writer.WriteNull(name);
    }

    static void WriteList(Utf8JsonWriter writer, string name, IEnumerable<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values) writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}
