using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>
/// How a filter narrows what has to be looked at. It never decides: every document found this way still has to pass the filter.
/// It depends on the query's text alone, so that a continued query goes the same way.
/// </summary>
abstract record AccessPath
{
    /// <summary>The values of one path within one range.</summary>
    public sealed record Range(JsonPath Path, IndexRange Values) : AccessPath;

    /// <summary>Any of several paths: the branches of an OR, or the items of an IN.</summary>
    public sealed record Union(IReadOnlyList<AccessPath> Branches) : AccessPath;

    public bool IsPoint => this is Range range && IndexBound.Compare(range.Values.Low, range.Values.High) == 0;

    /// <summary>The best way in, or null when only a scan will do.</summary>
    public static AccessPath? Of(SqlExpression? filter) => filter switch
    {
        SqlExpression.And both => Better(Of(both.Left), Of(both.Right)),
        SqlExpression.Or either when Of(either.Left) is { } left && Of(either.Right) is { } right => new Union([left, right]),
        SqlExpression.In { Operand: SqlExpression.Property property } list when list.Items.All(item => item is SqlExpression.Constant) =>
            new Union([.. list.Items.Cast<SqlExpression.Constant>().Select(item => new Range(property.Path, IndexRange.Point(item.Value)))]),
        _ => OfConjunct(filter),
    };

    /// <summary>The range every conjunct together leaves of one path; null when none speaks of it.</summary>
    public static IndexRange? RangeOf(SqlExpression? filter, JsonPath path)
    {
        switch (filter)
        {
            case SqlExpression.And both:
                var left = RangeOf(both.Left, path);
                var right = RangeOf(both.Right, path);
                return left is { } a && right is { } b ? a.Intersect(b) : left ?? right;
            default:
                return OfConjunct(filter) is { } range && range.Path == path ? range.Values : null;
        }
    }

    static Range? OfConjunct(SqlExpression? filter)
    {
        switch (filter)
        {
            case SqlExpression.Comparison { Left: SqlExpression.Property left, Right: SqlExpression.Constant value } comparison:
                return Compared(left.Path, comparison.Operator, value.Value);
            case SqlExpression.Comparison { Left: SqlExpression.Constant value, Right: SqlExpression.Property right } comparison:
                return Compared(right.Path, comparison.Operator switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", var same => same }, value.Value);
            case SqlExpression.Between { Operand: SqlExpression.Property property, Low: SqlExpression.Constant low, High: SqlExpression.Constant high }:
                return new Range(property.Path, IndexRange.AtLeast(low.Value).Intersect(IndexRange.AtMost(high.Value)));
            case SqlExpression.Call { Name: "STARTSWITH", Arguments: [SqlExpression.Property property, SqlExpression.Constant { Value.Kind: SqlKind.String } prefix] }:
                return new Range(property.Path, IndexRange.Prefix(prefix.Value.Text!));
            case SqlExpression.Call { Name: "ARRAY_CONTAINS", Arguments: [SqlExpression.Property array, SqlExpression.Constant { Value.Kind: SqlKind.String or SqlKind.Number or SqlKind.Boolean } item] }:
                return new Range(new JsonPath([.. array.Path.Segments, "[]"]), IndexRange.Point(item.Value));
            default:
                return null;
        }
    }

    static Range? Compared(JsonPath path, string comparison, SqlValue value) => comparison switch
    {
        "=" => new Range(path, IndexRange.Point(value)),
        "<" or "<=" => new Range(path, IndexRange.AtMost(value)),
        ">" or ">=" => new Range(path, IndexRange.AtLeast(value)),
        _ => null,
    };

    static AccessPath? Better(AccessPath? left, AccessPath? right)
    {
        if (left is null || right is null) return left ?? right;
        return Rank(right) < Rank(left) ? right : left;

        static int Rank(AccessPath path) => path switch
        {
            // An id is as good as unique; nothing else is known to be.
            Range { Path.Text: "/id" } when path.IsPoint => 0,
            Union union when union.Branches.All(branch => Rank(branch) == 0) => 1,
            Range when path.IsPoint => 2,
            Union union when union.Branches.All(branch => Rank(branch) <= 2) => 3,
            Range => 4,
            _ => 5,
        };
    }
}
