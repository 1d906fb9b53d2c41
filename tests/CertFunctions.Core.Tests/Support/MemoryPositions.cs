using System.Globalization;
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

    public Task<string?> GetAsync(string reader, CancellationToken cancellationToken) =>
        Task.FromResult(Saved.TryGetValue(reader, out var position) ? position.ToString(CultureInfo.InvariantCulture) : null);

    public Task SaveAsync(string reader, string position, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeSave();
        var number = long.Parse(position, CultureInfo.InvariantCulture);
        Assert.True(number > Saved.GetValueOrDefault(reader), "a position goes forward");
        Saved[reader] = number;
        AfterSave();
        return Task.CompletedTask;
    }

    public async Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken)
    {
        if (await GetAsync(reader, cancellationToken) != expected)
            return false;
        await SaveAsync(reader, position, cancellationToken);
        return true;
    }
}
