using System.Globalization;
using System.Text.Json;
using CertFunctions.Emulation.Cost;
using CertFunctions.Emulation.Query;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Protocol;

/// <summary>Point operations, batches, queries and feeds of one container.</summary>
sealed class DocumentEndpoints(Account account)
{
    const int DefaultPage = 1000;

    public Answer Point(GatewayRequest request, ItemVerb verb)
    {
        var container = ContainerOf(request);
        var item = PreparedItem.Prepare(
            new ItemOperation
            {
                Verb = verb,
                Id = request.Route.Document,
                PartitionKey = request.Header(Wire.PartitionKey),
                Body = request.Body,
                IfMatch = request.Header("If-Match"),
                IfNoneMatch = request.Header("If-None-Match"),
                Minimal = request.WantsMinimal && verb != ItemVerb.Read,
            },
            container.Definition.PartitionKey);

        return ScopeResolver.Run(account, container, request, scope =>
        {
            var commit = new Commit(scope.Partition, account.Now);
            var outcome = ItemExecutor.Execute(container, item, commit);
            Finish(container, commit);
            var answer = outcome.Document is { } document
                ? Answer.Bytes(outcome.Status, document.Json.ToArray(), outcome.Charge)
                : Answer.Empty(outcome.Status, outcome.Charge);
            if (outcome.ETag is { } etag) answer.With("etag", etag);
            return Placed(answer, container, scope, request);
        });
    }

    public Answer ReadFeed(GatewayRequest request) =>
        Page(request, new QuerySpec(SqlParser.Parse("SELECT * FROM c", new Dictionary<string, SqlValue>()), null));

    public Answer Query(GatewayRequest request)
    {
        var spec = QuerySpec.Parse(request.Body);
        IndexGate.Check(spec.Query, ContainerOf(request).Definition, request.Flag(Wire.EnableScan));
        return Page(request, spec);
    }

    public Answer Plan(GatewayRequest request)
    {
        var container = ContainerOf(request);
        return Answer.Bytes(200, QueryPlan.For(QuerySpec.Parse(request.Body).Query, container.Definition.PartitionKey), RequestCharge.Metadata);
    }

    public Answer ChangeFeed(GatewayRequest request)
    {
        if (!string.Equals(request.Header(Wire.ChangeFeed), "Incremental Feed", StringComparison.OrdinalIgnoreCase))
            throw ServiceException.NotEmulated($"the change feed mode '{request.Header(Wire.ChangeFeed)}' (only the latest version of each document is)");
        if (!request.Body.IsEmpty) throw ServiceException.NotEmulated("a query over the change feed");

        var container = ContainerOf(request);
        return ScopeResolver.Run(account, container, request, scope =>
        {
            var page = Storage.ChangeFeed.Read(scope, request.Header("If-None-Match"), request.Header("If-Modified-Since"), request.PageSize(DefaultPage));
            var answer = page.Documents.Count == 0
                ? Answer.Empty(304, RequestCharge.Metadata)
                : Answer.Json(200, writer => WriteFeed(writer, container, page.Documents), RequestCharge.Feed(page.Documents.Sum(document => (long)document.Size)));
            answer.With("etag", string.Create(CultureInfo.InvariantCulture, $"\"{page.Lsn}\"")).With(Wire.ItemCount, Count(page.Documents.Count));
            return Placed(answer, container, scope, request);
        });
    }

    Answer Page(GatewayRequest request, QuerySpec spec)
    {
        var container = ContainerOf(request);
        QueryContinuation? continuation = null;
        if (request.Header(Wire.Continuation) is { Length: > 0 } token && !QueryContinuation.TryParse(token, out continuation))
            throw ServiceException.BadRequest("Invalid Continuation Token.");

        return ScopeResolver.Run(account, container, request, scope =>
        {
            var page = QueryRunner.Run(spec.Query, scope, spec.Resume, continuation, request.PageSize(DefaultPage));
            var answer = Answer.Json(
                200,
                writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteString("_rid", container.Rid);
                    writer.WritePropertyName("Documents");
                    writer.WriteRawValue(page.Rows, skipInputValidation: true);
                    writer.WriteNumber("_count", page.Count);
                    writer.WriteEndObject();
                },
                RequestCharge.Query(page.BytesLoaded));
            if (page.Continuation is { } next) answer.With(Wire.Continuation, next);
            // Ties of a sort come in the direction of its first path, which the SDK must know to resume behind one.
            answer.With(Wire.ItemCount, Count(page.Count)).With(Wire.QueryExecutionInfo, """{"reverseRidEnabled":true,"reverseIndexScan":false}""");
            return Placed(answer, container, scope, request);
        });
    }

    void Finish(Container container, Commit commit)
    {
        commit.Complete();
        if (commit.Writes.Count > 0) account.Journal.Committed(container, commit);
    }

    Container ContainerOf(GatewayRequest request) => account.OwnerOfDocuments(request.Route.Database!, request.Route.Container!);

    static Answer Placed(Answer answer, Container container, QueryScope scope, GatewayRequest request) =>
        answer.WithPlace(container, scope.Partition, $"dbs/{request.Route.Database}/colls/{container.Definition.Id}");

    static string Count(int count) => count.ToString(CultureInfo.InvariantCulture);

    /// <summary>The documents with the LSN each was written at, which the change feed adds.</summary>
    static void WriteFeed(Utf8JsonWriter writer, Container container, IReadOnlyList<StoredDocument> documents)
    {
        writer.WriteStartObject();
        writer.WriteString("_rid", container.Rid);
        writer.WriteStartArray("Documents");
        foreach (var document in documents)
        {
            writer.WriteStartObject();
            foreach (var property in document.Root.EnumerateObject()) property.WriteTo(writer);
            writer.WriteNumber("_lsn", document.Lsn);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("_count", documents.Count);
        writer.WriteEndObject();
    }
}
