using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace CertFunctions.Emulation.Query;

/// <summary>The kinds in the order the service sorts them.</summary>
enum SqlKind : byte
{
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// <summary>A value of the query language: JSON, and "undefined" for what is not there.</summary>
readonly struct SqlValue
{
    readonly JsonElement element;

    SqlValue(SqlKind kind, double number, string? text, JsonElement element)
    {
        Kind = kind;
        Number = number;
        Text = text;
        this.element = element;
    }

    public static SqlValue Undefined => default;

    public static SqlValue Null { get; } = new(SqlKind.Null, 0, null, default);

    public static SqlValue True { get; } = new(SqlKind.Boolean, 1, null, default);

    public static SqlValue False { get; } = new(SqlKind.Boolean, 0, null, default);

    public SqlKind Kind { get; }

    public double Number { get; }

    public string? Text { get; }

    public bool IsUndefined => Kind == SqlKind.Undefined;

    public bool IsTrue => Kind == SqlKind.Boolean && Number != 0;

    public bool IsFalse => Kind == SqlKind.Boolean && Number == 0;

    /// <summary>The array or object; only for those two kinds.</summary>
    public JsonElement Element => element;

    public static SqlValue Of(bool value) => value ? True : False;

    public static SqlValue Of(double value) => new(SqlKind.Number, value, null, default);

    public static SqlValue Of(string value) => new(SqlKind.String, 0, value, default);

    public static SqlValue From(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => Null,
        JsonValueKind.True => True,
        JsonValueKind.False => False,
        JsonValueKind.Number => Of(element.GetDouble()),
        JsonValueKind.String => Of(element.GetString()!),
        JsonValueKind.Array => new SqlValue(SqlKind.Array, 0, null, element),
        JsonValueKind.Object => new SqlValue(SqlKind.Object, 0, null, element),
        _ => Undefined,
    };

    public static SqlValue From(JsonElement? element) => element is { } value ? From(value) : Undefined;

    public void WriteTo(Utf8JsonWriter writer)
    {
        switch (Kind)
        {
            case SqlKind.Null:
                writer.WriteNullValue();
                break;
            case SqlKind.Boolean:
                writer.WriteBooleanValue(IsTrue);
                break;
            case SqlKind.Number:
                writer.WriteRawValue(Number.ToString("R", CultureInfo.InvariantCulture));
                break;
            case SqlKind.String:
                writer.WriteStringValue(Text);
                break;
            case SqlKind.Array or SqlKind.Object:
                element.WriteTo(writer);
                break;
            default:
                throw new InvalidOperationException("Undefined cannot be written: the caller leaves it out.");
        }
    }

    /// <summary>A total order: by kind, then by value; arrays item by item, objects by their properties in order of name.</summary>
    public static int Compare(in SqlValue left, in SqlValue right)
    {
        if (left.Kind != right.Kind) return left.Kind.CompareTo(right.Kind);
        return left.Kind switch
        {
            SqlKind.Boolean or SqlKind.Number => left.Number.CompareTo(right.Number),
            SqlKind.String => string.CompareOrdinal(left.Text, right.Text),
            SqlKind.Array => CompareAll(left.element.EnumerateArray(), right.element.EnumerateArray(), (a, b) => Compare(From(a), From(b))),
            SqlKind.Object => CompareAll(Sorted(left.element), Sorted(right.element), (a, b) =>
                string.CompareOrdinal(a.Name, b.Name) is var byName && byName != 0 ? byName : Compare(From(a.Value), From(b.Value))),
            _ => 0,
        };
    }

    static int CompareAll<T>(IEnumerable<T> left, IEnumerable<T> right, Comparison<T> compare)
    {
        using var a = left.GetEnumerator();
        using var b = right.GetEnumerator();
        while (true)
        {
            var more = a.MoveNext();
            if (more != b.MoveNext()) return more ? 1 : -1;
            if (!more) return 0;
            if (compare(a.Current, b.Current) is var order && order != 0) return order;
        }
    }

    static IEnumerable<JsonProperty> Sorted(JsonElement value) => value.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal);

    /// <summary>One text per value, to tell values apart in a set.</summary>
    public string CanonicalText() => Kind switch
    {
        SqlKind.Number => Number.ToString("R", CultureInfo.InvariantCulture),
        SqlKind.String => "\"" + Text,
        SqlKind.Array or SqlKind.Object => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element)),
        _ => Kind + (IsTrue ? "+" : "-"),
    };
}
