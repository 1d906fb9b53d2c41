using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CertFunctions.Emulation.Protocol;

/// <summary>One request, read whole: its route, headers and body, and what it asks for.</summary>
sealed class GatewayRequest
{
    readonly IHeaderDictionary headers;

    GatewayRequest(HttpContext context, ReadOnlyMemory<byte> body)
    {
        headers = context.Request.Headers;
        Method = context.Request.Method;
        Target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "/";
        Route = Route.Parse(Target);
        Body = body;
        Kind = KindOf();
    }

    public string Method { get; }

    public string Target { get; }

    public Route Route { get; }

    public ReadOnlyMemory<byte> Body { get; }

    public OperationKind Kind { get; }

    public static async Task<GatewayRequest> ReadAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return new GatewayRequest(context, body.GetBuffer().AsMemory(0, (int)body.Length));
    }

    public string? Header(string name) => headers.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : null;

    public bool Flag(string name) => string.Equals(Header(name), "true", StringComparison.OrdinalIgnoreCase);

    public int PageSize(int fallback) =>
        int.TryParse(Header(Wire.MaxItemCount), NumberStyles.Integer, CultureInfo.InvariantCulture, out var size) && size > 0 ? size : fallback;

    public bool WantsMinimal => Header("Prefer")?.Contains("return=minimal", StringComparison.OrdinalIgnoreCase) == true;

    public EmulatorRequest Facts() => new()
    {
        Kind = Kind,
        Method = Method,
        Path = Route.Path,
        Database = Route.Database,
        Container = Route.Container,
        DocumentId = Route.Document,
        PartitionKey = Header(Wire.PartitionKey),
        PartitionKeyRangeId = Header(Wire.PartitionKeyRangeId),
        Body = Body,
    };

    OperationKind KindOf()
    {
        if (!Route.IsKnown) return OperationKind.Unsupported;
        if (Route.IsAccount) return OperationKind.Account;
        return (Route.ResourceType, Method, Route.IsEntity) switch
        {
            ("dbs", _, _) => OperationKind.Database,
            ("colls", _, _) => OperationKind.Container,
            ("pkranges", "GET", false) => OperationKind.PartitionKeyRanges,
            ("docs", "GET", true) => OperationKind.ReadDocument,
            ("docs", "PUT", true) => OperationKind.ReplaceDocument,
            ("docs", "DELETE", true) => OperationKind.DeleteDocument,
            ("docs", "GET", false) => Header(Wire.ChangeFeed) is null ? OperationKind.ReadFeed : OperationKind.ChangeFeed,
            ("docs", "POST", false) => Posted(),
            _ => OperationKind.Unsupported,
        };
    }

    /// <summary>A POST to a container's documents can mean seven things; headers tell which.</summary>
    OperationKind Posted() =>
        Flag(Wire.IsBatch) ? Flag(Wire.IsAtomic) ? OperationKind.TransactionalBatch : OperationKind.BulkBatch
        : Flag(Wire.IsQueryPlan) ? OperationKind.QueryPlan
        : Flag(Wire.IsQuery) || Header("Content-Type")?.StartsWith("application/query+json", StringComparison.OrdinalIgnoreCase) == true ? OperationKind.Query
        : Flag(Wire.IsUpsert) ? OperationKind.UpsertDocument
        : OperationKind.CreateDocument;
}
