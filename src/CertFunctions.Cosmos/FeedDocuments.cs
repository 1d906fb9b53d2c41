using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Cosmos;

/// <summary>
/// What the events container's change feed delivers, sorted out: events go on, heads are not ours to look at, and anything else, or an event that does
/// not say of itself what its document says, goes to quarantine with its bytes.
/// </summary>
sealed class FeedDocuments(IQuarantine quarantine)
{
    /// <summary>The events, a subject's in seq order: the items of one transaction come in any. What is quarantined is durable there when this returns.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> EventsAsync(IEnumerable<JsonElement> documents, CancellationToken cancellationToken)
    {
        var events = new List<RecordedEvent>();
        foreach (var document in documents)
        {
            if (IsHead(document))
                continue;
            if (Read(document, out var recorded) is { } reason)
            {
                await quarantine.AddAsync(new QuarantinedDocument(document.GetRawText(), reason), cancellationToken).ConfigureAwait(false);
                Instruments.Quarantined.Add(1);
            }
            else
            {
                events.Add(recorded);
            }
        }

        return FeedOrder.Of(events);
    }

    static bool IsHead(JsonElement document) =>
        document.ValueKind == JsonValueKind.Object && document.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && id.GetString() == SubjectDocument.HeadId;

    /// <summary>Null when it is an event, otherwise why it is none.</summary>
    public static string? Read(JsonElement document, out RecordedEvent recorded)
    {
        recorded = null!;
        try
        {
            if (document.Deserialize(CosmosJson.Default.EventDocument) is not { } stored || !CosmosNames.TryRead(stored, out recorded))
                return "it is not an event's document";
            if (!LeafHeader.TryRead(recorded.Leaf.Span, out var leaf))
                return "its leaf is not one";
            return leaf.Address == recorded.Address && leaf.Id == recorded.Id && leaf.Seq == recorded.Seq ? null : "its leaf is of another event";
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return $"it is not an event's document: {e.Message}";
        }
    }
}
