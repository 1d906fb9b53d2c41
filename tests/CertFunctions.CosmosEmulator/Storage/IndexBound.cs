using CertFunctions.Emulation.Query;

namespace CertFunctions.Emulation.Storage;

/// <summary>A place in an index: a value, or just before or just behind every value of a kind.</summary>
readonly record struct IndexBound(SqlValue Value, SqlKind Kind, sbyte Edge)
{
    public static IndexBound Exactly(SqlValue value) => new(value, value.Kind, 0);

    public static IndexBound Before(SqlKind kind) => new(default, kind, -1);

    public static IndexBound After(SqlKind kind) => new(default, kind, 1);

    public static int Compare(in IndexBound left, in IndexBound right)
    {
        if (left.Kind != right.Kind) return left.Kind.CompareTo(right.Kind);
        if (left.Edge != 0 || right.Edge != 0) return left.Edge.CompareTo(right.Edge);
        return SqlValue.Compare(left.Value, right.Value);
    }
}
