using System.Collections.Concurrent;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Publishing;

/// <summary>The newest checkpoint of each ledger, for those who ask often: looked up in the archive at most once in a few seconds.</summary>
public sealed class LatestCheckpoints(IArchive archive, TimeProvider clock)
{
    /// <summary>How old an answer may be.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    readonly ConcurrentDictionary<OrgId, (DateTimeOffset At, ArchivedCheckpoint Checkpoint)> known = new();

    /// <summary>The newest checkpoint, null where none is published yet.</summary>
    public async Task<ArchivedCheckpoint?> GetAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (known.TryGetValue(ledger, out var last) && now - last.At >= TimeSpan.Zero && now - last.At < Fresh)
            return last.Checkpoint;
        var latest = await ArchivedCheckpoints.LatestAsync(archive, ledger, cancellationToken).ConfigureAwait(false);
        if (latest is not null)
            known[ledger] = (now, latest);
        return latest;
    }
}
