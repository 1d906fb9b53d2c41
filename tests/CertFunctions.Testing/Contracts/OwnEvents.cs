using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Testing.Contracts;

/// <summary>What the service has told of a ledger, as it is recorded.</summary>
static class OwnEvents
{
    public static async Task<IReadOnlyList<(string Type, EventId Id, JsonElement Data)>> ToldAsync(StoreUnderTest store, OrgId? org = null)
    {
        var query = new TimelineQuery { Address = TellOwnEvent.Ledger(org ?? Make.Org), Order = TimelineOrder.OldestFirst };
        var slice = await store.Events.ReadTimelineAsync(query, null, 1000, default);
        return [.. slice.Events.Select(e =>
        {
            var leaf = JsonSerializer.Deserialize<JsonElement>(e.Leaf.Span);
            return (leaf.GetProperty("type").GetString()!, e.Id, leaf.GetProperty("data"));
        })];
    }
}
