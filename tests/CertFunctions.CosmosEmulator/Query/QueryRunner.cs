using System.Text;
using System.Text.Json;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Query;

/// <summary>One page of an answer.</summary>
sealed record QueryPage(byte[] Rows, int Count, string? Continuation, long BytesLoaded);

/// <summary>Runs a query over one scope, under its partition's gate, up to a page.</summary>
static class QueryRunner
{
    const int MostBytes = 4 * 1024 * 1024;

    public static QueryPage Run(SqlQuery query, QueryScope scope, ResumePlace? resume, QueryContinuation? continuation, int pageSize)
    {
        var source = new RowSource(query, scope);
        using var buffer = new MemoryStream();
        using var writer = JsonText.Writer(buffer);
        writer.WriteStartArray();
        var (count, next) = query.IsAggregate
            ? (WriteAggregate(query, source, writer), null)
            : WriteRows(query, source, resume, continuation, pageSize, writer);
        writer.WriteEndArray();
        writer.Flush();
        return new QueryPage(buffer.ToArray(), count, next?.ToString(), source.BytesLoaded);
    }

    static int WriteAggregate(SqlQuery query, RowSource source, Utf8JsonWriter writer)
    {
        var results = new AggregateResults(query.Aggregates);
        foreach (var document in source.Unordered()) results.Add(document.Root);
        return Write(writer, query.Select, default, new SqlEvaluator(results)) ? 1 : 0;
    }

    static (int Count, QueryContinuation? Next) WriteRows(
        SqlQuery query, RowSource source, ResumePlace? resume, QueryContinuation? continuation, int pageSize, Utf8JsonWriter writer)
    {
        var given = continuation?.Given ?? 0;
        var rows = source.From(continuation is null ? resume : ResumePlace.Behind(continuation));
        if (continuation is null && query.Offset is { } offset) rows = rows.Skip(offset);

        // What has been given cannot be known on the next page, so distinct rows all go on one.
        var seen = query.Distinct ? new HashSet<string>(StringComparer.Ordinal) : null;
        if (query.Distinct) pageSize = int.MaxValue;

        var count = 0;
        StoredDocument? last = null;
        foreach (var document in rows)
        {
            if (given == query.MostRows) return (count, null);
            if (count == pageSize || writer.BytesCommitted + writer.BytesPending > MostBytes)
                return (count, QueryContinuation.After(last!, source.Order.ValuesOf(last!), given));

            last = document;
            if (seen is not null && !seen.Add(TextOf(query.Select, document.Root))) continue;
            if (!Write(writer, query.Select, document.Root, SqlEvaluator.PerDocument)) continue;
            count++;
            given++;
        }

        return (count, null);
    }

    static string TextOf(Projection select, JsonElement document)
    {
        using var buffer = new MemoryStream();
        using (var writer = JsonText.Writer(buffer)) Write(writer, select, document, SqlEvaluator.PerDocument);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    public static bool Write(Utf8JsonWriter writer, Projection select, JsonElement document, SqlEvaluator evaluator)
    {
        switch (select)
        {
            case Projection.Everything:
                writer.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(document), skipInputValidation: true);
                return true;
            case Projection.Value value:
                return evaluator.TryWrite(writer, value.Expression, document);
            case Projection.Columns columns:
                writer.WriteStartObject();
                foreach (var (name, expression) in columns.Items) evaluator.TryWrite(writer, expression, document, name);
                writer.WriteEndObject();
                return true;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
