using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>An archive by itself, and ledgers held against its checkpoints.</summary>
public sealed class VerifyArchiveTests : IAsyncLifetime, IDisposable
{
    const int Size = 700;

    static readonly LogName Log = LogName.Parse("example.com/log");

    static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(Size);

    readonly EcdsaLogKey key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));
    readonly MemoryArchive archive = new();
    readonly ManualClock clock = ManualClock.Default;

    TrustPolicy Policy => new() { Origin = Log.Origin(Make.Org), LogKeys = new LogKeys(key).Known(Log.Origin(Make.Org)) };

    public async Task InitializeAsync()
    {
        foreach (var size in new[] { 100, 512, Size })
            await PublishAsync(Entries, size, archive);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => key.Dispose();

    [Fact]
    public async Task An_archive_is_valid_up_to_its_largest_checkpoint()
    {
        var report = await VerifyAsync();

        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.Equal((Size, Size, Guarantees.Signed | Guarantees.Archived), (report.Entries, report.CheckpointSize, report.Guarantees));
    }

    [Fact]
    public async Task Whichever_file_under_its_newest_checkpoint_is_altered_it_is_found()
    {
        var current = archive.Files.Keys.Where(IsCurrent).ToList();
        Assert.True(current.Count > 8);
        foreach (var name in current)
        {
            foreach (var at in new[] { 0, archive.Files[name].Length / 2, archive.Files[name].Length - 1 })
            {
                var whole = archive.Files[name];
                archive.Files[name] = [.. whole];
                archive.Files[name][at] ^= 1;
                var report = await VerifyAsync();
                // A checkpoint whose origin was altered is another log's, for all that it says.
                Assert.True(report.Verdict is Verdict.Tampered or Verdict.Unverifiable, $"{name}, byte {at}: {report.Verdict} {report.Detail}");
                archive.Files[name] = whole;
            }
        }
    }

    [Fact]
    public async Task Whichever_tile_is_lost_the_archive_is_incomplete()
    {
        foreach (var name in archive.Files.Keys.Where(n => IsCurrent(n) && n.Contains("/tile/", StringComparison.Ordinal)).ToList())
        {
            archive.Files.TryRemove(name, out var bytes);
            var report = await VerifyAsync();
            // The first bundles alone may have been pruned.
            Assert.True(report.Verdict == (name.EndsWith("entries/000", StringComparison.Ordinal) ? Verdict.Pruned : Verdict.Incomplete), $"{name}: {report.Verdict}");
            archive.Files[name] = bytes!;
        }
    }

    [Fact]
    public async Task Bundles_pruned_from_the_beginning_leave_every_checkpoint_provable()
    {
        archive.Files.TryRemove("acme/tile/entries/000", out _);
        archive.Files.TryRemove("acme/tile/entries/001", out _);

        var report = await VerifyAsync();

        Assert.Equal((Verdict.Pruned, 512L, 188L), (report.Verdict, report.FirstIndex, report.Entries));
        Assert.Equal(Guarantees.Signed | Guarantees.Archived, report.Guarantees);
    }

    [Fact]
    public async Task Two_events_that_changed_places_with_their_hashes_are_another_history()
    {
        var other = new MemoryArchive();
        await PublishAsync(Reviews.Ledger([.. Entries.Take(299).Select(e => e.Event), Entries[300].Event, Entries[299].Event, .. Entries.Skip(301).Select(e => e.Event)]), Size, other);
        foreach (var name in other.Files.Keys.Where(n => n.Contains("/tile/", StringComparison.Ordinal)))
            archive.Files[name] = other.Files[name];

        var report = await VerifyAsync();

        Assert.Equal((Verdict.Forked, Layer.Archive, 100L), (report.Verdict, report.FoundBy, report.FirstIndex));
    }

    [Fact]
    public async Task A_history_signed_anew_is_forked_from_the_pinned_checkpoint_and_a_shorter_one_truncated()
    {
        var pinned = Seen("acme/checkpoint/000/000/000/000/000/512");
        var forged = new MemoryArchive();
        await PublishAsync(Reviews.Ledger(Reviews.Events(Size, subject: "s-2")), Size, forged);
        var shorter = new MemoryArchive();
        await PublishAsync(Entries, 300, shorter);

        Assert.Equal((Verdict.Valid, Layer.None), Of(await VerifyAsync(forged, Policy)));
        Assert.Equal((Verdict.Forked, Layer.Pin), Of(await VerifyAsync(forged, Policy with { Earlier = pinned })));
        Assert.Equal((Verdict.Valid, Layer.None), Of(await VerifyAsync(shorter, Policy)));
        Assert.Equal((Verdict.Truncated, Layer.Pin), Of(await VerifyAsync(shorter, Policy with { Earlier = pinned })));
        Assert.Equal((Verdict.Truncated, Layer.Pin), Of(await VerifyAsync(shorter, Policy with { MinSize = 301 })));
        Assert.Equal((Verdict.Valid, Layer.None), Of(await VerifyAsync(archive, Policy with { Earlier = pinned })));
    }

    [Fact]
    public async Task Under_another_key_it_is_unverifiable_and_an_archive_without_checkpoints_incomplete()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Equal((Verdict.Unverifiable, Layer.Signature), Of(await VerifyAsync(archive, Policy with { LogKeys = [VerifierKey.Of(Policy.Origin, other)] })));
        Assert.Equal((Verdict.Incomplete, Layer.Archive), Of(await VerifyAsync(new MemoryArchive(), Policy)));
    }

    [Fact]
    public async Task A_ledger_that_the_archive_commits_to_and_one_that_it_does_not()
    {
        Assert.Equal((Verdict.Valid, Layer.None), Of(await HoldAsync(Entries)));
        Assert.Equal((Verdict.Truncated, Layer.Archive), Of(await HoldAsync([.. Entries.Take(600)])));
        var rewritten = Reviews.Ledger([.. Entries.Take(50).Select(e => e.Event), .. Reviews.Events(650, subject: "s-2")]);
        var report = await HoldAsync(rewritten);
        Assert.Equal((Verdict.Forked, Layer.Archive, 0L), (report.Verdict, report.FoundBy, report.FirstIndex));
    }

    [Fact]
    public async Task A_policys_witnesses_must_have_cosigned()
    {
        using var witness = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var signer = witness.Named("witness.example");
        var policy = Policy with { Witnesses = [signer.Verifier], Quorum = 1 };
        Assert.Equal((Verdict.Unverifiable, Layer.Witness), Of(await VerifyAsync(archive, policy)));

        var last = Seen("acme/checkpoint/000/000/000/000/000/700");
        var cosigned = last with { Note = last.Note.With(await signer.SignAsync(last.Note.Text, default)) };
        var report = await new VerifyArchive(archive, policy).RunAsync(Make.Org, [cosigned]);
        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.True(report.Guarantees.HasFlag(Guarantees.Witnessed));
    }

    /// <summary>Whether a file is one that the tree of the largest size needs: partial tiles of smaller trees are not looked at again.</summary>
    static bool IsCurrent(string name) => !name.Contains("/tile/", StringComparison.Ordinal)
        || (TileId.TryParse(name.AsSpan("acme/".Length), out var id) && TileId.TryFind(id.Level, id.Index, Size, out var current) && current == id);

    async Task<VerifyReport> HoldAsync(IReadOnlyList<ChainedEvent> ledger)
    {
        var checks = new CheckpointChecks(Policy);
        Assert.Null(await new VerifyArchive(archive, null).AddCheckpointsAsync(Make.Org, checks, default));
        using var verifier = new LedgerVerifier(Make.Org, Reviews.Keys, tree: new LeafTree(checks.Sizes));
        foreach (var row in StoredRow.Of(ledger))
            Assert.True(verifier.Push(new LedgerRow { Index = row.Index, Hash = row.Hash, Mac = row.Mac, KeyId = row.KeyId, Leaf = row.Leaf, Salt = row.Salt, Personal = row.Personal }));
        return checks.Apply(verifier.Complete(Reviews.HeadOf(ledger)));
    }

    SeenCheckpoint Seen(string folder)
    {
        var bytes = archive.Files[archive.Files.Keys.Single(n => n.StartsWith(folder, StringComparison.Ordinal))];
        Assert.True(SeenCheckpoint.TryParse(bytes, "the policy's checkpoint", Layer.Pin, out var seen, out var why), why);
        return seen;
    }

    Task<VerifyReport> VerifyAsync() => VerifyAsync(archive, Policy);

    static Task<VerifyReport> VerifyAsync(MemoryArchive archive, TrustPolicy policy) => new VerifyArchive(archive, policy) { Threads = 2 }.RunAsync(Make.Org);

    static (Verdict, Layer) Of(VerifyReport report) => (report.Verdict, report.FoundBy);

    async Task PublishAsync(IReadOnlyList<ChainedEvent> entries, int size, MemoryArchive to)
    {
        clock.Advance(TimeSpan.FromMinutes(1));
        var ledgers = new MemoryLedgerStore();
        ledgers.Fill([.. entries.Take(size)]);
        var outcome = await new PublishCheckpoints(ledgers, to, Log, new LogKeys(key), clock).HandleAsync(Make.Org, default);
        Assert.True(outcome is PublishOutcome.Published, (outcome as PublishOutcome.Refused)?.Reason);
    }
}
