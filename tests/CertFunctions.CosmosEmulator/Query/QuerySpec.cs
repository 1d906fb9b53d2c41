using System.Text.Json;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Query;

/// <summary>The body of a query request.</summary>
sealed record QuerySpec(SqlQuery Query, ResumePlace? Resume)
{
    public static QuerySpec Parse(ReadOnlyMemory<byte> body)
    {
        JsonElement json;
        try
        {
            json = JsonElement.Parse(body.Span);
        }
        catch (JsonException)
        {
            throw ServiceException.BadRequest("The query request's body is not JSON.");
        }

        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("query", out var text) || text.ValueKind != JsonValueKind.String)
            throw ServiceException.BadRequest("The query request has no \"query\".");

        var parameters = new Dictionary<string, SqlValue>(StringComparer.Ordinal);
        if (json.TryGetProperty("parameters", out var sent) && sent.ValueKind == JsonValueKind.Array)
            foreach (var parameter in sent.EnumerateArray())
                parameters[parameter.GetProperty("name").GetString()!] = parameter.TryGetProperty("value", out var value) ? SqlValue.From(value) : SqlValue.Undefined;

        var resume = json.TryGetProperty("resumeFilter", out var filter) && filter.ValueKind == JsonValueKind.Object ? ResumePlace.ParseFilter(filter) : null;
        return new QuerySpec(SqlParser.Parse(text.GetString()!, parameters), resume);
    }
}
