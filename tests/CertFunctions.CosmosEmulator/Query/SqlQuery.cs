namespace CertFunctions.Emulation.Query;

/// <summary>A parsed query.</summary>
sealed record SqlQuery
{
    public required string Text { get; init; }

    public required string Alias { get; init; }

    public required bool Distinct { get; init; }

    /// <summary>TOP n; null when there is none.</summary>
    public required int? Top { get; init; }

    public required Projection Select { get; init; }

    public required SqlExpression? Where { get; init; }

    public required IReadOnlyList<OrderByItem> OrderBy { get; init; }

    public required int? Offset { get; init; }

    public required int? Limit { get; init; }

    public required IReadOnlyList<SqlExpression.Aggregate> Aggregates { get; init; }

    public bool IsAggregate => Aggregates.Count > 0;

    /// <summary>The most rows this query returns after its offset.</summary>
    public int MostRows => Math.Min(Top ?? int.MaxValue, Limit ?? int.MaxValue);
}

sealed record OrderByItem(SqlExpression Expression, bool Descending);

/// <summary>What a row of the answer looks like.</summary>
abstract record Projection
{
    public sealed record Everything : Projection;

    public sealed record Value(SqlExpression Expression) : Projection;

    public sealed record Columns(IReadOnlyList<(string Name, SqlExpression Expression)> Items) : Projection;
}
