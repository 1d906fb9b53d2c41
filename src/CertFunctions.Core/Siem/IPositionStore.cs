namespace CertFunctions.Core.Siem;

/// <summary>
/// Where each reader of a feed stands, by the reader's name, in the feed's own words (at most 64 KiB of text). The contract, by number:
/// <list type="number">
/// <item>A position that was saved is durable when the call returns.</item>
/// <item>A reader that never saved has none: null.</item>
/// <item>Readers do not see each other.</item>
/// <item>Moving is compare-and-swap: of two that move from one position, one is told true. False says only that it is to be read again: it was elsewhere, or the move
/// landed and its answer was lost.</item>
/// </list>
/// A position may fall behind what was done (we died between the two), never run ahead of it: what follows is done again, and tolerates it.
/// </summary>
public interface IPositionStore
{
    Task<string?> GetAsync(string reader, CancellationToken cancellationToken);

    Task SaveAsync(string reader, string position, CancellationToken cancellationToken);

    /// <summary>Saves <paramref name="position"/> where the reader's is still <paramref name="expected"/> (null: it has none); false where it is not.</summary>
    Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken);
}
