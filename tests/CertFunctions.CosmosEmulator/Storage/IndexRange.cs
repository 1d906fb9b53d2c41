using CertFunctions.Emulation.Query;

namespace CertFunctions.Emulation.Storage;

/// <summary>The values between two bounds, both included: a filter that also refuses its own bound does so itself.</summary>
readonly record struct IndexRange(IndexBound Low, IndexBound High)
{
    public static IndexRange Everything { get; } = new(IndexBound.Before(SqlKind.Undefined), IndexBound.After(SqlKind.Object));

    public static IndexRange Point(SqlValue value) => new(IndexBound.Exactly(value), IndexBound.Exactly(value));

    /// <summary>Values of other kinds never compare as smaller or greater, so a half-open comparison ends with its kind.</summary>
    public static IndexRange AtLeast(SqlValue value) => new(IndexBound.Exactly(value), IndexBound.After(value.Kind));

    public static IndexRange AtMost(SqlValue value) => new(IndexBound.Before(value.Kind), IndexBound.Exactly(value));

    public static IndexRange Prefix(string prefix) =>
        new(IndexBound.Exactly(SqlValue.Of(prefix)), IndexBound.Exactly(SqlValue.Of(prefix + '\uffff')));

    public IndexRange Intersect(IndexRange other) => new(
        IndexBound.Compare(Low, other.Low) >= 0 ? Low : other.Low,
        IndexBound.Compare(High, other.High) <= 0 ? High : other.High);
}
