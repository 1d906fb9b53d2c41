using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ledger;

/// <summary>
/// Proofs about what is published: <c>GET …/events/{eventId}/proof</c>, that an event is in the tree of the newest checkpoint, and
/// <c>GET /ledger/consistency?from=&amp;to=</c>, that a later tree begins with an earlier one. Made from the archive's tiles, so a proof shows what was published
/// and not what the store says now.
/// </summary>
public sealed class GetProof(Door door, ILedgerStore store, IArchive archive, LatestCheckpoints latest)
{
    public Task<IResult> HandleInclusionAsync(HttpContext http, string project, string kind, string subjectId, string eventId) =>
        door.EnterAsync(http, Access.Access.Audit, project, (caller, projectId) => !Subject.TryParse(kind, subjectId, out var subject)
            ? Task.FromResult<IResult>(SubjectProblem.Of(kind))
            : !EventId.TryParse(eventId, out var id)
                ? Task.FromResult<IResult>(Problem.NoSuchEvent)
                : IncludeAsync(http, new SubjectAddress(caller.Org, projectId, subject), id));

    public Task<IResult> HandleConsistencyAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Audit, caller => CompareAsync(http, caller.Org));

    async Task<IResult> IncludeAsync(HttpContext http, SubjectAddress address, EventId id)
    {
        switch (await store.FindAsync(address, id, http.RequestAborted).ConfigureAwait(false))
        {
            case EventStanding.Unknown:
                return Problem.NoSuchEvent;
            case EventStanding.Unchained:
                return Problem.NotPublished;
            case EventStanding.Chained chained:
                return await latest.GetAsync(address.Org, http.RequestAborted).ConfigureAwait(false) is { } checkpoint && chained.Index < checkpoint.Checkpoint.Size
                    ? await IncludeAsync(address.Org, chained.Index, checkpoint, http.RequestAborted).ConfigureAwait(false)
                    : Problem.NotPublished;
            default:
                throw new UnreachableException();
        }
    }

    async Task<IResult> IncludeAsync(OrgId org, long index, ArchivedCheckpoint published, CancellationToken cancellationToken)
    {
        var (size, tiles) = (published.Checkpoint.Size, new ArchiveTiles(archive, org, published.Checkpoint.Size));
        var (leafHash, path) = await TreeProof.LeafAsync(tiles, index, size, cancellationToken).ConfigureAwait(false);
        // A proof that does not hold is never given out: the archive was altered, and the log says so.
        if (!TreeProof.IsIncluded(leafHash, index, size, [.. path], published.Checkpoint.Root))
            throw new ArchiveDamagedException($"the tiles of {org} do not give the root of {published.Name}");
        return JsonBytes.Of(json =>
        {
            json.WriteStartObject();
            json.WriteString("ledger"u8, org.Value);
            json.WriteNumber("index"u8, index);
            json.WriteString("leaf_hash"u8, leafHash.ToString());
            json.WriteNumber("size"u8, size);
            Path(json, path);
            json.WriteString("checkpoint"u8, published.Bytes.Span);
            json.WriteEndObject();
        });
    }

    async Task<IResult> CompareAsync(HttpContext http, OrgId org)
    {
        if (await latest.GetAsync(org, http.RequestAborted).ConfigureAwait(false) is not { } published)
            return Problem.NotPublished;
        var size = published.Checkpoint.Size;
        var errors = new FieldErrors();
        long? from = null, to = null;
        foreach (var (name, values) in http.Request.Query)
        {
            if (name == "from")
                from = Size(name, values.ToString(), size, errors);
            else if (name == "to")
                to = Size(name, values.ToString(), size, errors);
            else
                errors.Add(FieldErrors.Short(name), "is not a parameter of this call: it takes from and to");
        }

        if (from is null)
            errors.Add("from", "is missing: the size of the earlier tree");
        else if (!errors.Any && from > (to ?? size))
            errors.Add("from", "must not be larger than to");
        if (errors.Any)
            return Problem.InvalidParameter([.. errors.All]);
        var path = await TreeProof.ConsistencyAsync(new ArchiveTiles(archive, org, size), from!.Value, to ?? size, http.RequestAborted).ConfigureAwait(false);
        return JsonBytes.Of(json =>
        {
            json.WriteStartObject();
            json.WriteString("ledger"u8, org.Value);
            json.WriteNumber("from"u8, from.Value);
            json.WriteNumber("to"u8, to ?? size);
            Path(json, path);
            json.WriteEndObject();
        });
    }

    static long? Size(string name, string value, long most, FieldErrors errors)
    {
        if (long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most)
            return number;
        errors.Add(name, $"must be a whole number, at most {most}: the size of the newest checkpoint");
        return 0;
    }

    static void Path(Utf8JsonWriter json, IReadOnlyList<Digest> path)
    {
        json.WriteStartArray("path"u8);
        foreach (var hash in path)
            json.WriteStringValue(hash.ToString());
        json.WriteEndArray();
    }
}
