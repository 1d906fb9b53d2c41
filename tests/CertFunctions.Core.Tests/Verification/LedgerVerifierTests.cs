using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>R33: which verdict, and why.</summary>
public sealed class LedgerVerifierTests
{
    static readonly IReadOnlyList<ChainedEvent> Ledger = Reviews.Ledger(10);

    /// <summary>Four entries under k1, six under k2.</summary>
    static readonly IReadOnlyList<ChainedEvent> TwoKeys = [.. Ledger.Select(e => e.Index < 4 ? e with { KeyId = "k1", Mac = Only("k1").Mac(e.Hash) } : e)];

    static VerifyReport Verify(IEnumerable<StoredRow> rows) => StoredRow.Verify(rows, Reviews.HeadOf(Ledger), Reviews.Keys);

    [Fact]
    public void An_untouched_ledger_is_valid_up_to_its_head()
    {
        var report = Verify(StoredRow.Of(Ledger));

        Assert.Equal((Verdict.Valid, 10L, null, null), (report.Verdict, report.Entries, report.FirstIndex, report.Detail));
        Assert.Equal((Ledger[^1].Hash.ToString(), true, 0L, "acme"), (report.HeadHash, report.MacsChecked, report.Erased, report.Ledger));
    }

    [Fact]
    public void An_empty_ledger_is_valid_and_its_head_is_genesis()
    {
        var report = StoredRow.Verify([], LedgerHead.Empty(Make.Org), Reviews.Keys);

        Assert.Equal((Verdict.Valid, 0L, LedgerHash.Genesis(Make.Org).ToString()), (report.Verdict, report.Entries, report.HeadHash));
    }

    [Fact]
    public void Links_and_leaf_hashes_need_not_be_stored_to_verify()
    {
        var rows = StoredRow.Of(Ledger);
        rows.ForEach(r => (r.PreviousHash, r.LeafHash) = ([], []));

        Assert.Equal(Verdict.Valid, Verify(rows).Verdict);
        rows[4].Leaf[10] ^= 1;
        Assert.Equal((Verdict.Tampered, 4L), Found(Verify(rows)));
    }

    [Fact]
    public void The_same_entries_are_not_another_orgs_ledger() =>
        Assert.Equal((Verdict.Tampered, 0L), Found(StoredRow.Verify(StoredRow.Of(Ledger), keys: Reviews.Keys, ledger: OrgId.Parse("other"))));

    [Fact]
    public void A_missing_key_is_unverifiable_at_the_first_entry_made_under_it_and_never_tampered()
    {
        var report = StoredRow.Verify(StoredRow.Of(TwoKeys), Reviews.HeadOf(TwoKeys), Only("k1"));

        Assert.Equal((Verdict.Unverifiable, 4L), Found(report));
        Assert.Equal(10L, report.Entries);
        Assert.Contains("'k2'", report.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void R35_entries_made_under_an_old_key_still_verify() =>
        Assert.Equal(Verdict.Valid, StoredRow.Verify(StoredRow.Of(TwoKeys), Reviews.HeadOf(TwoKeys), Reviews.Keys).Verdict);

    [Fact]
    public void An_alteration_after_the_hole_a_missing_key_leaves_is_still_found()
    {
        var rows = StoredRow.Of(TwoKeys);
        rows[7].Leaf[20] ^= 4;

        Assert.Equal((Verdict.Tampered, 7L), Found(StoredRow.Verify(rows, Reviews.HeadOf(TwoKeys), Only("k1"))));
    }

    [Fact]
    public void An_entry_said_to_be_under_another_known_key_is_tampered_and_under_an_unknown_one_unverifiable()
    {
        var rows = StoredRow.Of(Ledger);
        rows[3].KeyId = "k1";
        Assert.Equal((Verdict.Tampered, 3L), Found(Verify(rows)));

        rows[3].KeyId = "k9";
        Assert.Equal((Verdict.Unverifiable, 3L), Found(Verify(rows)));
    }

    [Fact]
    public void Any_number_of_unknown_keys_is_still_the_first_ones_hole()
    {
        var rows = StoredRow.Of(Reviews.Ledger(1500));
        foreach (var row in rows)
            row.KeyId = $"forged-{row.Index}";

        Assert.Equal((Verdict.Unverifiable, 0L), Found(StoredRow.Verify(rows, keys: Reviews.Keys)));
    }

    [Fact]
    public void Without_any_key_the_chain_alone_is_checked_and_the_report_says_so()
    {
        var rows = StoredRow.Of(Ledger);
        rows[2].Mac[0] ^= 1;

        var report = StoredRow.Verify(rows, Reviews.HeadOf(Ledger));

        Assert.Equal((Verdict.Valid, false), (report.Verdict, report.MacsChecked));
    }

    [Fact]
    public void A_head_that_names_more_entries_than_there_are_is_a_truncated_ledger() =>
        Assert.Equal((Verdict.Truncated, 7L), Found(Verify(StoredRow.Of(Ledger.Take(7)))));

    [Fact]
    public void A_head_that_names_fewer_entries_or_another_hash_is_tampered_with()
    {
        Assert.Equal((Verdict.Tampered, 6L), Found(StoredRow.Verify(StoredRow.Of(Ledger), Reviews.HeadOf([.. Ledger.Take(6)]), Reviews.Keys)));
        Assert.Equal((Verdict.Tampered, 9L), Found(StoredRow.Verify(StoredRow.Of(Ledger), Reviews.HeadOf(Ledger) with { Hash = Ledger[0].Hash }, Reviews.Keys)));
        Assert.Equal((Verdict.Tampered, 0L), Found(StoredRow.Verify([], LedgerHead.Empty(Make.Org) with { Hash = Ledger[0].Hash }, Reviews.Keys)));
    }

    [Fact]
    public void Going_on_from_a_head_checks_the_rest_alone()
    {
        var since = Reviews.HeadOf([.. Ledger.Take(6)]);

        var report = StoredRow.Verify(StoredRow.Of(Ledger.Skip(6)), Reviews.HeadOf(Ledger), Reviews.Keys, since);
        var wrong = StoredRow.Verify(StoredRow.Of(Ledger.Skip(6)), Reviews.HeadOf(Ledger), Reviews.Keys, since with { Hash = Ledger[0].Hash });

        Assert.Equal((Verdict.Valid, 4L), (report.Verdict, report.Entries));
        Assert.Equal((Verdict.Tampered, 6L), Found(wrong));
    }

    [Fact]
    public void R52_erasing_a_person_leaves_the_ledger_valid_and_is_counted()
    {
        var rows = StoredRow.Of(Ledger);
        (rows[2].Personal, rows[2].Salt) = ([], []);
        (rows[5].Personal, rows[5].Salt) = ([], []);

        var report = Verify(rows);

        Assert.Equal((Verdict.Valid, 2L), (report.Verdict, report.Erased));
    }

    [Fact]
    public void Half_an_erasure_is_tampering()
    {
        var rows = StoredRow.Of(Ledger);
        rows[2].Salt = [];
        Assert.Equal((Verdict.Tampered, 2L), Found(Verify(rows)));

        rows = StoredRow.Of(Ledger);
        rows[2].Personal = [];
        Assert.Equal((Verdict.Tampered, 2L), Found(Verify(rows)));
    }

    [Fact]
    public void Another_persons_part_with_its_own_salt_is_tampering()
    {
        var rows = StoredRow.Of(Ledger);
        (rows[2].Personal, rows[2].Salt) = (rows[3].Personal, rows[3].Salt);

        Assert.Equal((Verdict.Tampered, 2L), Found(Verify(rows)));
    }

    [Fact]
    public void Bytes_moved_from_the_personal_part_to_the_salt_are_found()
    {
        var rows = StoredRow.Of(Ledger);
        (rows[2].Salt, rows[2].Personal) = ([.. rows[2].Salt, .. rows[2].Personal[..5]], rows[2].Personal[5..]);
        Assert.Equal((Verdict.Tampered, 2L), Found(Verify(rows)));

        rows = StoredRow.Of(Ledger);
        (rows[2].Salt, rows[2].Personal) = (rows[2].Salt[..31], [.. rows[2].Salt[31..], .. rows[2].Personal]);
        Assert.Equal((Verdict.Tampered, 2L), Found(Verify(rows)));
    }

    [Fact]
    public void A_commitment_quoted_inside_the_payload_is_not_taken_for_the_leafs()
    {
        var fake = new string('a', 64);
        var quoted = $$$"""{"a":{"personal":"{{{fake}}}","project_id":"x"},"personal":{"p":1},"text":",\"personal\":\"{{{fake}}}\",\"project_id\":\""}""";
        var ledger = Reviews.Ledger([Reviews.Recorded(Reviews.Address("s-1"), 1, quoted)]);

        Assert.Equal(Verdict.Valid, StoredRow.Verify(StoredRow.Of(ledger), Reviews.HeadOf(ledger), Reviews.Keys).Verdict);
    }

    [Theory]
    [InlineData(nameof(StoredRow.Hash))]
    [InlineData(nameof(StoredRow.Mac))]
    [InlineData(nameof(StoredRow.Leaf))]
    public void A_part_that_is_gone_or_too_long_is_tampering(string part)
    {
        foreach (byte[] value in new[] { [], new byte[33] })
        {
            var rows = StoredRow.Of(Ledger);
            typeof(StoredRow).GetProperty(part)!.SetValue(rows[8], value);
            Assert.Equal((Verdict.Tampered, 8L), Found(Verify(rows)));
        }
    }

    [Fact]
    public void What_a_source_itself_finds_wrong_is_the_verdict()
    {
        using var verifier = new LedgerVerifier(Make.Org, Reviews.Keys);

        Assert.False(verifier.Break(3, "the row's seq is not its leaf's"));
        Assert.False(verifier.Break(1, "later and not told"));

        Assert.Equal((Verdict.Tampered, 3L, "the row's seq is not its leaf's"), verifier.Complete(null) is var r ? (r.Verdict, r.FirstIndex, r.Detail) : default);
    }

    static (Verdict, long?) Found(VerifyReport report) => (report.Verdict, report.FirstIndex);

    static LedgerKeys Only(string id) => new(id, new Dictionary<string, byte[]> { [id] = Reviews.Keys.TryGet(id, out var key) ? key : throw new InvalidOperationException(id) });
}
