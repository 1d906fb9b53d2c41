using CertFunctions.Core.Events;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;

namespace CertFunctions.Testing.Contracts;

/// <summary>Processes with other keys than each other, settings that were wrong for a while, ledgers in trouble: nothing arises that verification does not find valid.</summary>
public abstract partial class BringInKeysContract
{
    static readonly OrgId Late = OrgId.Parse("late");

    [Fact]
    public async Task A_ledger_that_began_under_a_newer_MAC_key_is_told_of_none_though_an_old_process_extends_it()
    {
        var before = await StartAsync(keys: 1);
        await RoundAsync(before);
        var after = await StartAsync(keys: 1, macs: 2);
        await RecordAsync(Late);
        await after.ChainAsync();
        await RecordAsync(Late);
        await before.ChainAsync();
        await UntilAsync(after, newest: 0, macs: 2);
        await RecordAsync(Late);
        for (var round = 0; round < 3; round++)
            await RoundAsync(after);

        Assert.Equal(["k-2", "k-1", "k-1"], (await EntriesAsync(Late)).Select(e => e.KeyId));
        Assert.Equal("k-1 k-2", await Store.Positions.GetAsync(KeysOnRecord.Macs, default));
        await AssertWholeAsync(newest: 0, macs: 2);
    }

    [Fact]
    public async Task A_MAC_key_stays_until_every_ledger_has_the_next_one()
    {
        await RoundAsync(await StartAsync(keys: 1));
        // Told, and not chained.
        await (await StartAsync(keys: 1, macs: 2)).PublishAsync();
        foreach (var org in orgs)
            await RecordAsync(org);

        Assert.Contains("and this service does not have it", await CheckAsync(Held(0..1), Macs(2, from: 2)), StringComparison.Ordinal);
        Assert.Equal("k-1", await Store.Positions.GetAsync(KeysOnRecord.Macs, default));
        await UntilAsync(await StartAsync(keys: 1, macs: 2), newest: 0, macs: 2);
        await RoundAsync(await StartAsync(keys: 1, macs: 2));

        Assert.Equal("k-1 k-2", await Store.Positions.GetAsync(KeysOnRecord.Macs, default));
        await RoundAsync(new Process(this, Held(0..1), Macs(2, from: 2), new()));
        await AssertWholeAsync(newest: 0, macs: 2);
    }

    [Fact]
    public async Task Who_has_the_newest_MAC_key_alone_extends_a_ledger_that_was_idle_since_its_entry()
    {
        await RoundAsync(await StartAsync(keys: 1));
        var both = await StartAsync(keys: 1, macs: 2);
        for (var round = 0; round < 2; round++)
        {
            await both.PublishAsync();
            await both.ChainAsync();
        }

        await both.PublishAsync();
        Assert.All(orgs, o => Assert.Equal("k-1", EntriesAsync(o).Result[^1].KeyId));
        var newest = new Process(this, Held(0..1), Macs(2, from: 2), new());
        Assert.Null(await newest.Record.CheckAsync(newest.Log, newest.Macs, default));
        await RoundAsync(newest);

        Assert.All(orgs, o => Assert.Equal("k-2", EntriesAsync(o).Result[^1].KeyId));
        await AssertWholeAsync(newest: 0, macs: 2);
    }

    [Fact]
    public async Task A_key_that_was_told_in_vain_as_another_came_first_can_follow_that_one()
    {
        await RoundAsync(await StartAsync(keys: 1));
        Held(0..3);
        var first = await StartAsync(keys: 2);
        var second = new Process(this, new LogKeys([keys[0], keys[2]], []), Macs(1), new());
        Assert.Null(await second.Record.CheckAsync(second.Log, second.Macs, default));
        await first.PublishAsync();
        await second.PublishAsync();
        await second.ChainAsync();
        await Assert.ThrowsAsync<AggregateException>(second.PublishAsync);

        await UntilAsync(await StartAsync(keys: 3), newest: 2);

        foreach (var org in orgs)
            Assert.Equal(2, (await CheckpointsAsync(org))[^1].Key);
    }

    [Fact]
    public async Task One_ledger_that_is_refused_does_not_keep_the_others_from_their_next_key()
    {
        await RoundAsync(await StartAsync(keys: 1));
        foreach (var name in archive.Files.Keys.Where(n => n.StartsWith("globex/tile", StringComparison.Ordinal)).ToList())
            archive.Files[name] = [1];
        var process = await StartAsync(keys: 2);
        for (var round = 0; round < 4; round++)
            await Assert.ThrowsAsync<AggregateException>(() => RoundAsync(process));

        Assert.Equal(Name(1), await process.Record.InForceAsync(default));
        Assert.Equal(1, (await CheckpointsAsync(Make.Org))[^1].Key);
    }

    [Fact]
    public async Task Receipts_are_signed_with_the_key_that_another_process_brought_in_a_minute_later()
    {
        await RoundAsync(await StartAsync(keys: 1));
        var timers = await StartAsync(keys: 2);
        var calls = await StartAsync(keys: 2);
        var receipts = new SignReceipts(Log, calls.Log, MergeDelay.Default, calls.Record, clock);
        await UntilAsync(timers, newest: 1);
        var recorded = (await EntriesAsync(Make.Org))[0].Event;
        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.False((await receipts.HandleAsync(recorded, default)).Check(Verifier(1)).IsRefused);
    }

    [Fact]
    public async Task Nothing_is_noted_of_a_record_without_a_ledger()
    {
        orgs = [];
        await RoundAsync(await StartAsync(keys: 1));

        Assert.Null(await Store.Positions.GetAsync(KeysOnRecord.Signing, default));
    }
}
