using System.Buffers;
using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Ledger;

public sealed class LedgerLineTests
{
    static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(8);

    [Fact]
    public void A_line_reads_back_as_the_entry_it_was_written_from() =>
        Prop.ForAll(Gen.Zip(JsonTexts.Value, Gen.Zip(Gen.Choose(0, int.MaxValue), Gen.Elements(true, false))).ToArbitrary(), given =>
        {
            var recorded = Reviews.Recorded(Reviews.Address("€ \"s\" 😀"), 7, $$$"""{"value":{{{given.Item1}}},"personal":{"value":{{{given.Item1}}}}}""");
            if (given.Item2.Item2)
                recorded = recorded with { Personal = default, Salt = default };
            var entry = Reviews.Ledger([recorded])[0] with { Index = given.Item2.Item1 };
            return LedgerLine.TryRead(Line(entry), out var line)
                && line.ToRow() is var row
                && (line.LedgerId, row.Index, row.KeyId) == (Make.Org, entry.Index, entry.KeyId)
                && row.PreviousHash.SequenceEqual(entry.PreviousHash.AsSpan())
                && row.Hash.SequenceEqual(entry.Hash.AsSpan())
                && row.Mac.SequenceEqual(entry.Mac.AsSpan())
                && row.Leaf.SequenceEqual(recorded.Leaf.Span)
                && row.Personal.SequenceEqual(recorded.Personal.Span)
                && row.Salt.SequenceEqual(recorded.Salt.Span);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_line_is_one_line_of_canonical_objects_in_a_frame_that_never_changes()
    {
        var text = Encoding.UTF8.GetString(Line(Entries[1]));

        Assert.StartsWith($$"""{"v":1,"ledger":"acme","index":1,"previous_hash":"{{Entries[0].Hash}}","hash":"{{Entries[1].Hash}}","key_id":"k2","mac":"{{Entries[1].Mac}}","event":{"actor":""", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
    }

    [Fact]
    public void The_largest_event_fits_the_longest_line()
    {
        const string Frame = """{"value":"","personal":{"x":""}}""";
        var half = (CertFunctions.Core.Events.EventParser.MaxEventBytes - Frame.Length - 200) / 2;
        var recorded = Reviews.Recorded(Reviews.Address(new string('s', 256)), long.MaxValue, $$$"""{"value":"{{{new string('v', half)}}}","personal":{"x":"{{{new string('p', half)}}}"}}""");

        Assert.InRange(Line(Reviews.Ledger([recorded])[0]).Length, CertFunctions.Core.Events.EventParser.MaxEventBytes, LedgerLine.MaxBytes);
    }

    [Theory]
    [InlineData("\"v\":1,\"ledger\"", "\"v\":2,\"ledger\"")]
    [InlineData("\"v\":1,\"ledger\"", "\"ledger\"")]
    [InlineData("\"ledger\":\"acme\",", "")]
    [InlineData("\"ledger\":\"acme\"", "\"ledger\":\"a b\"")]
    [InlineData("\"index\":1", "\"index\":01")]
    [InlineData("\"index\":1", "\"index\":1.0")]
    [InlineData("\"index\":1", "\"index\":\"1\"")]
    [InlineData("\"index\":1", "\"index\": 1")]
    [InlineData("\"index\":1,", "\"index\":1,\"index\":1,")]
    [InlineData("\"index\":1,", "\"index\":1,\"colour\":1,")]
    [InlineData("\"key_id\":\"k2\"", "\"key_id\":\"k\\u0032\"")]
    [InlineData("\"key_id\":\"k2\"", "\"key_id\":\"?\"")]
    [InlineData("\"key_id\":\"k2\"", "\"key_id\":null")]
    [InlineData("\"mac\":\"", "\"mac\":\"0")]
    [InlineData("\"salt\":\"", "\"salt\":\"0")]
    [InlineData("\"event\":{", "\"event\":[{")]
    [InlineData("{\"v\":1,\"l", "[{\"v\":1,\"l")]
    [InlineData("{\"v\":1,\"l", " {\"v\":1,\"l")]
    public void What_is_not_to_the_byte_a_line_is_not_read(string of, string to)
    {
        var text = Encoding.UTF8.GetString(Line(Entries[1]));
        var at = text.IndexOf(of, StringComparison.Ordinal);
        Assert.True(at >= 0);

        Assert.False(LedgerLine.TryRead(Encoding.UTF8.GetBytes(text[..at] + to + text[(at + of.Length)..]), out _));
    }

    [Fact]
    public void Hash_digits_in_upper_case_a_salt_left_over_and_anything_after_the_end_are_not_read()
    {
        var text = Encoding.UTF8.GetString(Line(Entries[1]));
        var hash = Entries[1].Hash.ToString();
        var erased = Encoding.UTF8.GetString(Line(Entries[1] with { Event = Entries[1].Event with { Personal = default, Salt = default } }));

        Assert.All(
            [text.Replace(hash, hash.ToUpperInvariant(), StringComparison.Ordinal), erased[..^1] + text[text.LastIndexOf(",\"salt\"", StringComparison.Ordinal)..], text + " ", text + "}", text[..^1], ""],
            altered => Assert.False(LedgerLine.TryRead(Encoding.UTF8.GetBytes(altered), out _)));
    }

    [Fact]
    public void Any_byte_changed_anywhere_in_a_file_of_lines_is_found_in_its_line() =>
        Prop.ForAll(Gen.Zip(Gen.Choose(0, int.MaxValue), Gen.Choose(1, 255)).ToArbitrary(), change =>
        {
            var file = Entries.SelectMany(e => Line(e).Append((byte)'\n')).ToArray();
            var at = change.Item1 % file.Length;
            var index = file.AsSpan(0, at).Count((byte)'\n');
            file[at] ^= (byte)change.Item2;

            var report = Verify(file);

            // An entry that names another key cannot be called tampered with: whose it is cannot be known without that key. The last line feed
            // gone is a line cut off. And where the first line says it is another entry, that is the index its fault is told at.
            return report.Verdict != Verdict.Valid && (report.FirstIndex == index || (index == 0 && report.Verdict == Verdict.Tampered && report.FirstIndex > 0));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void A_flip_of_the_case_bit_is_found_at_every_byte_of_a_line()
    {
        var line = Line(Entries[0]);

        Assert.All(Enumerable.Range(0, line.Length), at =>
        {
            var altered = (byte[])line.Clone();
            altered[at] ^= 0x20;
            Assert.NotEqual(Verdict.Valid, Verify([.. altered, (byte)'\n']).Verdict);
        });
    }

    static byte[] Line(ChainedEvent entry)
    {
        var line = new ArrayBufferWriter<byte>();
        LedgerLine.Write(entry, line);
        Assert.Equal((byte)'\n', line.WrittenSpan[^1]);
        return line.WrittenSpan[..^1].ToArray();
    }

    static VerifyReport Verify(byte[] file)
    {
        using var lines = new VerifyLines(Reviews.Keys);
        lines.Push(file);
        return lines.Complete(null);
    }
}
