using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Verification;
using CertFunctions.Core.Witness;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Verify;
using CertFunctions.Sqlite;

namespace CertFunctions.LocalHost.Drill;

/// <summary>
/// Where a drill takes place: a copy of the beginning of a ledger with its MAC keys, published under a log key of the drill's own, first in part, then whole; an
/// archive apart from it; a witness that saw the whole of it; and a policy that pins the first checkpoint. Gone when it ends.
/// </summary>
sealed class DrillGround : IDisposable
{
    /// <summary>A ledger with fewer entries has no middle, beginning and end to tell apart.</summary>
    public const int LeastEntries = 12;

    readonly DirectoryInfo root = Directory.CreateTempSubdirectory("certfn-drill-");
    readonly ECDsa logKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly EcdsaLogKey log;
    readonly EcdsaLogKey next = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
    readonly WitnessKey witness = new("witness.example", ECDsa.Create(ECCurve.NamedCurves.nistP256));
    readonly LogName name = LogName.Parse("drill.example");
    readonly TimeProvider clock;
    int copies;

    DrillGround(OrgId ledger, TimeProvider clock)
    {
        (Ledger, this.clock) = (ledger, clock);
        log = new EcdsaLogKey(logKey);
    }

    public OrgId Ledger { get; }

    public long Size { get; private set; }

    /// <summary>The size of the checkpoint that the policy pins.</summary>
    public long PinnedSize => Size * 2 / 3;

    /// <summary>The MAC keys: the attacker of some rows has them.</summary>
    public required LedgerKeys Keys { get; init; }

    public TrustPolicy Policy { get; private set; } = null!;

    /// <summary>The last checkpoint, with the witness's signature, as the witness keeps it.</summary>
    public SeenCheckpoint Witnessed { get; private set; } = null!;

    DataFolder Whole => new(Path.Combine(root.FullName, "whole"));

    string Archive => Path.Combine(root.FullName, "archive");

    public static async Task<DrillGround> PrepareAsync(DataFolder from, OrgId ledger, int most, TimeProvider clock, CancellationToken cancellationToken)
    {
        var keys = ServiceKeys.LoadLedger(from) ?? throw new MendableException($"There are no MAC keys in {from.Keys}: a drill needs them, to show what someone who has them can do.");
        var ground = new DrillGround(ledger, clock) { Keys = keys };
        try
        {
            DataFolder.CreateOwnerOnly(ground.Whole.Path);
            CopyFiles(from.Keys, ground.Whole.Keys, "hmac-*.key");
            ground.Size = DrillDatabase.CopyBeginning(from.Database, ground.Whole.Database, ledger, most);
            if (ground.Size < LeastEntries)
                throw new MendableException($"The ledger of {ledger} has {ground.Size} entries: a drill needs at least {LeastEntries}. 'certfn import' records some certificates.");
            await ground.PublishAllAsync(cancellationToken).ConfigureAwait(false);
            return ground;
        }
        catch
        {
            ground.Dispose();
            throw;
        }
    }

    /// <summary>What the copy is published under: the attacker of some rows has it.</summary>
    public LogKeys LogKeys => new(log);

    /// <summary>A copy for one mutation: a data folder that the attacker has, with an archive of its own in it, and the archive that stands apart.</summary>
    public (DataFolder Folder, string Archive) Copy()
    {
        var at = Path.Combine(root.FullName, FormattableString.Invariant($"copy-{++copies}"));
        var folder = new DataFolder(Path.Combine(at, "data"));
        CopyFiles(Whole.Path, folder.Path, "*");
        CopyFiles(Archive, folder.Archive, "*");
        CopyFiles(Archive, Path.Combine(at, "archive"), "*");
        return (folder, Path.Combine(at, "archive"));
    }

    /// <summary>Publishes what is in a folder under the log's key, as if nothing had been published before: what someone who has that key can do.</summary>
    public async Task PublishAnewAsync(DataFolder folder, CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder.Archive))
            Directory.Delete(folder.Archive, recursive: true);
        var store = SqliteStore.Open(new SqliteOptions { Path = folder.Database });
        await using (store.ConfigureAwait(false))
            await PublishAsync(store.Ledger, folder.Archive, LogKeys, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The log's key gives way to the next one, by one more entry, and what is there then is published: under the next key, or by someone who still has the one before.</summary>
    public async Task RotateAsync(DataFolder folder, bool signWithRetired, CancellationToken cancellationToken)
    {
        var store = SqliteStore.Open(new SqliteOptions { Path = folder.Database });
        await using (store.ConfigureAwait(false))
        {
            var signer = log.Named(name.Origin(Ledger));
            var rotation = new KeyRotation(Ledger, RotatedKey.Signing, signer.Verifier.ToString(), next.Named(name.Origin(Ledger)).Verifier.ToString());
            using var random = RandomNumberGenerator.Create();
            await new TellOwnEvent(store.Events, clock, random)
                .HandleAsync(Ledger, KeyRotation.EventType, EventId.Parse("drill-key-rotated"), await rotation.SignAsync(signer, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, Keys));
            while (await pump.StepAsync(cancellationToken).ConfigureAwait(false) > 0)
            {
            }

            await PublishAsync(store.Ledger, folder.Archive, new LogKeys(signWithRetired ? new Thief(next, log) : next, signer.Verifier), cancellationToken).ConfigureAwait(false);
        }
    }

    public VerifySetup Pinned => new() { Policy = Policy };

    public VerifySetup WithArchive(string archive) => new() { Policy = Policy, Archive = new FolderArchive(archive) };

    public VerifySetup WithWitness => new() { Policy = Policy with { Witnesses = [witness.Verifier], Quorum = 1 }, Checkpoints = [Witnessed] };

    /// <summary>A policy that pins another key than the log's: as if the log had rotated its key and nobody had told.</summary>
    public TrustPolicy OfAnotherKey
    {
        get
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Policy with { LogKeys = [VerifierKey.Of(Policy.Origin, other)], Earlier = null };
        }
    }

    public void Dispose()
    {
        log.Dispose();
        next.Dispose();
        witness.Dispose();
        root.Delete(recursive: true);
    }

    async Task PublishAllAsync(CancellationToken cancellationToken)
    {
        var store = SqliteStore.Open(new SqliteOptions { Path = Whole.Database });
        await using (store.ConfigureAwait(false))
        {
            var earlier = await PublishAsync(new LedgerUpTo(store.Ledger, PinnedSize), Archive, LogKeys, cancellationToken).ConfigureAwait(false);
            Policy = new TrustPolicy
            {
                Origin = name.Origin(Ledger),
                Ledger = Ledger,
                LogKeys = [log.Named(name.Origin(Ledger)).Verifier],
                MinSize = PinnedSize,
                Earlier = new SeenCheckpoint("the policy's checkpoint", Layer.Pin, earlier.Note, earlier.Checkpoint),
            };
            var last = await PublishAsync(store.Ledger, Archive, LogKeys, cancellationToken).ConfigureAwait(false);
            var cosigned = last.Note.With(witness.Cosign(last.Note.Text.Span, clock.GetUtcNow()));
            Witnessed = new SeenCheckpoint("the witness's checkpoint", Layer.Pin, cosigned, last.Checkpoint);
        }
    }

    async Task<ArchivedCheckpoint> PublishAsync(ILedgerStore store, string archive, LogKeys keys, CancellationToken cancellationToken)
    {
        var to = new FolderArchive(archive);
        var publish = new PublishCheckpoints(store, to, name, keys, clock);
        if (await publish.HandleAsync(Ledger, cancellationToken).ConfigureAwait(false) is PublishOutcome.Refused refused)
            throw new MendableException($"The copy of the ledger cannot be published: {refused.Reason}. See 'certfn verify'.");
        return (await ArchivedCheckpoints.LatestAsync(to, Ledger, cancellationToken).ConfigureAwait(false))!;
    }

    static void CopyFiles(string from, string to, string pattern)
    {
        DataFolder.CreateOwnerOnly(to);
        foreach (var file in Directory.GetFiles(from, pattern, SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            DataFolder.CreateOwnerOnly(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Someone with a key that gave way, and a program that takes it for the one in force.</summary>
    sealed class Thief(ILogKey inForce, ILogKey retired) : ILogKey
    {
        public INoteSigner Named(string name) => new Signer(inForce.Named(name).Verifier, retired.Named(name));

        sealed class Signer(VerifierKey pretended, INoteSigner retired) : INoteSigner
        {
            public VerifierKey Verifier => pretended;

            public Task<NoteSignature> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken) => retired.SignAsync(text, cancellationToken);
        }
    }
}
