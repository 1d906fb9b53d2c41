using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Cost;
using CertFunctions.Emulation.Query;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Protocol;

/// <summary>Databases, containers, and the ranges of a container.</summary>
sealed class MetadataEndpoints(Account account)
{
    public Answer Databases(GatewayRequest request)
    {
        var route = request.Route;
        switch (request.Method, route.IsEntity)
        {
            case ("POST", false) when IsQuery(request):
                return Found("Databases", string.Empty, account.Databases.Select(each => JsonText.Write(each.WriteTo)), request);
            case ("POST", false):
                return One(201, account.CreateDatabase(IdOf(Body(request))));
            case ("GET", false):
                return List("Databases", string.Empty, account.Databases.Select(each => JsonText.Write(each.WriteTo)));
            case ("GET", true):
                return One(200, account.Database(route.Database!));
            case ("DELETE", true):
                account.DeleteDatabase(route.Database!);
                return Answer.Empty(204, RequestCharge.Metadata);
            default:
                throw NotAllowed(request);
        }

        static Answer One(int status, Database database) => Answer.Json(status, database.WriteTo, RequestCharge.Metadata).With("etag", database.ETag);
    }

    public Answer Containers(GatewayRequest request)
    {
        var route = request.Route;
        switch (request.Method, route.IsEntity)
        {
            case ("POST", false) when IsQuery(request):
                return Found("DocumentCollections", account.Database(route.Database!).Rid, All(), request);
            case ("POST", false):
                return One(201, account.CreateContainer(route.Database!, Body(request)));
            case ("GET", false):
                return List("DocumentCollections", account.Database(route.Database!).Rid, All());
            case ("GET", true):
                return One(200, account.Container(route.Database!, route.Container!));
            case ("PUT", true):
                return One(200, account.ReplaceContainer(route.Database!, route.Container!, Body(request)));
            case ("DELETE", true):
                account.DeleteContainer(route.Database!, route.Container!);
                return Answer.Empty(204, RequestCharge.Metadata);
            default:
                throw NotAllowed(request);
        }

        IEnumerable<byte[]> All() => account.ContainersOf(account.Database(route.Database!)).Select(each => JsonText.Write(each.WriteTo));

        Answer One(int status, Container container) => Answer.Json(status, container.WriteTo, RequestCharge.Metadata)
            .With("etag", container.Definition.ETag)
            .With(Wire.AltContentPath, $"dbs/{route.Database}")
            .With(Wire.ContentPath, container.Rid);
    }

    /// <summary>All ranges, then 304 for whoever has them: the SDK asks until it gets that.</summary>
    public Answer Ranges(GatewayRequest request)
    {
        var container = account.Container(request.Route.Database!, request.Route.Container!);
        var etag = string.Create(CultureInfo.InvariantCulture, $"\"{container.Layout}\"");
        if (request.Header("If-None-Match") == etag) return Answer.Empty(304, RequestCharge.Metadata).With("etag", etag).With(Wire.ItemCount, "0");

        return Answer.Json(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("_rid", container.Rid);
                writer.WriteStartArray("PartitionKeyRanges");
                foreach (var partition in container.Partitions) WriteRange(writer, container, partition);
                writer.WriteEndArray();
                writer.WriteNumber("_count", container.Partitions.Count);
                writer.WriteEndObject();
            },
            RequestCharge.Metadata).With("etag", etag).With(Wire.ItemCount, container.Partitions.Count.ToString(CultureInfo.InvariantCulture));
    }

    static void WriteRange(Utf8JsonWriter writer, Container container, PhysicalPartition partition)
    {
        writer.WriteStartObject();
        writer.WriteString("_rid", ResourceId.PartitionKeyRange(container.Rid, int.Parse(partition.Id, CultureInfo.InvariantCulture)));
        writer.WriteString("id", partition.Id);
        writer.WriteString("_etag", container.Definition.ETag);
        writer.WriteString("minInclusive", partition.Range.Min);
        writer.WriteString("maxExclusive", partition.Range.Max);
        writer.WriteNumber("ridPrefix", int.Parse(partition.Id, CultureInfo.InvariantCulture));
        writer.WriteString("_self", $"{container.Self}pkranges/{partition.Id}/");
        writer.WriteNumber("throughputFraction", 1);
        writer.WriteString("status", "online");
        writer.WriteStartArray("parents");
        foreach (var parent in partition.Parents) writer.WriteStringValue(parent);
        writer.WriteEndArray();
        writer.WriteNumber("_ts", container.Definition.Timestamp);
        writer.WriteEndObject();
    }

    /// <summary>A query over the few databases or containers there are.</summary>
    static Answer Found(string name, string owner, IEnumerable<byte[]> all, GatewayRequest request)
    {
        var query = QuerySpec.Parse(request.Body).Query;
        if (query.OrderBy.Count > 0 || query.IsAggregate) throw ServiceException.NotEmulated("ORDER BY and aggregates over databases and containers");
        var rows = all.Where(each => query.Where is null || SqlEvaluator.PerDocument.Passes(query.Where, JsonElement.Parse(each)));
        return List(name, owner, rows.Skip(query.Offset ?? 0).Take(query.MostRows)
            .Select(each => JsonText.Write(writer => QueryRunner.Write(writer, query.Select, JsonElement.Parse(each), SqlEvaluator.PerDocument))));
    }

    static Answer List(string name, string owner, IEnumerable<byte[]> items)
    {
        var count = 0;
        var answer = Answer.Json(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("_rid", owner);
                writer.WriteStartArray(name);
                foreach (var item in items)
                {
                    writer.WriteRawValue(item);
                    count++;
                }

                writer.WriteEndArray();
                writer.WriteNumber("_count", count);
                writer.WriteEndObject();
            },
            RequestCharge.Metadata);
        return answer.With(Wire.ItemCount, count.ToString(CultureInfo.InvariantCulture));
    }

    static bool IsQuery(GatewayRequest request) => request.Flag(Wire.IsQuery)
        || request.Header("Content-Type")?.StartsWith("application/query+json", StringComparison.OrdinalIgnoreCase) == true;

    static JsonElement Body(GatewayRequest request)
    {
        try
        {
            return JsonElement.Parse(request.Body.Span);
        }
        catch (JsonException)
        {
            throw ServiceException.BadRequest("The request payload is invalid: it is not JSON.");
        }
    }

    static string IdOf(JsonElement body) => body.TryGetProperty("id", out var id) ? id.GetString() ?? string.Empty : string.Empty;

    static ServiceException NotAllowed(GatewayRequest request) => new(405, "MethodNotAllowed", $"{request.Method} is not possible on '{request.Route.Path}'.");
}
