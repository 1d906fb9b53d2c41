using System.Net;
using CertFunctions.Core.Events;
using CertFunctions.Core.Timers;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// Leases as documents of the state container, kind <c>lease</c>, replaced under the etag they were read with. An answer that was lost is an exception to whoever
/// asked; asking again finds the lease as its own.
/// </summary>
sealed class CosmosLeases(Container container, TimeProvider clock) : ILeases
{
    static readonly PartitionKey Partition = new(StateDocument.LeaseKind);

    public Task<bool> TryTakeAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return ChangeAsync(name, lease => lease is not { } there || there.MayTake(holder, now, timeToLive), new Lease(holder, now + timeToLive), cancellationToken);
    }

    public Task<bool> RenewAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return ChangeAsync(name, lease => lease?.IsHeldBy(holder, now) == true, new Lease(holder, now + timeToLive), cancellationToken);
    }

    // One that has run out and one that was never taken are the same to everyone.
    public Task ReleaseAsync(string name, string holder, CancellationToken cancellationToken) =>
        ChangeAsync(name, lease => lease?.Holder == holder, new Lease(holder, DateTimeOffset.UnixEpoch), cancellationToken);

    Task<bool> ChangeAsync(string name, Func<Lease?, bool> may, Lease next, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        var id = CosmosState.Id(name);
        var document = new StateDocument { Id = id, Kind = StateDocument.LeaseKind, Position = next.Holder, At = Rfc3339.Format(next.Until) };
        var (there, etag) = await FindAsync(id, cancellationToken).ConfigureAwait(false);
        if (!may(there))
            return false;
        try
        {
            if (etag is null)
                await container.CreateItemAsync(document, Partition, cancellationToken: cancellationToken).ConfigureAwait(false);
            else
                await container.ReplaceItemAsync(document, id, Partition, new ItemRequestOptions { IfMatchEtag = etag }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (CosmosException e) when (e.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed)
        {
            // Someone was faster, or it was we ourselves and the answer was lost: the lease as it is now tells.
            return await FindAsync(id, cancellationToken).ConfigureAwait(false) is ({ } now, _) && now == next;
        }
    });

    async Task<(Lease? Lease, string? Etag)> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var read = await container.ReadItemAsync<StateDocument>(id, Partition, cancellationToken: cancellationToken).ConfigureAwait(false);
            return (Rfc3339.TryParse(read.Resource.At, out var until) ? new Lease(read.Resource.Position ?? "", until) : null, read.ETag);
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return (null, null);
        }
    }
}
