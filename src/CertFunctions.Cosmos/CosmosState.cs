using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>What the service remembers of itself: readers' positions, the ledgers there are, documents in quarantine; a kind is a logical partition.</summary>
sealed class CosmosState(Container container, TimeProvider clock) : IPositionStore, IQuarantine
{
    /// <summary>A document takes 2 MB, and this is text inside one.</summary>
    const int MaxQuarantinedBytes = 1_900_000;

    public async Task<string?> GetAsync(string reader, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        try
        {
            var read = await container.ReadItemAsync<StateDocument>(Id(reader), new PartitionKey(StateDocument.PositionKind), cancellationToken: cancellationToken).ConfigureAwait(false);
            return read.Resource.Position;
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }).ConfigureAwait(false);

    public Task SaveAsync(string reader, string position, CancellationToken cancellationToken) =>
        SaveAsync(new StateDocument { Id = Id(reader), Kind = StateDocument.PositionKind, Position = position }, cancellationToken);

    public Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        var (id, partition) = (Id(reader), new PartitionKey(StateDocument.PositionKind));
        var moved = new StateDocument { Id = id, Kind = StateDocument.PositionKind, Position = position };
        try
        {
            if (expected is null)
            {
                await container.CreateItemAsync(moved, partition, cancellationToken: cancellationToken).ConfigureAwait(false);
                return true;
            }

            var there = await container.ReadItemAsync<StateDocument>(id, partition, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (there.Resource.Position != expected)
                return false;
            await container.ReplaceItemAsync(moved, id, partition, new ItemRequestOptions { IfMatchEtag = there.ETag }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (CosmosException e) when (e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed)
        {
            // Someone was faster; or it was we ourselves, the answer was lost and the SDK asked again.
            return false;
        }
    });

    public Task AddAsync(QuarantinedDocument document, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        var kept = new StateDocument
        {
            // By content: the same document delivered again is the same place.
            Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document.Document))),
            Kind = StateDocument.QuarantineKind,
            Document = Cut(document.Document),
            Reason = document.Reason,
            At = CosmosNames.Time(clock.GetUtcNow()),
        };
        try
        {
            await container.CreateItemAsync(kept, new PartitionKey(kept.Kind), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // It is there, with the time it came first.
        }

        return true;
    });

    /// <summary>What of a document fits into another: a poison too large to be put away would stop the feed. It is whole where it came from.</summary>
    static string Cut(string document)
    {
        while (JsonEncodedText.Encode(document, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.Length > MaxQuarantinedBytes)
        {
            var length = document.Length * 3 / 4;
            document = document[..(char.IsHighSurrogate(document[length - 1]) ? length - 1 : length)];
        }

        return document;
    }

    async Task<IReadOnlyList<QuarantinedDocument>> IQuarantine.ListAsync(int limit, CancellationToken cancellationToken) =>
        [.. (await ListAsync(StateDocument.QuarantineKind, limit, cancellationToken).ConfigureAwait(false)).Select(d => new QuarantinedDocument(d.Document!, d.Reason!))];

    /// <summary>The check value noted for a key id; this one, where none was.</summary>
    public Task<string?> KeyCheckAsync(string keyId, string check, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(async () =>
    {
        var partition = new PartitionKey(StateDocument.KeyKind);
        try
        {
            // Created, never replaced: of two that come at once the first decides for both.
            await container.CreateItemAsync(new StateDocument { Id = keyId, Kind = StateDocument.KeyKind, Position = check }, partition, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            // Noted before.
        }

        var read = await container.ReadItemAsync<StateDocument>(keyId, partition, cancellationToken: cancellationToken).ConfigureAwait(false);
        return read.Resource.Position;
    });

    /// <summary>Notes that an org has a ledger.</summary>
    public Task AddLedgerAsync(OrgId ledger, CancellationToken cancellationToken) =>
        SaveAsync(new StateDocument { Id = ledger.Value, Kind = StateDocument.LedgerKind }, cancellationToken);

    public async Task<IReadOnlyList<OrgId>> LedgersAsync(CancellationToken cancellationToken) =>
        [.. (await ListAsync(StateDocument.LedgerKind, int.MaxValue, cancellationToken).ConfigureAwait(false)).Select(d => OrgId.Parse(d.Id))];

    Task SaveAsync(StateDocument document, CancellationToken cancellationToken) => CosmosFailure.GuardAsync(
        () => container.UpsertItemAsync(document, new PartitionKey(document.Kind), cancellationToken: cancellationToken));

    async Task<List<StateDocument>> ListAsync(string kind, int limit, CancellationToken cancellationToken) => await CosmosFailure.GuardAsync(async () =>
    {
        var found = new List<StateDocument>();
        using var pages = container.GetItemQueryIterator<StateDocument>(new QueryDefinition("SELECT * FROM c"), requestOptions: CosmosNames.Within(new PartitionKey(kind), 100));
        while (pages.HasMoreResults && found.Count < limit)
            found.AddRange(await pages.ReadNextAsync(cancellationToken).ConfigureAwait(false));
        return found.Count <= limit ? found : found[..limit];
    }).ConfigureAwait(false);

    /// <summary>Document ids hold no slash; readers' names do.</summary>
    internal static string Id(string reader) => reader.Replace('/', '|');
}
