using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Telemetry;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Publishing;

/// <summary>What became of one ledger's publishing.</summary>
public abstract record PublishOutcome
{
    PublishOutcome()
    {
    }

    /// <summary>This checkpoint, and all it rests on, is in the archive.</summary>
    public sealed record Published(Checkpoint Checkpoint) : PublishOutcome;

    /// <summary>
    /// Nothing was signed: it would contradict what was published before, or the archive does not hold what it was given. Someone must look.
    /// <paramref name="Index"/> is the first entry concerned, where one is.
    /// </summary>
    public sealed record Refused(string Reason, long? Index = null) : PublishOutcome;
}

/// <summary>Where a ledger stands with its publishing. <paramref name="LastError"/> is null while all is well.</summary>
public sealed record PublishingStatus(OrgId Ledger, Checkpoint? Last, DateTimeOffset At, string? LastError = null);

/// <summary>
/// Step 9 of an event's life: what is chained becomes tiles and a signed checkpoint in the archive (R32), each minute, also when nothing is new: then the same
/// size is signed at a new time. Everything is read from the archive's right edge, so a run costs what is new, whatever the ledger's size. Two publishers at
/// once write the same bytes under the same names and do no harm.
/// <para>
/// Never is a checkpoint signed that the last one contradicts: the tree grows from the archive's own tiles, the ledger must go on from the chain hash that was
/// signed with them, and each entry must follow from the one before. A ledger that was rewritten or cut off is refused.
/// </para>
/// </summary>
public sealed class PublishCheckpoints(ILedgerStore ledgers, IArchive archive, LogName log, LogKeys keys, TimeProvider clock) : ITimedJob
{
    /// <summary>Entries from one checkpoint to the next, at most: a long backlog is published in pieces, and a run that dies goes on from the last.</summary>
    public const int MaxEntriesPerCheckpoint = 65_536;

    readonly ConcurrentDictionary<OrgId, PublishingStatus> statuses = new();
    readonly ConcurrentDictionary<OrgId, Publication> publications = new();

    /// <summary>The key in force at each ledger's end, and the id that its last MAC is under, as they were published last.</summary>
    readonly ConcurrentDictionary<OrgId, (VerifierKey Key, string Mac)> ends = new();

    /// <summary>The job's name, where there is one archive.</summary>
    public const string JobName = "publish-checkpoints";

    /// <summary>The longest a checkpoint may be apart from the next.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    public string Name { get; init; } = JobName;

    public TimeSpan Every { get; init; } = Longest;

    /// <summary>Brings in keys that are newer than those in force; none are where it is null.</summary>
    public BringInKeys? BringIn { get; init; }

    /// <summary>Where each outcome is told for other processes; nowhere where it is null.</summary>
    public LedgerHealth? Health { get; init; }

    /// <summary>Each ledger as this process saw it last.</summary>
    public IReadOnlyCollection<PublishingStatus> Statuses => [.. statuses.Values];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        bool? settled = null;
        foreach (var ledger in await ledgers.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                if (await HandleAsync(ledger, cancellationToken).ConfigureAwait(false) is PublishOutcome.Refused refused)
                    failures.Add(new InvalidOperationException($"the ledger of {ledger} is not published any more: {refused.Reason}"));
                else if (BringIn is not null && ends.TryGetValue(ledger, out var end))
                    settled = await BringIn.HandleAsync(ledger, end.Key, end.Mac, cancellationToken).ConfigureAwait(false) && settled != false;
            }
#pragma warning disable CA1031 // One ledger's trouble must not keep the others from being published; all of it is thrown below.
            catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
            {
                failures.Add(e);
                // What is damaged waits for a person as well; what did not answer may answer next time.
                if (e is not InvalidDataException)
                    settled = false;
            }
        }

        if (!publications.IsEmpty)
            Instruments.CheckpointAge.Record(publications.Values.Max(p => p.Age(clock.GetUtcNow())).TotalSeconds);
        // A ledger that is refused, or damaged, waits for a person, and the others do not wait for it; it is told when it is published again.
        if (BringIn is not null && settled == true)
            await BringIn.SettleAsync(cancellationToken).ConfigureAwait(false);
        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    /// <summary>Publishes what is chained by now, in as many checkpoints as it takes.</summary>
    public async Task<PublishOutcome> HandleAsync(OrgId ledger, CancellationToken cancellationToken)
    {
        var before = statuses.GetValueOrDefault(ledger);
        try
        {
            var outcome = await PublishAsync(ledger, before?.Last, cancellationToken).ConfigureAwait(false);
            await NoteAsync(outcome switch
            {
                PublishOutcome.Published published => new PublishingStatus(ledger, published.Checkpoint, clock.GetUtcNow()),
                PublishOutcome.Refused refused => new PublishingStatus(ledger, before?.Last, clock.GetUtcNow(), refused.Reason),
                _ => throw new System.Diagnostics.UnreachableException(),
            }).ConfigureAwait(false);
            return outcome;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await NoteFailureAsync(new PublishingStatus(ledger, before?.Last, clock.GetUtcNow(), e.Message), e).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Past this point the checkpoint is out, or not, whatever becomes of the note; if we die before it is saved, the next run writes one.</summary>
    async Task NoteAsync(PublishingStatus status)
    {
        var before = publications.GetValueOrDefault(status.Ledger);
        statuses[status.Ledger] = status;
        publications[status.Ledger] = Publication(status, before);
        if (Health is null)
            return;
        // What this process does not know another may: after a start, and where the timer moved.
        if (status.LastError is not null)
            publications[status.Ledger] = Publication(status, await Health.PublicationAsync(status.Ledger, CancellationToken.None).ConfigureAwait(false) ?? before);
        await Health.NoteAsync(status.Ledger, publications[status.Ledger]).ConfigureAwait(false);
    }

    async Task NoteFailureAsync(PublishingStatus status, Exception error)
    {
        try
        {
            await NoteAsync(status).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The store of notes may be what failed: then both are told.
        catch (Exception second)
#pragma warning restore CA1031
        {
            throw new AggregateException(error, second);
        }
    }

    static Publication Publication(PublishingStatus status, Publication? before) => status.LastError is null
        ? new(status.Last?.Size ?? 0, status.Last?.Time, status.At)
        : (before ?? new(status.Last?.Size ?? 0, status.Last?.Time, status.At)) with { At = status.At, Error = status.LastError, FailingSince = before?.FailingSince ?? status.At };

    async Task<PublishOutcome> PublishAsync(OrgId ledger, Checkpoint? remembered, CancellationToken cancellationToken)
    {
        try
        {
            // Where we left off is what the archive says, and nothing else is believed: if we died last time, in whatever step, this is the same beginning.
            var latest = await ArchivedCheckpoints.LatestAsync(archive, ledger, cancellationToken).ConfigureAwait(false);
            if (Doubt(ledger, latest, remembered) is { } doubt)
                return new PublishOutcome.Refused(doubt);
            var size = latest?.Checkpoint.Size ?? 0;
            var tiles = await GrowingTiles.LoadAsync(new ArchiveTiles(archive, ledger, size), size, cancellationToken).ConfigureAwait(false);
            if (latest is not null && tiles.Root() != latest.Checkpoint.Root)
                return new PublishOutcome.Refused($"the archive's tiles do not give the root of its newest checkpoint, {latest.Name}: it was altered");

            var (head, _) = await ledgers.CatchUpAsync(ledger, [], cancellationToken).ConfigureAwait(false);
            if (head.Size < size)
                return new PublishOutcome.Refused($"the ledger has {head.Size} entries and {size} are published: its end was cut off", head.Size);
            var inForce = new KeyInForce(keys, log.Origin(ledger), latest);
            var run = new PublishRun(ledgers, archive, log, keys, clock, ledger, tiles, latest?.Checkpoint, inForce);
            if (await run.ResumeAsync(head.Size > size, cancellationToken).ConfigureAwait(false) is { } rewritten)
                return rewritten;
            PublishOutcome outcome;
            do
                outcome = await run.AdvanceAsync(head.Size, cancellationToken).ConfigureAwait(false);
            while (outcome is PublishOutcome.Published published && published.Checkpoint.Size < head.Size);
            if (outcome is PublishOutcome.Published && run.LastMac is { } mac)
                ends[ledger] = (inForce.Key, mac);
            return outcome;
        }
        catch (Exception e) when (e is TileUnavailableException or ArchiveDamagedException)
        {
            return new PublishOutcome.Refused($"the archive does not hold what was published: {e.Message}");
        }
    }

    /// <summary>Why the newest checkpoint cannot be gone on from; null where it can.</summary>
    string? Doubt(OrgId ledger, ArchivedCheckpoint? latest, Checkpoint? remembered)
    {
        if (remembered is not null && (latest is null || latest.Checkpoint.Size < remembered.Size || latest.Checkpoint.Time < remembered.Time))
            return $"the archive lost {ArchiveLayout.Checkpoint(ledger, remembered.Size, remembered.Time ?? default)}, which was published";
        if (latest is null)
            return null;
        if (latest.Checkpoint.Origin != log.Origin(ledger))
            return $"{latest.Name} is by another log, {latest.Checkpoint.Origin}: this one is {log.Origin(ledger)}";
        if (latest.Note.Check(keys.Known(log.Origin(ledger))).IsRefused)
            return $"{latest.Name} is not signed by a key of this log, as far as this service knows them: name all of its signing keys, oldest first";
        return latest.Checkpoint.Chain is null ? $"{latest.Name} names no chain hash" : null;
    }
}
