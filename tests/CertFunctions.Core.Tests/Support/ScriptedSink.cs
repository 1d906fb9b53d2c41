using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;

namespace CertFunctions.Core.Tests.Support;

/// <summary>A sink that keeps what it took, and fails when told to.</summary>
sealed class ScriptedSink(string name) : ISink
{
    public string Name => name;

    /// <summary>Why it will not take anything now; null when it will.</summary>
    public string? Down { get; set; }

    public List<ChainedEvent> Taken { get; } = [];

    public List<int> Batches { get; } = [];

    public Action WhileSending { get; set; } = () => { };

    public Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken)
    {
        Assert.NotEmpty(entries);
        Assert.All(entries.Index(), e => Assert.Equal(entries[0].Index + e.Index, e.Item.Index));
        WhileSending();
        if (Down is { } reason)
            return Task.FromResult<SinkOutcome>(new SinkOutcome.Failed(reason));
        Taken.AddRange(entries);
        Batches.Add(entries.Count);
        return Task.FromResult<SinkOutcome>(new SinkOutcome.Delivered());
    }
}
