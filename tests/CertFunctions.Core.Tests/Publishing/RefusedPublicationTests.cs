using System.Security.Cryptography;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using CertFunctions.Testing;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Publishing;

/// <summary>What a publisher never signs.</summary>
public sealed class RefusedPublicationTests : PublishingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(255)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(599)]
    public async Task A_ledger_rewritten_below_what_is_published_is_never_signed_again(int at)
    {
        await PublishAsync(Job(), 600);
        var rewritten = Reviews.Ledger([.. Entries.Take(700).Select((e, i) => i == at ? Reviews.Recorded(e.Event.Address, e.Event.Seq, """{"forged":true}""") : e.Event)]);

        foreach (var size in new[] { 600, 601, 700 })
            await AssertRefusedAsync(Filled(rewritten.Take(size)), "rewritten");
    }

    [Fact]
    public async Task Nor_one_whose_event_was_changed_without_its_hashes()
    {
        await PublishAsync(Job(), 600);
        var forged = Entries.Take(700).Select((e, i) => i is 599 or 530 ? e with { Event = Reviews.Recorded(e.Event.Address, e.Event.Seq, """{"forged":true}""") } : e).ToList();

        await AssertRefusedAsync(Filled(forged.Take(600)), "rewritten");
        await AssertRefusedAsync(Filled(forged), "entry 530");
    }

    [Fact]
    public async Task Nor_one_that_was_cut_off()
    {
        await PublishAsync(Job(), 600);

        await AssertRefusedAsync(Filled(Entries.Take(599)), "cut off");
        await AssertRefusedAsync(new MemoryLedgerStore(), "cut off");
    }

    [Fact]
    public async Task Nor_one_whose_new_entries_do_not_follow()
    {
        await PublishAsync(Job(), 300);
        var swapped = Entries.Take(400).ToList();
        (swapped[350], swapped[351]) = (swapped[351], swapped[350]);

        await AssertRefusedAsync(Filled(swapped), "does not follow");
    }

    [Fact]
    public async Task An_archive_whose_tiles_were_altered_is_refused()
    {
        await PublishAsync(Job(), 600);
        archive.Files[ArchiveLayout.Tile(Make.Org, new TileId(0, 2, 88))][5] ^= 1;

        await AssertRefusedAsync(Filled(Entries.Take(700)), "do not give the root");
    }

    [Fact]
    public async Task An_archive_that_lost_a_tile_or_a_checkpoint_is_refused()
    {
        var job = Job();
        await PublishAsync(job, 500);
        await PublishAsync(job, 600);
        var newest = archive.Files.Keys.Where(n => n.Contains("checkpoint", StringComparison.Ordinal)).Max(StringComparer.Ordinal)!;
        archive.Files.Remove(newest, out var note);

        var refused = Assert.IsType<PublishOutcome.Refused>(await job.HandleAsync(Make.Org, default));
        Assert.Contains($"lost {newest}", refused.Reason, StringComparison.Ordinal);

        archive.Files[newest] = note!;
        archive.Files.Remove(ArchiveLayout.Tile(Make.Org, new TileId(0, 2, 88)), out _);
        await AssertRefusedAsync(Filled(Entries.Take(700)), "tile/0/002.p/88 is not there");
    }

    [Theory]
    [InlineData("acme/tile/entries/000")]
    [InlineData("acme/tile/entries/001.p/44")]
    [InlineData("acme/tile/0/000")]
    [InlineData("acme/tile/1/000.p/1")]
    public async Task An_archive_that_takes_a_write_and_loses_it_is_found_out_before_anything_is_signed(string name)
    {
        archive.Loses = n => n == name;

        await AssertRefusedAsync(Filled(Entries.Take(300)), $"took {name}");
        Assert.DoesNotContain(archive.Files.Keys, n => n.Contains("checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Other_bytes_under_a_tiles_name_are_refused_and_stay()
    {
        archive.Files["acme/tile/0/000.p/10"] = new byte[320];

        await AssertRefusedAsync(Filled(Entries.Take(10)), "holds another acme/tile/0/000.p/10");
        Assert.Equal(new byte[320], archive.Files["acme/tile/0/000.p/10"]);
    }

    [Fact]
    public async Task A_checkpoint_by_another_key_or_another_log_is_not_gone_on_from()
    {
        await PublishAsync(Job(), 100);
        using var stranger = new EcdsaLogKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));

        await AssertRefusedAsync(Filled(Entries.Take(200)), "not signed by a key", new PublishCheckpoints(Filled(Entries.Take(200)), archive, Log, new LogKeys(stranger), clock));
        await AssertRefusedAsync(Filled(Entries.Take(200)), "another log", new PublishCheckpoints(Filled(Entries.Take(200)), archive, LogName.Parse("example.com/other"), keys, clock));
    }

    async Task AssertRefusedAsync(MemoryLedgerStore given, string reason, PublishCheckpoints? job = null)
    {
        ledgers = given;
        job ??= Job();
        clock.Advance(TimeSpan.FromMinutes(1));
        var checkpoints = archive.Files.Keys.Count(n => n.Contains("checkpoint", StringComparison.Ordinal));

        var refused = Assert.IsType<PublishOutcome.Refused>(await job.HandleAsync(Make.Org, default));

        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
        Assert.Equal(refused.Reason, Assert.Single(job.Statuses).LastError);
        Assert.Equal(checkpoints, archive.Files.Keys.Count(n => n.Contains("checkpoint", StringComparison.Ordinal)));
    }
}
