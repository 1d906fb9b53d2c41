using System.Diagnostics;
using System.Text.Json;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Query;

/// <summary>
/// Evaluates an expression over one document, in the service's three-valued logic: a comparison with something
/// undefined, and an order between different kinds, is undefined, and only what is true passes a filter.
/// </summary>
sealed class SqlEvaluator(AggregateResults? aggregates = null)
{
    public static SqlEvaluator PerDocument { get; } = new();

    public bool Passes(SqlExpression filter, JsonElement document) => Evaluate(filter, document).IsTrue;

    public SqlValue Evaluate(SqlExpression expression, JsonElement document) => expression switch
    {
        SqlExpression.Constant constant => constant.Value,
        SqlExpression.Property property => SqlValue.From(property.Path.Find(document)),
        SqlExpression.Member member => Step(Evaluate(member.Of, document), Evaluate(member.Key, document)),
        SqlExpression.And both => And(Evaluate(both.Left, document), () => Evaluate(both.Right, document)),
        SqlExpression.Or either => Or(Evaluate(either.Left, document), () => Evaluate(either.Right, document)),
        SqlExpression.Not negation => Not(Evaluate(negation.Operand, document)),
        SqlExpression.Negate negate => Evaluate(negate.Operand, document) is { Kind: SqlKind.Number } number ? SqlValue.Of(-number.Number) : SqlValue.Undefined,
        SqlExpression.Comparison comparison => Compare(comparison.Operator, Evaluate(comparison.Left, document), Evaluate(comparison.Right, document)),
        SqlExpression.Arithmetic arithmetic => Calculate(arithmetic, document),
        SqlExpression.Conditional conditional => Evaluate(Evaluate(conditional.Condition, document).IsTrue ? conditional.Then : conditional.Else, document),
        SqlExpression.In list => In(Evaluate(list.Operand, document), list.Items, document),
        SqlExpression.Between between => Between(between, document),
        SqlExpression.Call call => SqlFunctions.Call(call.Name, [.. call.Arguments.Select(argument => Evaluate(argument, document))]),
        SqlExpression.Aggregate aggregate => aggregates is null
            ? throw ServiceException.BadRequest($"Cannot perform an aggregate function ({aggregate.Name}) here.")
            : aggregates[aggregate.Slot],
        SqlExpression.ArrayOf or SqlExpression.ObjectOf => Built(expression, document),
        _ => throw new UnreachableException(),
    };

    /// <summary>Writes a value as the document has it; false, and nothing written, when it is undefined.</summary>
    public bool TryWrite(Utf8JsonWriter writer, SqlExpression expression, JsonElement document, string? name = null)
    {
        switch (expression)
        {
            // As it was stored, number by number: a projection must not pass through a double.
            case SqlExpression.Property property:
                if (property.Path.Find(document) is not { } found) return false;
                if (name is not null) writer.WritePropertyName(name);
                found.WriteTo(writer);
                return true;
            case SqlExpression.ArrayOf array:
                if (name is not null) writer.WritePropertyName(name);
                writer.WriteStartArray();
                foreach (var item in array.Items) TryWrite(writer, item, document);
                writer.WriteEndArray();
                return true;
            case SqlExpression.ObjectOf built:
                if (name is not null) writer.WritePropertyName(name);
                writer.WriteStartObject();
                foreach (var (key, value) in built.Properties) TryWrite(writer, value, document, key);
                writer.WriteEndObject();
                return true;
            default:
                var result = Evaluate(expression, document);
                if (result.IsUndefined) return false;
                if (name is not null) writer.WritePropertyName(name);
                result.WriteTo(writer);
                return true;
        }
    }

    static SqlValue Step(SqlValue of, SqlValue key) => (of.Kind, key.Kind) switch
    {
        (SqlKind.Object, SqlKind.String) when of.Element.TryGetProperty(key.Text!, out var found) => SqlValue.From(found),
        (SqlKind.Array, SqlKind.Number) when key.Number >= 0 && key.Number < of.Element.GetArrayLength() => SqlValue.From(of.Element[(int)key.Number]),
        _ => SqlValue.Undefined,
    };

    static SqlValue And(SqlValue left, Func<SqlValue> right)
    {
        if (left.IsFalse) return SqlValue.False;
        var other = right();
        if (other.IsFalse) return SqlValue.False;
        return left.IsTrue && other.IsTrue ? SqlValue.True : SqlValue.Undefined;
    }

    static SqlValue Or(SqlValue left, Func<SqlValue> right)
    {
        if (left.IsTrue) return SqlValue.True;
        var other = right();
        if (other.IsTrue) return SqlValue.True;
        return left.IsFalse && other.IsFalse ? SqlValue.False : SqlValue.Undefined;
    }

    static SqlValue Not(SqlValue operand) => operand.Kind == SqlKind.Boolean ? SqlValue.Of(operand.IsFalse) : SqlValue.Undefined;

    static SqlValue Compare(string comparison, SqlValue left, SqlValue right)
    {
        if (left.IsUndefined || right.IsUndefined) return SqlValue.Undefined;
        if (comparison == "=") return SqlValue.Of(SqlValue.Compare(left, right) == 0);
        if (comparison == "!=") return SqlValue.Of(SqlValue.Compare(left, right) != 0);
        if (left.Kind != right.Kind || left.Kind is SqlKind.Array or SqlKind.Object) return SqlValue.Undefined;

        var order = SqlValue.Compare(left, right);
        return SqlValue.Of(comparison switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            ">=" => order >= 0,
            _ => throw new UnreachableException(),
        });
    }

    SqlValue Calculate(SqlExpression.Arithmetic arithmetic, JsonElement document)
    {
        var left = Evaluate(arithmetic.Left, document);
        if (arithmetic.Operator == "??") return left.IsUndefined ? Evaluate(arithmetic.Right, document) : left;

        var right = Evaluate(arithmetic.Right, document);
        if (arithmetic.Operator == "||")
            return left.Kind == SqlKind.String && right.Kind == SqlKind.String ? SqlValue.Of(left.Text + right.Text) : SqlValue.Undefined;
        if (left.Kind != SqlKind.Number || right.Kind != SqlKind.Number) return SqlValue.Undefined;
        return SqlValue.Of(arithmetic.Operator switch
        {
            "+" => left.Number + right.Number,
            "-" => left.Number - right.Number,
            "*" => left.Number * right.Number,
            "/" => left.Number / right.Number,
            "%" => left.Number % right.Number,
            _ => throw new UnreachableException(),
        });
    }

    SqlValue In(SqlValue operand, IReadOnlyList<SqlExpression> items, JsonElement document)
    {
        if (operand.IsUndefined) return SqlValue.Undefined;
        foreach (var item in items)
            if (Evaluate(item, document) is { IsUndefined: false } value && SqlValue.Compare(operand, value) == 0)
                return SqlValue.True;

        return SqlValue.False;
    }

    SqlValue Between(SqlExpression.Between between, JsonElement document)
    {
        var operand = Evaluate(between.Operand, document);
        return And(
            Compare(">=", operand, Evaluate(between.Low, document)),
            () => Compare("<=", operand, Evaluate(between.High, document)));
    }

    SqlValue Built(SqlExpression expression, JsonElement document)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) TryWrite(writer, expression, document);
        return SqlValue.From(JsonElement.Parse(buffer.ToArray()));
    }
}
