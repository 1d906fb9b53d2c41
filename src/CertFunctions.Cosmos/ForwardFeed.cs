using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Cosmos;

/// <summary>
/// A batch of the ledger container's change feed tells which ledgers grew, and those are forwarded to the sinks. What is sent is read from the ledger, by each
/// sink's own position, never from the batch: its documents may come in any order, again, or not at all. Run twice it finds the sinks caught up; when it throws,
/// the batch must come again.
/// </summary>
public sealed class ForwardFeed(ForwardLedgers forward)
{
    public Task HandleAsync(IEnumerable<JsonElement> batch, CancellationToken cancellationToken) => Instruments.BatchAsync("ledger", () =>
    {
        var grown = new HashSet<OrgId>();
        foreach (var document in batch)
        {
            if (Grown(document) is { } ledger)
                grown.Add(ledger);
        }

        return grown.Count > 0 ? forward.HandleAsync(grown, cancellationToken) : Task.CompletedTask;
    });

    /// <summary>Whose entry, or head, it is; null for a document that is neither. That one has no place in a ledger, and nothing is read from it.</summary>
    static OrgId? Grown(JsonElement document) =>
        Text(document, "id") is { } id && (id == SegmentDocument.HeadId || id.StartsWith(EntryDocument.IdPrefix, StringComparison.Ordinal)) && OrgId.TryParse(Text(document, "org"), out var org) ? org : null;

    static string? Text(JsonElement document, string name) =>
        document.ValueKind == JsonValueKind.Object && document.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
