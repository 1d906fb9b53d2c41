using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>An expression of the query language, with the text it was written as.</summary>
abstract record SqlExpression
{
    public string Source { get; init; } = string.Empty;

    /// <summary>A constant: a literal, or a parameter with its value.</summary>
    public sealed record Constant(SqlValue Value) : SqlExpression;

    /// <summary>A property path of the document; with no segments, the document.</summary>
    public sealed record Property(JsonPath Path) : SqlExpression;

    /// <summary>A property or element of something computed.</summary>
    public sealed record Member(SqlExpression Of, SqlExpression Key) : SqlExpression;

    public sealed record Not(SqlExpression Operand) : SqlExpression;

    public sealed record Negate(SqlExpression Operand) : SqlExpression;

    public sealed record And(SqlExpression Left, SqlExpression Right) : SqlExpression;

    public sealed record Or(SqlExpression Left, SqlExpression Right) : SqlExpression;

    /// <summary>=, !=, &lt;, &lt;=, &gt;, &gt;=.</summary>
    public sealed record Comparison(string Operator, SqlExpression Left, SqlExpression Right) : SqlExpression;

    /// <summary>+, -, *, /, %, ||, ??.</summary>
    public sealed record Arithmetic(string Operator, SqlExpression Left, SqlExpression Right) : SqlExpression;

    public sealed record Conditional(SqlExpression Condition, SqlExpression Then, SqlExpression Else) : SqlExpression;

    public sealed record In(SqlExpression Operand, IReadOnlyList<SqlExpression> Items) : SqlExpression;

    public sealed record Between(SqlExpression Operand, SqlExpression Low, SqlExpression High) : SqlExpression;

    public sealed record Call(string Name, IReadOnlyList<SqlExpression> Arguments) : SqlExpression;

    /// <summary>COUNT, SUM, MIN, MAX or AVG over the rows of the query; <paramref name="Slot"/> is its place among them.</summary>
    public sealed record Aggregate(string Name, SqlExpression Operand, int Slot) : SqlExpression;

    public sealed record ArrayOf(IReadOnlyList<SqlExpression> Items) : SqlExpression;

    public sealed record ObjectOf(IReadOnlyList<(string Name, SqlExpression Value)> Properties) : SqlExpression;
}
