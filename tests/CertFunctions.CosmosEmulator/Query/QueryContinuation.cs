using System.Text.Json;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>
/// Where a page ended: the last row's place in the order, and how many rows have been given. It is a place, not a
/// position, so writes between two pages neither repeat nor skip a row.
/// </summary>
sealed record QueryContinuation(string Epk, ulong Number, IReadOnlyList<SqlValue> Values, int Given)
{
    public static QueryContinuation After(StoredDocument last, IReadOnlyList<SqlValue> values, int given) => new(last.Epk, last.Number, values, given);

    public static bool TryParse(string text, out QueryContinuation? continuation)
    {
        continuation = null;
        try
        {
            var json = JsonElement.Parse(Convert.FromBase64String(text));
            continuation = new QueryContinuation(
                json.GetProperty("k").GetString()!,
                json.GetProperty("n").GetUInt64(),
                // An empty array stands for undefined, which JSON cannot say.
                [.. json.GetProperty("v").EnumerateArray().Select(value => value.GetArrayLength() == 0 ? SqlValue.Undefined : SqlValue.From(value[0]))],
                json.GetProperty("g").GetInt32());
            return true;
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    public override string ToString()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("k", Epk);
            writer.WriteNumber("n", Number);
            writer.WriteStartArray("v");
            foreach (var value in Values)
            {
                writer.WriteStartArray();
                if (!value.IsUndefined) value.WriteTo(writer);
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            writer.WriteNumber("g", Given);
            writer.WriteEndObject();
        }

        return Convert.ToBase64String(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
