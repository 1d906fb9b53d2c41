using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tree;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ledger;

/// <summary>
/// What is published of the org's ledger, as it lies in the archive, in the layout of C2SP tlog-tiles below <c>/ledger</c>: <c>GET /ledger/checkpoint</c>, the
/// newest signed checkpoint, and <c>GET /ledger/tile/…</c>, tiles and entry bundles, which never change.
/// </summary>
public sealed class GetPublished(Door door, IArchive archive, LatestCheckpoints latest)
{
    public Task<IResult> HandleCheckpointAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Audit, async caller =>
        await latest.GetAsync(caller.Org, http.RequestAborted).ConfigureAwait(false) is { } found
            ? new JsonBytes(200, found.Bytes, "text/plain; charset=utf-8", "private, max-age=5")
            : Problem.NotPublished);

    public Task<IResult> HandleTileAsync(HttpContext http, string path) => door.EnterAsync(http, Access.Access.Audit, async caller =>
        TileId.TryParse($"tile/{path}", out var tile) && await archive.ReadAsync(ArchiveLayout.Tile(caller.Org, tile), http.RequestAborted).ConfigureAwait(false) is { } bytes
            ? new JsonBytes(200, bytes, "application/octet-stream", "private, max-age=31536000, immutable")
            : Problem.NoSuchTile);
}
