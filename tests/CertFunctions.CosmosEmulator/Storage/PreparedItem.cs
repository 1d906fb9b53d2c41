using System.Text.Json;
using CertFunctions.Emulation.Partitioning;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>An operation checked against everything but what is stored: its body is JSON, its id is valid, its key agrees.</summary>
sealed record PreparedItem(ItemOperation Operation, string Id, string Epk, JsonElement Body)
{
    public const int MostBytes = 2 * 1024 * 1024;

    /// <summary>The longest value of one level of a version 2 key.</summary>
    const int MostKeyBytes = 2048;

    public static PreparedItem Prepare(ItemOperation operation, PartitionKeyDefinition definition)
    {
        if (operation is { IfNoneMatch: not null, Verb: not ItemVerb.Read })
            throw ServiceException.NotEmulated("If-None-Match on a write (the service ignores it; create fails with 409 on its own)");

        var hasBody = operation.Verb is ItemVerb.Create or ItemVerb.Replace or ItemVerb.Upsert;
        var body = hasBody ? Parse(operation.Body) : default;
        var id = hasBody ? IdOf(body) : operation.Id!;
        if (operation.Verb == ItemVerb.Replace && operation.Id != id)
            throw ServiceException.BadRequest($"The id '{id}' in the document does not match the id '{operation.Id}' of the resource to replace.");

        var key = Header(operation, definition) ?? throw ServiceException.BadRequest(
            "PartitionKey value must be supplied for this operation.", SubStatus.PartitionKeyMismatch);
        if (hasBody)
        {
            if (!PartitionKeyValue.TryExtract(body, definition, out var own))
                throw ServiceException.BadRequest("Partition key path has a complex value: a partition key is a string, number, boolean or null.", SubStatus.PartitionKeyMismatch);
            if (!own!.SameAs(key))
                throw ServiceException.BadRequest("PartitionKey extracted from document doesn't match the one specified in the header. Learn more: https://aka.ms/CosmosDB/sql/errors/wrong-pk-value", SubStatus.PartitionKeyMismatch);
        }

        if (key.Components.Any(component => component.Text is { } text && System.Text.Encoding.UTF8.GetByteCount(text) > MostKeyBytes))
            throw ServiceException.BadRequest("Partition key value is longer than 2048 bytes.");
        return new PreparedItem(operation, id, EffectivePartitionKey.Of(key, definition), body);
    }

    static PartitionKeyValue? Header(ItemOperation operation, PartitionKeyDefinition definition)
    {
        if (operation.PartitionKey is null) return null;
        if (!PartitionKeyValue.TryParseHeader(operation.PartitionKey, out var key))
            throw ServiceException.BadRequest($"Partition key {operation.PartitionKey} is invalid.");
        if (key!.Components.Count != definition.Paths.Count)
            throw ServiceException.BadRequest("Partition key provided either doesn't correspond to definition in the collection or doesn't match partition key field values specified in the document.", SubStatus.PartitionKeyMismatch);
        return key;
    }

    static JsonElement Parse(ReadOnlyMemory<byte> body)
    {
        if (body.Length > MostBytes) throw new ServiceException(413, "RequestEntityTooLarge", "Request size is too large: a document holds at most 2 MB.");
        try
        {
            var json = JsonElement.Parse(body.Span);
            return json.ValueKind == JsonValueKind.Object ? json : throw ServiceException.BadRequest("The request payload is invalid: a document is a JSON object.");
        }
        catch (JsonException)
        {
            throw ServiceException.BadRequest("The request payload is invalid. Ensure to provide a valid request payload: it is not JSON.");
        }
    }

    static string IdOf(JsonElement body)
    {
        var id = body.TryGetProperty("id", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (id is null) throw ServiceException.BadRequest("The input content is invalid because the required properties - 'id; ' - are missing.");
        return ResourceName.IsValidDocumentId(id) ? id : throw ServiceException.BadRequest($"The input name '{id}' is invalid. An id has 1 to 1023 characters without '/', '\\', '?' and '#'.");
    }
}
