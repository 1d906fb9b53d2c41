using CertFunctions.Core.Siem;

namespace CertFunctions.Core.Tests.Support;

/// <summary>Positions in memory; a position never goes back, and may be told to fail before it is saved or after.</summary>
sealed class MemoryPositions : IPositionStore
{
    public Dictionary<string, long> Saved { get; } = [];

    /// <summary>Called before a position is kept; what it throws is a save that did not land.</summary>
    public Action BeforeSave { get; set; } = () => { };

    /// <summary>Called after a position was kept; what it throws is a save reported failed that did land.</summary>
    public Action AfterSave { get; set; } = () => { };

    public Task<long> GetAsync(string reader, CancellationToken cancellationToken) => Task.FromResult(Saved.GetValueOrDefault(reader));

    public Task SaveAsync(string reader, long position, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeSave();
        Assert.True(position > Saved.GetValueOrDefault(reader), "a position goes forward");
        Saved[reader] = position;
        AfterSave();
        return Task.CompletedTask;
    }
}
