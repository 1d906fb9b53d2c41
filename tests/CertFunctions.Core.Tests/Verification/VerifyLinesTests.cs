using System.Buffers;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>R33 over lines as they come in: an export, a sink's file, a service's answers.</summary>
public sealed class VerifyLinesTests
{
    static readonly IReadOnlyList<ChainedEvent> Ledger = Reviews.Ledger(12);

    [Fact]
    public void Cut_into_pieces_anywhere_the_verdict_is_the_same() =>
        Prop.ForAll(Gen.Choose(1, 3000).NonEmptyListOf().ToArbitrary(), sizes =>
        {
            var rest = Lines(Ledger).AsSpan();
            using var verify = new VerifyLines(Reviews.Keys);
            for (var i = 0; !rest.IsEmpty; i++)
            {
                var piece = rest[..Math.Min(rest.Length, sizes[i % sizes.Count])];
                if (!verify.Push(piece))
                    return false;
                rest = rest[piece.Length..];
            }

            return verify.Complete(Reviews.HeadOf(Ledger)) is { Verdict: Verdict.Valid, Entries: 12 } && verify.NextIndex == 12;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Lines_that_begin_in_the_middle_are_checked_from_there_and_incomplete_at_best()
    {
        Assert.Equal((Verdict.Incomplete, 0L, 7L), Verify(Lines(Ledger.Skip(5))) is var whole ? (whole.Verdict, whole.FirstIndex, whole.Entries) : default);

        var altered = StoredLines(Ledger.Skip(5));
        altered[3] = altered[3].Replace("\"n\":9", "\"n\":8", StringComparison.Ordinal);
        Assert.Equal((Verdict.Tampered, 8L), Found(Verify(Bytes(altered))));
    }

    [Fact]
    public void A_last_line_cut_off_anywhere_is_incomplete_from_there()
    {
        var file = Lines(Ledger);
        var lastLine = Lines(Ledger.TakeLast(1)).Length;

        Assert.All(Enumerable.Range(1, lastLine - 1), cut => Assert.Equal((Verdict.Incomplete, 11L), Found(Verify(file[..^cut]))));
    }

    [Fact]
    public void Lines_at_the_end_that_are_gone_are_truncation_where_a_head_names_them() =>
        Assert.Equal((Verdict.Truncated, 9L), Found(Verify(Lines(Ledger.Take(9)), Reviews.HeadOf(Ledger))));

    [Fact]
    public void A_line_dropped_doubled_or_moved_is_found_at_its_index()
    {
        var lines = StoredLines(Ledger);

        Assert.Equal((Verdict.Tampered, 4L), Found(Verify(Bytes([.. lines[..4], .. lines[5..]]))));
        Assert.Equal((Verdict.Tampered, 5L), Found(Verify(Bytes([.. lines[..5], .. lines[4..]]))));
        Assert.Equal((Verdict.Tampered, 4L), Found(Verify(Bytes([.. lines[..4], lines[5], lines[4], .. lines[6..]]))));
    }

    [Fact]
    public void A_line_of_another_ledger_does_not_belong_here()
    {
        var theirs = Lines(Reviews.Ledger(Reviews.Events(3, OrgId.Parse("other"))));

        Assert.Equal((Verdict.Tampered, 12L), Found(Verify([.. Lines(Ledger), .. theirs])));
        Assert.Equal(Verdict.Valid, Verify(theirs).Verdict);
    }

    [Theory]
    [InlineData("", Verdict.Incomplete)]
    [InlineData("\n", Verdict.Tampered)]
    [InlineData("dear diary\n", Verdict.Tampered)]
    [InlineData("dear diary", Verdict.Incomplete)]
    [InlineData("{}\n", Verdict.Tampered)]
    public void What_holds_no_line_is_never_valid(string text, Verdict verdict) =>
        Assert.Equal(verdict, Verify(System.Text.Encoding.UTF8.GetBytes(text)).Verdict);

    [Fact]
    public void A_line_longer_than_any_can_be_is_given_up_on_in_bounded_memory()
    {
        using var verify = new VerifyLines(Reviews.Keys);
        Assert.True(verify.Push(Lines(Ledger)));
        var pushed = 0;
        while (verify.Push(new byte[4096]))
            Assert.InRange(pushed += 4096, 0, LedgerLine.MaxBytes);

        Assert.Equal((Verdict.Tampered, 12L), Found(verify.Complete(null)));
    }

    static (Verdict, long?) Found(VerifyReport report) => (report.Verdict, report.FirstIndex);

    static VerifyReport Verify(byte[] file, LedgerHead? head = null)
    {
        using var verify = new VerifyLines(Reviews.Keys);
        verify.Push(file);
        return verify.Complete(head);
    }

    static string[] StoredLines(IEnumerable<ChainedEvent> entries) => Make.Text(Lines(entries)).Split('\n')[..^1];

    static byte[] Bytes(IEnumerable<string> lines) => System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n")));

    static byte[] Lines(IEnumerable<ChainedEvent> entries)
    {
        var lines = new ArrayBufferWriter<byte>();
        foreach (var entry in entries)
            LedgerLine.Write(entry, lines);
        return lines.WrittenSpan.ToArray();
    }
}
