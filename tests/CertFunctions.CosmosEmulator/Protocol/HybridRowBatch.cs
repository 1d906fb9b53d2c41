using Microsoft.Azure.Cosmos.Serialization.HybridRow;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.IO;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.Layouts;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.RecordIO;
using Microsoft.Azure.Cosmos.Serialization.HybridRow.Schemas;
using CertFunctions.Emulation.Storage;

namespace CertFunctions.Emulation.Protocol;

/// <summary>Batches as they travel: a RecordIO stream of HybridRows, in the schema the client assembly carries.</summary>
static class HybridRowBatch
{
    const string SchemaResource = "Microsoft.Azure.Cosmos.Batch.HybridRowBatchSchemas.json";

    static readonly LayoutResolverNamespace Resolver = new(Namespace.Parse(ReadSchema()), null);
    static readonly Layout ResultLayout = Resolver.Resolve(Resolver.Namespace.Schemas.Find(schema => schema.Name == "BatchResult")!.SchemaId);

    public static async Task<List<ItemOperation>> ReadAsync(ReadOnlyMemory<byte> body, string? partitionKey)
    {
        var operations = new List<ItemOperation>();
        using var stream = new MemoryStream(body.ToArray());
        Func<ReadOnlyMemory<byte>, Result> segment = _ => Result.Success;
        Func<ReadOnlyMemory<byte>, Result> record = bytes =>
        {
            var result = ReadOperation(bytes, partitionKey, out var operation);
            if (result == Result.Success) operations.Add(operation!);
            return result;
        };
        var read = await stream.ReadRecordIOAsync(record, segment, new MemorySpanResizer<byte>(body.Length));
        return read == Result.Success ? operations : throw ServiceException.BadRequest("The batch request's body is not a batch of operations.");
    }

    public static async Task<byte[]> WriteAsync(IReadOnlyList<ItemOutcome> outcomes)
    {
        using var stream = new MemoryStream();
        var resizer = new MemorySpanResizer<byte>(1024);
        RecordIOStream.ProduceFunc produce = (long index, out ReadOnlyMemory<byte> buffer) =>
        {
            buffer = default;
            if (index >= outcomes.Count) return Result.Success;

            var row = new RowBuffer(resizer.Memory.Length, resizer);
            row.InitLayout(HybridRowVersion.V1, ResultLayout, Resolver);
            var written = RowWriter.WriteBuffer(ref row, outcomes[(int)index], WriteResult);
            if (written == Result.Success) buffer = resizer.Memory[..row.Length];
            return written;
        };
        var result = await stream.WriteRecordIOAsync(default, produce);
        return result == Result.Success ? stream.ToArray() : throw new InvalidOperationException($"A batch result could not be written: {result}.");
    }

    static Result ReadOperation(ReadOnlyMemory<byte> record, string? batchKey, out ItemOperation? operation)
    {
        operation = null;
        var row = new RowBuffer(record.Length);
        if (!row.ReadFrom(record.Span, HybridRowVersion.V1, Resolver)) return Result.Failure;

        var verb = -1;
        string? key = null, id = null, ifMatch = null, ifNoneMatch = null;
        byte[] body = [];
        var minimal = false;
        var reader = new RowReader(ref row);
        while (reader.Read())
        {
            var result = reader.Path.ToString() switch
            {
                "operationType" => reader.ReadInt32(out verb),
                "partitionKey" => reader.ReadString(out key),
                "id" => reader.ReadString(out id),
                "resourceBody" => reader.ReadBinary(out body),
                "ifMatch" => reader.ReadString(out ifMatch),
                "ifNoneMatch" => reader.ReadString(out ifNoneMatch),
                "minimalReturnPreference" => reader.ReadBool(out minimal),
                _ => Result.Success,
            };
            if (result != Result.Success) return result;
        }

        operation = new ItemOperation
        {
            Verb = VerbOf(verb),
            PartitionKey = key ?? batchKey,
            Id = id,
            Body = body,
            IfMatch = ifMatch,
            IfNoneMatch = ifNoneMatch,
            Minimal = minimal,
        };
        return Result.Success;
    }

    /// <summary>The numbers of the protocol's OperationType.</summary>
    static ItemVerb VerbOf(int operationType) => operationType switch
    {
        0 => ItemVerb.Create,
        2 => ItemVerb.Read,
        4 => ItemVerb.Delete,
        5 => ItemVerb.Replace,
        20 => ItemVerb.Upsert,
        1 => throw ServiceException.NotEmulated("patch"),
        _ => throw ServiceException.NotEmulated($"operation type {operationType} in a batch"),
    };

    static Result WriteResult(ref RowWriter writer, TypeArgument type, ItemOutcome outcome)
    {
        var result = writer.WriteInt32("statusCode", outcome.Status);
        if (result == Result.Success && outcome.SubStatus != 0) result = writer.WriteInt32("subStatusCode", outcome.SubStatus);
        if (result == Result.Success && outcome.ETag is { } etag) result = writer.WriteString("eTag", etag);
        if (result == Result.Success && outcome.Document is { } document) result = writer.WriteBinary("resourceBody", document.Json);
        if (result == Result.Success && outcome.Message is not null) result = writer.WriteBinary("resourceBody", ErrorBody(outcome));
        if (result == Result.Success) result = writer.WriteFloat64("requestCharge", outcome.Charge);
        return result;
    }

    static byte[] ErrorBody(ItemOutcome outcome) => JsonText.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("code", outcome.Code);
        writer.WriteString("message", outcome.Message);
        writer.WriteEndObject();
    });

    static string ReadSchema()
    {
        var assembly = typeof(Microsoft.Azure.Cosmos.CosmosClient).Assembly;
        using var stream = assembly.GetManifestResourceStream(SchemaResource)
            ?? throw new InvalidOperationException($"This version of Microsoft.Azure.Cosmos has no resource '{SchemaResource}': the emulator needs the batch schema from it.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
