using System.Diagnostics;
using System.Text.Json;
using CertFunctions.Emulation.Cost;
using CertFunctions.Emulation.Protocol;

namespace CertFunctions.Emulation.Storage;

/// <summary>Carries out one operation within a commit: the same code for a point request and for each part of a batch.</summary>
static class ItemExecutor
{
    public static ItemOutcome Execute(Container container, PreparedItem item, Commit commit)
    {
        var existing = commit.Partition.Logical(item.Epk)?.Find(item.Id);
        var operation = item.Operation;
        switch (operation.Verb)
        {
            case ItemVerb.Create:
                if (existing is not null) throw ServiceException.Conflict($"Entity with the specified id already exists in the system: '{item.Id}'.");
                return Put(container, item, null, commit);
            case ItemVerb.Upsert:
                if (existing is not null) CheckMatch(operation, existing);
                return Put(container, item, existing, commit);
            case ItemVerb.Replace:
                CheckMatch(operation, existing ?? throw NotFound(item));
                return Put(container, item, existing, commit);
            case ItemVerb.Delete:
                CheckMatch(operation, existing ?? throw NotFound(item));
                commit.Delete(existing);
                return new ItemOutcome(204, RequestCharge.Delete(existing, container.Definition.Indexing));
            case ItemVerb.Read:
                var found = existing ?? throw NotFound(item);
                return operation.IfNoneMatch is { } tag && (tag == "*" || tag == found.ETag)
                    ? new ItemOutcome(304, RequestCharge.Read(found.Size), ETag: found.ETag)
                    : new ItemOutcome(200, RequestCharge.Read(found.Size), found, found.ETag);
            default:
                throw new UnreachableException();
        }
    }

    static ItemOutcome Put(Container container, PreparedItem item, StoredDocument? existing, Commit commit)
    {
        var definition = container.Definition;
        var number = existing?.Number ?? container.NextDocument();
        var rid = container.DocumentRid(number);
        var etag = container.NextETag(commit.Now);
        var document = new StoredDocument
        {
            Id = item.Id,
            Epk = item.Epk,
            Number = number,
            ETag = etag,
            Timestamp = commit.Now,
            Lsn = commit.Lsn,
            LsnOrder = commit.NextOrder,
            ExpiresAt = TimeToLive.ExpiryOf(item.Body, definition.DefaultTimeToLive, commit.Now),
            Root = WithSystemProperties(item.Body, rid, container.Self, etag, commit.Now),
        };

        if (commit.Partition.LogicalOrNew(item.Epk).ViolatesUniqueKey(document))
        {
            commit.Partition.DropEmpty(item.Epk);
            throw ServiceException.Conflict("Unique index constraint violation.");
        }

        commit.Put(existing, document);
        var charge = existing is null ? RequestCharge.Insert(document, definition.Indexing) : RequestCharge.Replace(document, definition.Indexing);
        return new ItemOutcome(existing is null ? 201 : 200, charge, item.Operation.Minimal ? null : document, etag);
    }

    static void CheckMatch(ItemOperation operation, StoredDocument existing)
    {
        if (operation.IfMatch is { } tag && tag != "*" && tag != existing.ETag)
            throw new ServiceException(412, "PreconditionFailed", "Operation cannot be performed because one of the specified precondition is not met.");
    }

    static ServiceException NotFound(PreparedItem item) => ServiceException.NotFound($"document '{item.Id}'");

    static JsonElement WithSystemProperties(JsonElement body, string rid, string containerSelf, string etag, long timestamp) =>
        JsonElement.Parse(JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var property in body.EnumerateObject())
                if (property.Name is not ("_rid" or "_self" or "_etag" or "_attachments" or "_ts" or "_lsn"))
                    property.WriteTo(writer);

            writer.WriteString("_rid", rid);
            writer.WriteString("_self", $"{containerSelf}docs/{rid}/");
            writer.WriteString("_etag", etag);
            writer.WriteString("_attachments", "attachments/");
            writer.WriteNumber("_ts", timestamp);
            writer.WriteEndObject();
        }));
}
