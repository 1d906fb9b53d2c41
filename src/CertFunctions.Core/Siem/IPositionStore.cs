namespace CertFunctions.Core.Siem;

/// <summary>
/// Where each reader of a feed stands, by the reader's name. The contract, by number:
/// <list type="number">
/// <item>A position that was saved is durable when the call returns.</item>
/// <item>A reader that never saved stands at 0.</item>
/// <item>Readers do not see each other.</item>
/// </list>
/// A position may fall behind what was done (we died between the two), never run ahead of it: what follows is done again, and tolerates it.
/// </summary>
public interface IPositionStore
{
    Task<long> GetAsync(string reader, CancellationToken cancellationToken);

    Task SaveAsync(string reader, long position, CancellationToken cancellationToken);
}
