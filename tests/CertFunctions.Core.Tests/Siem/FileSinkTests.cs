using System.Buffers;
using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Siem;

/// <summary>The file holds every entry once, in order, whatever came again and wherever a write broke off.</summary>
public sealed class FileSinkTests : IDisposable
{
    static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(30);

    readonly TempFolder folder = new();

    FileSink Sink => new("file", Path.Combine(folder.Path, "siem"));

    string LedgerFile => Path.Combine(folder.Path, "siem", "acme.jsonl");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Each_entry_is_a_line_in_a_file_named_after_its_ledger()
    {
        await DeliverAsync(Entries);

        Assert.Equal(Lines(Entries), await File.ReadAllTextAsync(LedgerFile));
    }

    [Fact]
    public async Task A_batch_that_comes_again_wholly_or_from_some_entry_on_adds_nothing_twice()
    {
        await DeliverAsync(Entries.Take(10));
        await DeliverAsync(Entries.Take(10));
        await DeliverAsync(Entries.Skip(6).Take(10));
        await DeliverAsync(Entries.Skip(2).Take(3));
        await DeliverAsync(Entries.Skip(16));

        Assert.Equal(Lines(Entries), await File.ReadAllTextAsync(LedgerFile));
    }

    [Fact]
    public async Task Wherever_a_line_was_cut_short_it_is_cut_off_and_the_next_delivery_makes_it_good()
    {
        await DeliverAsync(Entries.Take(4));
        var three = Encoding.UTF8.GetByteCount(Lines(Entries.Take(3)));
        var four = await File.ReadAllBytesAsync(LedgerFile);

        for (var length = three; length < four.Length; length += 7)
        {
            await File.WriteAllBytesAsync(LedgerFile, four[..length]);
            await DeliverAsync(Entries.Skip(2).Take(4));
            Assert.Equal(Lines(Entries.Take(6)), await File.ReadAllTextAsync(LedgerFile));
        }
    }

    [Fact]
    public async Task A_first_line_cut_short_leaves_nothing_behind()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LedgerFile)!);
        await File.WriteAllTextAsync(LedgerFile, Lines(Entries.Take(1))[..50]);

        await DeliverAsync(Entries);

        Assert.Equal(Lines(Entries), await File.ReadAllTextAsync(LedgerFile));
    }

    [Fact]
    public async Task After_a_rotation_by_renaming_a_new_file_goes_on_where_the_old_one_ended()
    {
        await DeliverAsync(Entries.Take(10));
        File.Move(LedgerFile, LedgerFile + ".1");
        await DeliverAsync(Entries.Skip(10));
        await DeliverAsync(Entries.Take(3));

        Assert.Equal(Lines(Entries.Take(10)), await File.ReadAllTextAsync(LedgerFile + ".1"));
        Assert.Equal(Lines(Entries.Skip(10)), await File.ReadAllTextAsync(LedgerFile));
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(0, 20)]
    [InlineData(0, 21)]
    [InlineData(0, 30)]
    [InlineData(7, 3)]
    [InlineData(19, 1)]
    [InlineData(20, 5)]
    public async Task A_batch_of_another_history_is_refused_wherever_it_meets_the_file_and_nothing_is_written(int from, int count)
    {
        await DeliverAsync(Entries.Take(20));
        var another = Reviews.Ledger([.. Reviews.Events(30).Select((e, i) => i == 0 ? Reviews.Recorded(e.Address, 1, """{"other":true}""") : e)]);

        var failed = Assert.IsType<SinkOutcome.Failed>(await Sink.SendAsync(Make.Org, [.. another.Skip(from).Take(count)], default));

        Assert.Contains("another history", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(Lines(Entries.Take(20)), await File.ReadAllTextAsync(LedgerFile));
    }

    [Fact]
    public async Task A_batch_of_long_ago_is_known_again_in_a_file_larger_than_what_is_read_at_once()
    {
        var large = Reviews.Ledger([.. Enumerable.Range(1, 40).Select(seq => Reviews.Recorded(Reviews.Address("s-1"), seq, $$"""{"text":"{{new string('x', seq % 3 == 0 ? 60_000 : 300)}}"}"""))]);
        await DeliverAsync(large);

        foreach (var at in Enumerable.Range(0, 39))
        {
            await DeliverAsync(large.Skip(at).Take(1));
            var altered = large[at] with { Hash = large[(at + 1) % 40].Hash };
            Assert.IsType<SinkOutcome.Failed>(await Sink.SendAsync(Make.Org, [altered], default));
        }

        Assert.Equal(Lines(large), await File.ReadAllTextAsync(LedgerFile));
    }

    [Fact]
    public async Task A_file_whose_last_line_is_something_else_is_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(LedgerFile)!);
        await File.WriteAllTextAsync(LedgerFile, "dear diary\n");

        var failed = Assert.IsType<SinkOutcome.Failed>(await Sink.SendAsync(Make.Org, Entries, default));

        Assert.Contains("not a ledger line", failed.Reason, StringComparison.Ordinal);
        Assert.Equal("dear diary\n", await File.ReadAllTextAsync(LedgerFile));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_a_failure_and_not_a_crash()
    {
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "siem"), "a file where the folder should be");

        Assert.IsType<SinkOutcome.Failed>(await Sink.SendAsync(Make.Org, Entries, default));
    }

    [Fact]
    public async Task Ledgers_have_a_file_each()
    {
        var other = OrgId.Parse("other");
        var theirs = Reviews.Ledger(Reviews.Events(3, other));
        await DeliverAsync(Entries);
        Assert.IsType<SinkOutcome.Delivered>(await Sink.SendAsync(other, theirs, default));

        Assert.Equal(Lines(Entries), await File.ReadAllTextAsync(LedgerFile));
        Assert.Equal(Lines(theirs), await File.ReadAllTextAsync(Path.Combine(folder.Path, "siem", "other.jsonl")));
    }

    [Fact]
    public async Task Deliveries_at_once_write_each_entry_once()
    {
        var sink = Sink;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => sink.SendAsync(Make.Org, Entries, default))));

        Assert.Equal(Lines(Entries), await File.ReadAllTextAsync(LedgerFile));
    }

    [SkippableFact]
    public async Task The_file_is_its_owners_alone()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes");
        await DeliverAsync(Entries);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(LedgerFile));
    }

    async Task DeliverAsync(IEnumerable<ChainedEvent> entries) => Assert.IsType<SinkOutcome.Delivered>(await Sink.SendAsync(Make.Org, [.. entries], default));

    static string Lines(IEnumerable<ChainedEvent> entries)
    {
        var lines = new ArrayBufferWriter<byte>();
        foreach (var entry in entries)
            LedgerLine.Write(entry, lines);
        return Encoding.UTF8.GetString(lines.WrittenSpan);
    }
}
