using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Witness;

/// <summary>
/// What a witness remembers of each log: the largest checkpoint it cosigned. The contract, by number:
/// <list type="number">
/// <item>A step that <see cref="AdvanceAsync"/> answers with true is durable: it survives the death of process and machine.</item>
/// <item>A step goes through only if the log stands where the caller thinks it does; of steps at once from one place, one goes through.</item>
/// <item>When a step throws, it is either wholly durable or not there at all.</item>
/// <item>Whatever is asked of it, a log's size never falls, and no size ever gets a second root.</item>
/// <item>Logs share nothing.</item>
/// </list>
/// </summary>
public interface IWitnessState
{
    /// <summary>Where a log stands; null for one never cosigned.</summary>
    Task<WitnessedCheckpoint?> FindAsync(string origin, CancellationToken cancellationToken);

    /// <summary>Moves a log from <paramref name="expected"/> (null: never cosigned) to <paramref name="next"/>; false where it stands elsewhere.</summary>
    Task<bool> AdvanceAsync(string origin, WitnessedCheckpoint? expected, WitnessedCheckpoint next, CancellationToken cancellationToken);
}

/// <summary>A checkpoint as a witness cosigned it: size and root, and <paramref name="Note"/>, which has the log's signature and the witness's own.</summary>
public sealed record WitnessedCheckpoint(long Size, Digest Root, ReadOnlyMemory<byte> Note);
