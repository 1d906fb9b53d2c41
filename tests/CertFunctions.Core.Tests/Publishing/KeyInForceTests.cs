using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Publishing;

/// <summary>R35: a checkpoint is signed with the key that the log says is in force at its size, by whichever instance, or not at all.</summary>
public sealed class KeyInForceTests : IDisposable
{
    static readonly LogName Log = LogName.Parse("certfn.example");

    readonly MemoryArchive archive = new();
    readonly ManualClock clock = ManualClock.Default;
    readonly KeysInTurn keys = new();
    readonly EcdsaLogKey first, second, third;

    public KeyInForceTests() => (first, second, third) = (keys.Key(), keys.Key(), keys.Key());

    [Fact]
    public async Task A_key_that_no_entry_brought_in_signs_nothing_and_both_are_named()
    {
        var entries = Reviews.Ledger(200);
        await PublishedAsync(entries, 100, new LogKeys(first));

        var refused = await RefusedAsync(entries, new LogKeys(second, Verifier(first)));

        Assert.Contains($"signed with the key {Verifier(first).KeyId:x8}, and this service has {Verifier(second).KeyId:x8}", refused.Reason, StringComparison.Ordinal);
        Assert.Equal([100], await SizesAsync(first));
    }

    [Fact]
    public async Task An_instance_that_still_has_the_retired_key_signs_nothing_past_the_rotation()
    {
        var entries = await RotatedAsync(10, 20, (first, second));
        await PublishedAsync(entries, 10, new LogKeys(first));

        var refused = await RefusedAsync(entries, new LogKeys(first));

        Assert.Equal(10, refused.Index);
        Assert.Contains($"{Verifier(second).KeyId:x8} since entry 10", refused.Reason, StringComparison.Ordinal);
        Assert.Equal([10], await SizesAsync(first));
        // Nor with nothing published before, where the entries alone say so.
        archive.Files.Clear();
        await RefusedAsync(entries, new LogKeys(first));
        Assert.DoesNotContain(archive.Files.Keys, n => n.Contains("checkpoint", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_key_an_entry_brought_in_goes_on_from_what_the_one_before_signed()
    {
        var entries = await RotatedAsync(10, 20, (first, second), (second, third));
        await PublishedAsync(entries, 10, new LogKeys(first));
        // The first of the two that came in meanwhile is nowhere at hand.
        await PublishedAsync(entries, 22, new LogKeys(third, Verifier(first)));

        Assert.Equal([22], await SizesAsync(third));
        await PublishedAsync(entries, 22, new LogKeys([first, second, third], []));
        Assert.Equal([22, 22], await SizesAsync(third));
    }

    [Fact]
    public async Task A_backlog_before_a_rotation_is_signed_with_the_key_of_its_time_or_not_until_after_it()
    {
        var entries = await RotatedAsync(PublishCheckpoints.MaxEntriesPerCheckpoint + 300, 5, (first, second));
        await PublishedAsync(entries, 1, new LogKeys(first));
        await PublishedAsync(entries, entries.Count, new LogKeys(second, Verifier(first)));

        Assert.Equal([1], await SizesAsync(first));
        Assert.Equal([entries.Count], await SizesAsync(second));

        archive.Files.Clear();
        await PublishedAsync(entries, 1, new LogKeys(first));
        await PublishedAsync(entries, entries.Count, new LogKeys([first, second], []));
        Assert.Equal([1, 1 + PublishCheckpoints.MaxEntriesPerCheckpoint], await SizesAsync(first));
        Assert.Equal([entries.Count], await SizesAsync(second));
    }

    [Fact]
    public async Task A_whole_ledger_in_a_new_archive_is_signed_once_it_is_known_which_key_it_began_under()
    {
        var entries = await RotatedAsync(PublishCheckpoints.MaxEntriesPerCheckpoint + 300, 5, (first, second));

        await PublishedAsync(entries, entries.Count, new LogKeys([first, second], []));

        Assert.Empty(await SizesAsync(first));
        Assert.Equal([entries.Count], await SizesAsync(second));
    }

    [Fact]
    public async Task An_entry_that_brings_back_a_key_that_gave_way_is_void()
    {
        var entries = await RotatedAsync(10, 20, (first, second), (second, first));
        var both = new LogKeys([first, second], []);
        await PublishedAsync(entries, 10, new LogKeys(first));
        await PublishedAsync(entries, 11, both);
        await PublishedAsync(entries, entries.Count, both);

        Assert.Equal([11, entries.Count], await SizesAsync(second));
    }

    [Fact]
    public async Task A_ledger_that_begins_after_a_rotation_begins_under_the_key_in_force()
    {
        await PublishedAsync(Reviews.Ledger(3), 3, new LogKeys(second, Verifier(first)));

        Assert.Equal([3], await SizesAsync(second));
    }

    public void Dispose() => keys.Dispose();

    static VerifierKey Verifier(EcdsaLogKey key) => KeysInTurn.Verifier(key);

    /// <summary>A ledger with rotations from one index on, one after the other.</summary>
    static async Task<IReadOnlyList<ChainedEvent>> RotatedAsync(int at, int after, params (EcdsaLogKey Old, EcdsaLogKey New)[] rotations)
    {
        // Small, as one of them is long.
        var template = Reviews.Recorded(Reviews.Address("s-1"), 1);
        var events = Enumerable.Range(0, at + after).Select(i => template with { Seq = i + 1, Leaf = System.Text.Encoding.ASCII.GetBytes($$"""{"seq":{{i}}}""") }).ToList();
        foreach (var (i, (old, @new)) in rotations.Index())
        {
            var leaf = await KeysInTurn.LeafAsync(old, @new);
            events.Insert(at + i, new RecordedEvent { Address = TellOwnEvent.Ledger(Make.Org), Seq = i + 1, Id = EventId.Parse($"r{i}"), Leaf = leaf });
        }

        return Reviews.Ledger(events);
    }

    async Task<PublishOutcome> PublishAsync(IEnumerable<ChainedEvent> entries, LogKeys keys)
    {
        var store = new MemoryLedgerStore();
        store.Fill([.. entries]);
        clock.Advance(TimeSpan.FromMinutes(1));
        return await new PublishCheckpoints(store, archive, Log, keys, clock).HandleAsync(Make.Org, default);
    }

    async Task PublishedAsync(IReadOnlyList<ChainedEvent> entries, int size, LogKeys keys) =>
        Assert.Equal(size, Assert.IsType<PublishOutcome.Published>(await PublishAsync(entries.Take(size), keys)).Checkpoint.Size);

    async Task<PublishOutcome.Refused> RefusedAsync(IReadOnlyList<ChainedEvent> entries, LogKeys keys) => Assert.IsType<PublishOutcome.Refused>(await PublishAsync(entries, keys));

    /// <summary>The sizes of the checkpoints that this key signed.</summary>
    async Task<List<int>> SizesAsync(EcdsaLogKey key)
    {
        var sizes = new List<int>();
        await foreach (var name in ArchivedCheckpoints.ListAsync(archive, Make.Org, default))
        {
            var checkpoint = await ArchivedCheckpoints.ReadAsync(archive, Make.Org, name, default);
            if (!checkpoint.Note.Check(Verifier(key)).IsRefused)
                sizes.Add((int)checkpoint.Checkpoint.Size);
        }

        return sizes;
    }
}
