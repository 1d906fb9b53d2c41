using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Telemetry;
using CertFunctions.Core.Timers;
using CertFunctions.Core.Verification;

namespace CertFunctions.Core.Witness;

/// <summary>
/// Takes each ledger's newest checkpoint from the archive to every witness, and puts what comes back beside it there. Publishing waits for none of it: a witness
/// that is down misses checkpoints, and the next one covers them. If we die after a witness cosigned and before that is archived, it cosigns the same tree again.
/// </summary>
public sealed class RequestCosignatures(ILedgerStore ledgers, IArchive archive, IReadOnlyList<AskWitness> witnesses, TimeProvider clock) : ITimedJob
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>How each ledger stands with each witness. Only a shortcut: the witness itself says where it stands when asked from elsewhere.</summary>
    readonly ConcurrentDictionary<(OrgId, VerifierKey), WitnessStatus> statuses = new();

    /// <summary>The job's usual name. Each archive is asked for by itself: where several hosts have one each, so do their jobs.</summary>
    public const string JobName = "request-cosignatures";

    public string Name { get; init; } = JobName;

    public TimeSpan Every => TimeSpan.FromMinutes(1);

    /// <summary>Where the standings are told for other processes; nowhere where it is null.</summary>
    public LedgerHealth? Health { get; init; }

    /// <summary>Each ledger's standing with each witness, as this process saw it last.</summary>
    public IReadOnlyCollection<WitnessStatus> Statuses => [.. statuses.Values];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var ledger in await ledgers.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await ArchivedCheckpoints.LatestAsync(archive, ledger, cancellationToken).ConfigureAwait(false) is not { } latest)
                continue;
            var asked = await Task.WhenAll(witnesses.Select(w => AskAsync(ledger, latest, w, cancellationToken))).ConfigureAwait(false);
            if (Health is not null)
                await Health.NoteAsync(ledger, statuses.Values.Where(s => s.Ledger == ledger).Select(s => new WitnessStanding(s.Witness, s.Size, s.At, s.LastError))).ConfigureAwait(false);
            failures.AddRange(asked.OfType<string>().Select(why => new IOException($"the ledger of {ledger} is not cosigned: {why}")));
        }

        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    /// <summary>Null when the witness has cosigned this checkpoint, otherwise why it has not.</summary>
    async Task<string?> AskAsync(OrgId ledger, ArchivedCheckpoint latest, AskWitness witness, CancellationToken cancellationToken)
    {
        var key = witness.Target.Key;
        var before = statuses.GetValueOrDefault((ledger, key));
        if (before?.Name == latest.Name)
            return null;
        string? why;
        var reason = "unreachable";
        try
        {
            using var patience = new CancellationTokenSource(Patience, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            var tiles = new ArchiveTiles(archive, ledger, latest.Checkpoint.Size);
            var outcome = await witness.HandleAsync(latest.Note, latest.Checkpoint.Size, Math.Min(before?.Size ?? 0, latest.Checkpoint.Size), tiles, either.Token).ConfigureAwait(false);
            switch (outcome)
            {
                case AskOutcome.Cosigned cosigned:
                    // Put once: where another service of this log was faster, its cosignature is as good.
                    await archive.PutAsync(CosignedCheckpoints.Name(ledger, key, latest.Checkpoint), latest.Note.With(cosigned.Signatures).ToBytes(), CancellationToken.None).ConfigureAwait(false);
                    statuses[(ledger, key)] = new WitnessStatus(ledger, key.Name, latest.Checkpoint.Size, latest.Name, clock.GetUtcNow());
                    return null;
                case AskOutcome.Ahead ahead:
                    reason = "ahead";
                    why = FormattableString.Invariant($"{key.Name} has cosigned {ahead.Size} entries of it, and the archive's newest checkpoint has {latest.Checkpoint.Size}: what was published before is lost, or another service signs with this log's key");
                    break;
                case AskOutcome.Refused refused:
                    reason = "refused";
                    why = $"{key.Name}: {refused.Reason}";
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            why = FormattableString.Invariant($"{key.Name} did not answer within {Patience.TotalSeconds} seconds");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or Tree.TileUnavailableException)
        {
            why = $"{key.Name}: {e.Message}";
        }

        Instruments.WitnessFailures.Add(1, Instruments.Label("witness", key.Name), Instruments.Label("reason", reason));
        statuses[(ledger, key)] = (before ?? new WitnessStatus(ledger, key.Name, 0, null, clock.GetUtcNow())) with { LastError = why, At = clock.GetUtcNow() };
        return why;
    }
}

/// <summary>A ledger's standing with a witness: what it cosigned last, and why it would not since. <paramref name="Name"/> is the checkpoint's in the archive.</summary>
public sealed record WitnessStatus(OrgId Ledger, string Witness, long Size, string? Name, DateTimeOffset At, string? LastError = null);

/// <summary>
/// Where an archive keeps checkpoints with a witness's cosignature: <c>ORG/cosigned/KEYID/…</c>, one folder for each witness (its key's id, 8 hex digits) with the
/// same names in it as <c>ORG/checkpoint</c> has. The note there has the log's signature and the witness's.
/// </summary>
public static class CosignedCheckpoints
{
    /// <summary>The folder of a witness's checkpoints.</summary>
    public static string Folder(OrgId org, VerifierKey witness) => $"{org}/cosigned/{witness.KeyId:x8}";

    public static string Name(OrgId org, VerifierKey witness, Checkpoint checkpoint) =>
        Folder(org, witness) + ArchiveLayout.Checkpoint(org, checkpoint.Size, checkpoint.Time ?? default)[ArchiveLayout.Checkpoints(org).Length..];

    /// <summary>The newest that a witness has cosigned; null where there is none.</summary>
    /// <exception cref="ArchiveDamagedException">It is not a checkpoint, or not the one its name says.</exception>
    public static Task<ArchivedCheckpoint?> LatestAsync(IArchive archive, OrgId org, VerifierKey witness, CancellationToken cancellationToken) =>
        ArchivedCheckpoints.LatestAsync(archive, Folder(org, witness), org, cancellationToken);
}
