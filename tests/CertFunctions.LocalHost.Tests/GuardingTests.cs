using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Outbound;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Verification;
using CertFunctions.Core.Witness;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Rotate;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Verify;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>
/// Two organisations guard each other: each runs a service and a witness, and each witness cosigns the other's log. Real stores, archives and Kestrel hosts; one of
/// them then rewrites its history with all its keys in hand.
/// </summary>
public sealed class GuardingTests : IDisposable
{
    static readonly OrgId Ledger = OrgId.Parse("local");

    readonly TempFolder home = new();
    readonly HttpClient http = new(OutboundHttp.Create());

    [Fact]
    public async Task Each_ones_checkpoints_are_cosigned_by_the_other_and_whoever_rewrites_history_gets_no_more_cosignatures()
    {
        await using var alice = await Party.OpenAsync(home.File("alice"));
        await using var bob = await Party.OpenAsync(home.File("bob"));
        await using var alicesWitness = await WitnessOf("alice", bob);
        await using var bobsWitness = await WitnessOf("bob", alice);

        for (var round = 1; round <= 3; round++)
        {
            foreach (var (party, witness) in new[] { (alice, bobsWitness), (bob, alicesWitness) })
            {
                await party.RecordAsync(5);
                await party.PublishAsync();
                await party.Cosign(http, witness).RunAsync(default);
                var latest = await party.LatestAsync();
                Assert.Equal(5 * round, latest.Checkpoint.Size);
                var cosigned = await party.CosignedAsync(witness.Verifier, latest.Checkpoint);
                Assert.Equal([party.Key, witness.Verifier], cosigned.Check(party.Key, witness.Verifier).Good);
                Assert.Equal(latest.Note.Text.ToArray(), cosigned.Text.ToArray());
            }
        }

        // Alice starts over: the same key and name, another database and archive, and a history as long as the first.
        await using var forged = await alice.RewriteAsync(home.File("forged"));
        await forged.RecordAsync(20);
        await forged.PublishAsync();
        var refused = await Assert.ThrowsAsync<AggregateException>(() => forged.Cosign(http, bobsWitness).RunAsync(default));
        Assert.Contains("another history", refused.InnerException!.Message, StringComparison.Ordinal);
        Assert.Null(await forged.Archive.ReadAsync(CosignedCheckpoints.Name(Ledger, bobsWitness.Verifier, (await forged.LatestAsync()).Checkpoint), default));
        // The honest one goes on.
        await alice.RecordAsync(1);
        await alice.PublishAsync();
        await alice.Cosign(http, bobsWitness).RunAsync(default);
    }

    [Fact]
    public async Task Verification_finds_the_cosignatures_in_an_archive_and_holds_to_the_quorum()
    {
        await using var alice = await Party.OpenAsync(home.File("alice"));
        await using var bob = await WitnessOf("bob", alice);
        await using var carol = await WitnessOf("carol", alice);
        await using var dave = await WitnessOf("dave", alice);
        await alice.RecordAsync(4);
        await alice.PublishAsync();
        await alice.Cosign(http, carol).RunAsync(default);
        await alice.RecordAsync(3);
        await alice.PublishAsync();
        await alice.Cosign(http, bob).RunAsync(default);
        VerifierKey[] all = [bob.Verifier, carol.Verifier, dave.Verifier];

        foreach (var source in new[] { "folder", "archive", "folder and archive" })
        {
            // Bob saw seven entries; Carol four, and so both of them four; Dave none.
            Witnessed(await VerifyAsync(1), null);
            Witnessed(await VerifyAsync(2), "entries 4 to 6");
            var three = await VerifyAsync(3);
            Assert.Equal((Verdict.Unverifiable, Layer.Witness), (three.Verdict, three.FoundBy));
            Assert.False(three.Guarantees.HasFlag(Guarantees.Witnessed));

            async Task<VerifyReport> VerifyAsync(int quorum)
            {
                var setup = new VerifySetup
                {
                    Policy = new TrustPolicy { Origin = alice.Key.Name, LogKeys = [alice.Key], Witnesses = all, Quorum = quorum },
                    Archive = source == "folder and archive" ? alice.Archive : null,
                };
                return Assert.Single(source == "archive" ? await VerifySources.ArchiveAsync(alice.Archive, setup, default) : VerifySources.Folder(alice.Folder, setup, default, watched: false));
            }
        }

        static void Witnessed(VerifyReport report, string? butNot)
        {
            Assert.True(report.Verdict == Verdict.Valid, report.Detail);
            Assert.True(report.Guarantees.HasFlag(Guarantees.Signed | Guarantees.Witnessed));
            var hole = report.NotChecked.SingleOrDefault(u => u.What.StartsWith("witnessed", StringComparison.Ordinal));
            Assert.Equal(butNot is null ? null : $"witnessed: {butNot}", hole?.What);
        }
    }

    [Fact]
    public async Task A_witnesss_checkpoint_in_an_archive_is_worth_what_its_signature_is()
    {
        await using var alice = await Party.OpenAsync(home.File("alice"));
        await using var bob = await WitnessOf("bob", alice);
        await alice.RecordAsync(4);
        await alice.PublishAsync();
        await alice.Cosign(http, bob).RunAsync(default);
        var setup = new VerifySetup { Policy = new TrustPolicy { Origin = alice.Key.Name, LogKeys = [alice.Key], Witnesses = [bob.Verifier], Quorum = 1 } };
        Assert.Equal(Verdict.Valid, Assert.Single(VerifySources.Folder(alice.Folder, setup, default, watched: false)).Verdict);

        // A shorter history under the same key: what Bob signed speaks against it, and without Bob's line it is not witnessed.
        await using var shorter = await alice.RewriteAsync(home.File("shorter"));
        await shorter.RecordAsync(3);
        await shorter.PublishAsync();
        var cosigned = CosignedCheckpoints.Name(Ledger, bob.Verifier, (await alice.LatestAsync()).Checkpoint);
        var there = Path.Combine(shorter.Folder.Archive, cosigned);
        Directory.CreateDirectory(Path.GetDirectoryName(there)!);
        File.Copy(Path.Combine(alice.Folder.Archive, cosigned), there);
        var report = Assert.Single(VerifySources.Folder(shorter.Folder, setup, default, watched: false));
        Assert.Equal((Verdict.Truncated, Layer.Witness), (report.Verdict, report.FoundBy));

        File.Delete(there);
        await File.WriteAllBytesAsync(there, (await alice.LatestAsync()).Note.ToBytes());
        Assert.Equal(Verdict.Truncated, Assert.Single(VerifySources.Folder(shorter.Folder, setup, default, watched: false)).Verdict);
        File.Delete(there);
        Assert.Equal((Verdict.Unverifiable, Layer.Witness), Assert.Single(VerifySources.Folder(shorter.Folder, setup, default, watched: false)) is var r ? (r.Verdict, r.FoundBy) : default);
    }

    [Fact]
    public async Task A_history_cut_short_is_found_by_the_witness_that_saw_more()
    {
        await using var alice = await Party.OpenAsync(home.File("alice"));
        await using var witness = await WitnessOf("bob", alice);
        await alice.RecordAsync(9);
        await alice.PublishAsync();
        await alice.Cosign(http, witness).RunAsync(default);

        await using var shorter = await alice.RewriteAsync(home.File("shorter"));
        await shorter.RecordAsync(4);
        await shorter.PublishAsync();
        var job = shorter.Cosign(http, witness);
        var refused = await Assert.ThrowsAsync<AggregateException>(() => job.RunAsync(default));
        Assert.Contains("has cosigned 9 entries", refused.InnerException!.Message, StringComparison.Ordinal);
        Assert.Contains("has cosigned 9 entries", Assert.Single(job.Statuses).LastError!, StringComparison.Ordinal);
        var told = Assert.Single((await shorter.Health.ReadAsync(Ledger, default)).Witnesses);
        Assert.Equal(0, told.Size);
        Assert.Contains("has cosigned 9 entries", told.Error!, StringComparison.Ordinal);
        told = Assert.Single((await alice.Health.ReadAsync(Ledger, default)).Witnesses);
        Assert.Equal((9, null), (told.Size, told.Error));
    }

    [Fact]
    public async Task A_witness_that_is_down_holds_up_nothing_and_the_next_checkpoint_covers_what_it_missed()
    {
        await using var alice = await Party.OpenAsync(home.File("alice"));
        Uri gone;
        VerifierKey key;
        await using (var witness = await WitnessOf("bob", alice))
        {
            await alice.RecordAsync(3);
            await alice.PublishAsync();
            await alice.Cosign(http, witness).RunAsync(default);
            (gone, key) = (witness.Url, witness.Verifier);
        }

        await alice.RecordAsync(3);
        await alice.PublishAsync();
        await Assert.ThrowsAsync<AggregateException>(() => alice.Cosign(http, new WitnessTarget(gone, key)).RunAsync(default));
        await alice.RecordAsync(3);
        await alice.PublishAsync();
        await using var back = await WitnessOf("bob", alice);
        await alice.Cosign(http, back).RunAsync(default);
        Assert.Equal(9, (await alice.LatestAsync()).Checkpoint.Size);
        Assert.False((await alice.CosignedAsync(key, (await alice.LatestAsync()).Checkpoint)).Check(key).IsRefused);
    }

    [Fact]
    public async Task A_log_that_rotates_its_key_is_cosigned_on_by_a_witness_that_is_given_the_new_one()
    {
        await using var alice = await Party.OpenAsync(home.File("alice"));
        var before = alice.Key;
        await alice.RecordAsync(3);
        await alice.PublishAsync();
        await using (var witness = await WitnessOf("bob", alice))
            await alice.Cosign(http, witness).RunAsync(default);

        await alice.RotateAsync();
        await alice.PublishAsync();
        Assert.NotEqual(before, alice.Key);
        Assert.Equal([alice.Key], (await alice.LatestAsync()).Note.Check(alice.Key, before).Good);
        await using var knowsBoth = await WitnessOf("bob", alice, before);
        await alice.Cosign(http, knowsBoth).RunAsync(default);
    }

    [Fact]
    public async Task A_service_that_is_given_a_witness_asks_it_by_itself()
    {
        WitnessHost witness;
        VerifierKey key;
        await using (var alice = await Party.OpenAsync(home.File("alice")))
        {
            key = alice.Key;
            witness = await WitnessOf("bob", alice);
            await alice.RecordAsync(3);
            await alice.PublishAsync();
        }

        await using (witness)
        {
            var target = new WitnessTarget(witness.Url, witness.Verifier);
            await using var service = await LocalService.StartAsync(new ServeOptions { Data = new DataFolder(home.File("alice")), Url = "http://127.0.0.1:0", Quiet = true, Witnesses = [target] }, default);
            var folder = Path.Combine(home.File("alice"), "archive", CosignedCheckpoints.Folder(Ledger, witness.Verifier));
            await Eventually.TrueAsync(() => Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*Z", SearchOption.AllDirectories).Any(), "a cosigned checkpoint is in the archive");
            Assert.True(SignedNote.TryParse(await File.ReadAllBytesAsync(Directory.EnumerateFiles(folder, "*Z", SearchOption.AllDirectories).First()), out var note, out _));
            Assert.Equal([key, witness.Verifier], note.Check(key, witness.Verifier).Good);
        }
    }

    public void Dispose()
    {
        http.Dispose();
        home.Dispose();
    }

    Task<WitnessHost> WitnessOf(string owner, Party guarded, params VerifierKey[] earlier) => WitnessHost.StartAsync(
        new WitnessOptions { Data = new DataFolder(home.File($"{owner}-witness")), Url = "http://127.0.0.1:0", Logs = [guarded.Key, .. earlier], Quiet = true }, default);

    /// <summary>A service without its endpoints: store, keys and archive in a data folder, its steps taken one by one.</summary>
    sealed class Party : IAsyncDisposable
    {
        readonly ManualClock clock = ManualClock.Default;
        readonly DataFolder folder;
        readonly IDisposable hold;
        readonly LocalStore store;
        ServiceKeys keys;
        int recorded;

        Party(DataFolder folder, IDisposable hold, ServiceKeys keys, LocalStore store)
        {
            (this.folder, this.hold, this.keys, this.store) = (folder, hold, keys, store);
            Archive = new FolderArchive(folder.Archive);
        }

        public DataFolder Folder => folder;

        public FolderArchive Archive { get; }

        public VerifierKey Key => keys.Log.Signer(folder.LogName(null).Origin(Ledger)).Verifier;

        ServeOptions Options => new() { Data = folder, Clock = clock };

        public static async Task<Party> OpenAsync(string path)
        {
            var folder = new DataFolder(path);
            var hold = folder.Take();
            var keys = ServiceKeys.LoadOrCreate(folder);
            return new Party(folder, hold, keys, await LocalStore.OpenAsync(new ServeOptions { Data = folder }, keys, default));
        }

        /// <summary>The same log, by its keys and its name, with nothing in it.</summary>
        public async Task<Party> RewriteAsync(string path)
        {
            Directory.CreateDirectory(Path.Combine(path, "keys"));
            File.Copy(Path.Combine(folder.Path, "log-name"), Path.Combine(path, "log-name"));
            foreach (var key in Directory.GetFiles(folder.Keys))
                File.Copy(key, Path.Combine(path, "keys", Path.GetFileName(key)));
            return await OpenAsync(path);
        }

        public async Task RecordAsync(int events)
        {
            for (var i = 0; i < events; i++)
                await store.Events.AppendAsync([Make.Stamped("c1", $"{Path.GetFileName(folder.Path)}-{++recorded}", Ledger)], default);
            await store.ChainAllAsync(new ExtendLedger(store.Ledger, keys.Ledger), default);
        }

        public async Task PublishAsync()
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.IsType<PublishOutcome.Published>(await new PublishCheckpoints(store.Ledger, Archive, folder.LogName(null), keys.Log, clock).HandleAsync(Ledger, default));
        }

        public async Task RotateAsync()
        {
            using var random = new SeededRandom();
            await new RotateKey(Options, keys, store, random).HandleAsync(RotatedKey.Signing, default);
            keys = ServiceKeys.LoadOrCreate(folder);
        }

        /// <summary>As another process over the same store would have it.</summary>
        public LedgerHealth Health => new(store.Positions);

        public RequestCosignatures Cosign(HttpClient http, WitnessHost witness) => Cosign(http, new WitnessTarget(witness.Url, witness.Verifier));

        public RequestCosignatures Cosign(HttpClient http, WitnessTarget witness) => new(store.Ledger, Archive, [new AskWitness(http, witness)], clock) { Health = Health };

        public async Task<ArchivedCheckpoint> LatestAsync() => (await ArchivedCheckpoints.LatestAsync(Archive, Ledger, default))!;

        public async Task<SignedNote> CosignedAsync(VerifierKey witness, Checkpoint checkpoint)
        {
            var bytes = await Archive.ReadAsync(CosignedCheckpoints.Name(Ledger, witness, checkpoint), default);
            return SignedNote.TryParse(bytes!.Value.Span, out var note, out var why) ? note : throw new InvalidDataException(why);
        }

        public async ValueTask DisposeAsync()
        {
            await store.DisposeAsync();
            hold.Dispose();
        }
    }
}
