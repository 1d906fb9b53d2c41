using System.Text.Json;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Query;

/// <summary>The built-in functions that are emulated. One that is not is refused, never guessed.</summary>
static class SqlFunctions
{
    static readonly Dictionary<string, (int Fewest, int Most)> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["IS_DEFINED"] = (1, 1),
        ["IS_NULL"] = (1, 1),
        ["IS_BOOL"] = (1, 1),
        ["IS_BOOLEAN"] = (1, 1),
        ["IS_NUMBER"] = (1, 1),
        ["IS_STRING"] = (1, 1),
        ["IS_ARRAY"] = (1, 1),
        ["IS_OBJECT"] = (1, 1),
        ["IS_PRIMITIVE"] = (1, 1),
        ["STARTSWITH"] = (2, 3),
        ["ENDSWITH"] = (2, 3),
        ["CONTAINS"] = (2, 3),
        ["STRINGEQUALS"] = (2, 3),
        ["LOWER"] = (1, 1),
        ["UPPER"] = (1, 1),
        ["LENGTH"] = (1, 1),
        ["CONCAT"] = (2, 16),
        ["ARRAY_CONTAINS"] = (2, 3),
        ["ARRAY_LENGTH"] = (1, 1),
        ["ABS"] = (1, 1),
        ["FLOOR"] = (1, 1),
        ["CEILING"] = (1, 1),
    };


    public static void Check(string name, int arguments)
    {
        if (!Known.TryGetValue(name, out var count)) throw ServiceException.NotEmulated($"the function {name.ToUpperInvariant()}");
        if (arguments < count.Fewest || arguments > count.Most)
            throw ServiceException.BadRequest($"The {name.ToUpperInvariant()} function requires {count.Fewest} to {count.Most} argument(s).");
    }

    public static SqlValue Call(string name, SqlValue[] arguments)
    {
        var first = arguments[0];
        return name switch
        {
            "IS_DEFINED" => SqlValue.Of(!first.IsUndefined),
            "IS_NULL" => SqlValue.Of(first.Kind == SqlKind.Null),
            "IS_BOOL" or "IS_BOOLEAN" => SqlValue.Of(first.Kind == SqlKind.Boolean),
            "IS_NUMBER" => SqlValue.Of(first.Kind == SqlKind.Number),
            "IS_STRING" => SqlValue.Of(first.Kind == SqlKind.String),
            "IS_ARRAY" => SqlValue.Of(first.Kind == SqlKind.Array),
            "IS_OBJECT" => SqlValue.Of(first.Kind == SqlKind.Object),
            "IS_PRIMITIVE" => SqlValue.Of(first.Kind is SqlKind.Null or SqlKind.Boolean or SqlKind.Number or SqlKind.String),
            "STARTSWITH" => OfStrings(arguments, (text, part, how) => text.StartsWith(part, how)),
            "ENDSWITH" => OfStrings(arguments, (text, part, how) => text.EndsWith(part, how)),
            "CONTAINS" => OfStrings(arguments, (text, part, how) => text.Contains(part, how)),
            "STRINGEQUALS" => OfStrings(arguments, (text, part, how) => text.Equals(part, how)),
            "LOWER" => first.Kind == SqlKind.String ? SqlValue.Of(first.Text!.ToLowerInvariant()) : SqlValue.Undefined,
            "UPPER" => first.Kind == SqlKind.String ? SqlValue.Of(first.Text!.ToUpperInvariant()) : SqlValue.Undefined,
            "LENGTH" => first.Kind == SqlKind.String ? SqlValue.Of(first.Text!.Length) : SqlValue.Undefined,
            "CONCAT" => Array.TrueForAll(arguments, each => each.Kind == SqlKind.String) ? SqlValue.Of(string.Concat(arguments.Select(each => each.Text))) : SqlValue.Undefined,
            "ARRAY_CONTAINS" => ArrayContains(first, arguments[1], arguments.Length > 2 && arguments[2].IsTrue),
            "ARRAY_LENGTH" => first.Kind == SqlKind.Array ? SqlValue.Of(first.Element.GetArrayLength()) : SqlValue.Undefined,
            "ABS" => OfNumber(first, Math.Abs),
            "FLOOR" => OfNumber(first, Math.Floor),
            "CEILING" => OfNumber(first, Math.Ceiling),
            _ => throw ServiceException.NotEmulated($"the function {name}"),
        };
    }

    static SqlValue OfNumber(SqlValue value, Func<double, double> calculate) =>
        value.Kind == SqlKind.Number ? SqlValue.Of(calculate(value.Number)) : SqlValue.Undefined;

    static SqlValue OfStrings(SqlValue[] arguments, Func<string, string, StringComparison, bool> test)
    {
        if (arguments[0].Kind != SqlKind.String || arguments[1].Kind != SqlKind.String) return SqlValue.Undefined;
        var how = arguments.Length > 2 && arguments[2].IsTrue ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return SqlValue.Of(test(arguments[0].Text!, arguments[1].Text!, how));
    }

    static SqlValue ArrayContains(SqlValue array, SqlValue wanted, bool partial)
    {
        if (array.Kind != SqlKind.Array || wanted.IsUndefined) return SqlValue.Undefined;
        foreach (var item in array.Element.EnumerateArray())
        {
            var value = SqlValue.From(item);
            if (SqlValue.Compare(value, wanted) == 0) return SqlValue.True;
            if (partial && wanted.Kind == SqlKind.Object && value.Kind == SqlKind.Object && HasAll(item, wanted.Element)) return SqlValue.True;
        }

        return SqlValue.False;
    }

    static bool HasAll(JsonElement item, JsonElement wanted) => wanted.EnumerateObject().All(property =>
        item.TryGetProperty(property.Name, out var own) && JsonElement.DeepEquals(own, property.Value));
}
