using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem;

/// <summary>
/// One destination of the ledger: a SIEM, a file. The contract, by number:
/// <list type="number">
/// <item><see cref="SinkOutcome.Delivered"/> means the destination has all of the batch as durably as it ever will.</item>
/// <item>Entries come in index order, and a batch may come again, wholly or from some entry on: then the destination gets them again or knows them by (ledger, index).</item>
/// <item>Anything else means nothing is promised of the batch; it will come again.</item>
/// </list>
/// </summary>
public interface ISink
{
    /// <summary>Its name in settings, positions and status; unique, and kept for ever, as the position hangs on it.</summary>
    string Name { get; }

    Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken);
}

/// <summary>What became of a batch handed to a sink.</summary>
public abstract record SinkOutcome
{
    SinkOutcome()
    {
    }

    public sealed record Delivered : SinkOutcome;

    /// <summary>Not now; <paramref name="Reason"/> is for the operator and holds no secret.</summary>
    public sealed record Failed(string Reason) : SinkOutcome;
}
