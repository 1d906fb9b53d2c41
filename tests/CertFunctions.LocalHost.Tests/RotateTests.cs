using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Rotate;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Sqlite.Verification;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>R35: keys change by an entry of the log, whatever is killed on the way, and what is older still verifies.</summary>
public sealed class RotateTests : IDisposable
{
    readonly TempFolder home = new();

    DataFolder Folder => new(home.File("data"));

    [Fact]
    public async Task Both_keys_rotate_and_everything_before_and_after_verifies()
    {
        await using (var service = await Service.StartAsync(home.Path))
        {
            await service.PostAsync(Make.Json("c1", id: "e1"));
            await service.SettlesAtAsync(1);
            (await Certfn.RunAsync(home.Path, "rotate", "signing")).Exits(3).Says("in use by another certfn");
            await service.StopAsync();
        }

        var first = LogKey();
        (await Certfn.RunAsync(home.Path, "rotate", "signing")).Exits(0);
        (await Certfn.RunAsync(home.Path, "rotate", "hmac")).Exits(0);
        var second = LogKey();
        Assert.NotEqual(first, second);
        await using (var service = await Service.StartAsync(home.Path))
        {
            await service.PostAsync(Make.Json("c1", id: "e2"));
            await service.SettlesAtAsync(4);
            await service.StopAsync();
        }

        (await Certfn.RunAsync(home.Path, "verify")).Exits(0);
        var entries = Entries();
        Assert.Equal(["hmac-1", "hmac-1", "hmac-1", "hmac-2"], entries.Select(e => e.KeyId));
        var chain = Follow(first, entries);
        Assert.Equal((first, second), (chain.KeyFor(1), chain.KeyFor(2)));
        Assert.Equal([true, true, false, true], new[] { chain.MayMac("hmac-1", 0), chain.IsTrusted(second, 1000), chain.MayMac("hmac-2", 2), chain.MayMac("hmac-2", 3) });
    }

    [Fact]
    public async Task A_missing_old_MAC_key_is_unverifiable_and_never_tampered()
    {
        await RecordAsync("e1");
        await RotateAsync(RotatedKey.Hmac);
        await RecordAsync("e2");
        File.Delete(Path.Combine(Folder.Keys, "hmac-1.key"));

        var report = Assert.Single(Verify());
        Assert.Equal((Verdict.Unverifiable, 0L, 3L), (report.Verdict, report.FirstIndex, report.Entries));
    }

    [Theory]
    [InlineData(RotatedKey.Signing)]
    [InlineData(RotatedKey.Hmac)]
    public async Task Killed_after_any_step_a_rerun_brings_it_to_the_same_end(RotatedKey kind) => await KilledAsync(kind, () => RotateAsync(kind));

    [Theory]
    [InlineData(RotatedKey.Signing)]
    [InlineData(RotatedKey.Hmac)]
    public async Task Killed_after_any_step_the_next_start_of_the_service_brings_it_to_the_same_end(RotatedKey kind) => await KilledAsync(kind, async () =>
    {
        await using var service = await LocalService.StartAsync(new ServeOptions { Data = Folder, Url = "http://127.0.0.1:0", Quiet = true, SweepEvery = TimeSpan.Zero }, default);
    });

    async Task KilledAsync(RotatedKey kind, Func<Task> goOn)
    {
        await RecordAsync("e0");
        var first = LogKey();
        var rotations = 0;
        foreach (var step in new[] { "made", "told", "chained", "noted" }.Where(s => s != "noted" || kind == RotatedKey.Signing))
        {
            await Assert.ThrowsAsync<KilledException>(() => RotateAsync(kind, step));
            Assert.Equal([kind], RotateKey.Begun(Folder));
            await goOn();
            rotations++;
            Assert.Empty(RotateKey.Begun(Folder));
            Assert.True(File.Exists(KeyFiles.Path(Folder, KeyRotation.Wire(kind), rotations + 1)));
            await RecordAsync($"e{rotations}");

            Assert.Equal(Verdict.Valid, Assert.Single(Verify()).Verdict);
            var entries = Entries();
            Assert.Equal(2 * rotations + 1, entries.Count);
            var chain = Follow(first, entries);
            Assert.Equal(LogKey(), chain.Current);
            Assert.All(entries, e => Assert.True(chain.MayMac(e.KeyId, e.Index)));
            Assert.Equal(kind == RotatedKey.Hmac ? $"hmac-{rotations + 1}" : "hmac-1", entries[^1].KeyId);
        }

        Assert.Equal(rotations, Entries().Count(e => KeyRotation.TryRead(e.Event.Leaf.Span) is not null));
    }

    [Fact]
    public async Task A_new_key_that_was_lost_half_way_is_said_to_be_and_no_other_takes_its_place()
    {
        await RecordAsync("e1");
        await Assert.ThrowsAsync<KilledException>(() => RotateAsync(RotatedKey.Signing, "told"));
        var next = KeyFiles.Next(Folder, "signing", 2);
        var secret = await File.ReadAllTextAsync(next);
        File.Delete(next);

        Assert.Contains("another key", (await Assert.ThrowsAsync<MendableException>(() => RotateAsync(RotatedKey.Signing))).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(KeyFiles.Path(Folder, "signing", 2)));

        await File.WriteAllTextAsync(next, secret);
        await RotateAsync(RotatedKey.Signing);
        Assert.True(File.Exists(KeyFiles.Path(Folder, "signing", 2)));
    }

    [Fact]
    public async Task A_folder_from_before_a_rotation_neither_serves_nor_rotates()
    {
        await RecordAsync("e1");
        await RotateAsync(RotatedKey.Signing);
        File.Move(KeyFiles.Path(Folder, "signing", 2), home.File("signing-2.key"));

        Assert.Contains("is not in", (await Assert.ThrowsAsync<MendableException>(() => RotateAsync(RotatedKey.Signing))).Message, StringComparison.Ordinal);
        Assert.Contains("is not in", (await Assert.ThrowsAsync<MendableException>(() => RotateAsync(RotatedKey.Hmac))).Message, StringComparison.Ordinal);
        var start = await Assert.ThrowsAsync<MendableException>(() => LocalService.StartAsync(new ServeOptions { Data = Folder, Url = "http://127.0.0.1:0", Quiet = true, SweepEvery = TimeSpan.Zero }, default));
        Assert.Contains("copy the keys folder", start.Message, StringComparison.Ordinal);

        File.Move(home.File("signing-2.key"), KeyFiles.Path(Folder, "signing", 2));
        await RotateAsync(RotatedKey.Signing);
    }

    [Fact]
    public async Task There_are_two_kinds_of_key() => (await Certfn.RunAsync(home.Path, "rotate", "api")).Exits(2);

    [Fact]
    public async Task Where_no_service_ever_ran_there_is_no_key_to_rotate() => (await Certfn.RunAsync(home.Path, "rotate", "hmac")).Exits(3).Says("There are no keys");

    public void Dispose() => home.Dispose();

    IReadOnlyList<VerifyReport> Verify() => new VerifyDatabase(Folder.Database, ServiceKeys.LoadLedger(Folder)).Run();

    VerifierKey LogKey() => ServiceKeys.LoadLog(Folder).Signer(Folder.LogName(null).Origin(Core.Events.OrgId.Parse("local"))).Verifier;

    static RotationChain Follow(VerifierKey first, IEnumerable<ChainedEvent> entries)
    {
        var chain = new RotationChain(first);
        foreach (var entry in entries)
            Assert.IsNotType<RotationStep.Refused>(chain.Push(entry.Index, entry.Event.Leaf.Span));
        return chain;
    }

    IReadOnlyList<ChainedEvent> Entries()
    {
        using var reader = new Sqlite.SqliteLedgerReader(Folder.Database);
        return reader.Read(Core.Events.OrgId.Parse("local"), 0, 100);
    }

    async Task RecordAsync(string id) => await WithStoreAsync(async (store, keys) =>
    {
        await store.Events.AppendAsync([Make.Stamped("c1", id, Core.Events.OrgId.Parse("local"))], default);
        await store.ChainAllAsync(new ExtendLedger(store.Ledger, keys.Ledger), default);
    });

    Task RotateAsync(RotatedKey kind, string? killedAfter = null) => WithStoreAsync(async (store, keys) =>
    {
        using var random = RandomNumberGenerator.Create();
        var rotate = new RotateKey(Options, keys, store, random) { Reached = step => _ = step == killedAfter ? throw new KilledException() : 0 };
        await rotate.HandleAsync(kind, default);
    });

    ServeOptions Options => new() { Data = Folder };

    async Task WithStoreAsync(Func<LocalStore, ServiceKeys, Task> action)
    {
        using var hold = Folder.Take();
        var keys = ServiceKeys.LoadOrCreate(Folder);
        await using var store = await LocalStore.OpenAsync(Options, keys, default);
        await action(store, keys);
    }

    sealed class KilledException : Exception;
}
