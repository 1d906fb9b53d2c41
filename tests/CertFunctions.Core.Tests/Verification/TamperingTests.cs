using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>R31, R33: whatever is done to a stored ledger is found, at the very index where it was done.</summary>
public sealed class TamperingTests
{
    const int Longest = 12;

    static readonly IReadOnlyList<ChainedEvent> Whole = Reviews.Ledger(Longest);

    static readonly Config Often = Config.QuickThrowOnFailure.WithMaxTest(1000);

    static IReadOnlyList<ChainedEvent> Ledger(int size) => [.. Whole.Take(size)];

    static Gen<(int Size, int At)> Places(int least = 1) => from size in Gen.Choose(least, Longest) from at in Gen.Choose(0, size - 1) select (size, at);

    [Fact]
    public void A_byte_changed_in_any_part_of_any_entry() =>
        Prop.ForAll((from place in Places()
                     from part in Gen.Elements(StoredRow.Parts.Keys.ToArray())
                     from offset in Gen.Choose(0, int.MaxValue)
                     from mask in Gen.Choose(1, 255)
                     select (place, part, offset, mask)).ToArbitrary(), t =>
        {
            var rows = StoredRow.Of(Ledger(t.place.Size));
            var bytes = StoredRow.Parts[t.part](rows[t.place.At]);
            bytes[t.offset % bytes.Length] ^= (byte)t.mask;
            return IsTamperedAt(t.place.At, rows, t.place.Size);
        }).Check(Often);

    [Fact]
    public void An_index_changed() =>
        Prop.ForAll((from place in Places() from index in Gen.Choose(-1, 20) where index != place.At select (place, index)).ToArbitrary(), t =>
        {
            var rows = StoredRow.Of(Ledger(t.place.Size));
            rows[t.place.At].Index = t.index;
            return IsTamperedAt(t.place.At, rows, t.place.Size);
        }).Check(Often);

    [Fact]
    public void Two_entries_swapped_with_their_indexes_or_without() =>
        Prop.ForAll((from size in Gen.Choose(2, Longest) from i in Gen.Choose(0, size - 1) from j in Gen.Choose(0, size - 1) where i < j from renumbered in Gen.Elements(true, false) select (size, i, j, renumbered)).ToArbitrary(), t =>
        {
            var rows = StoredRow.Of(Ledger(t.size));
            (rows[t.i], rows[t.j]) = (rows[t.j], rows[t.i]);
            if (t.renumbered)
                Renumber(rows);
            return IsTamperedAt(t.i, rows, t.size);
        }).Check(Often);

    [Fact]
    public void An_entry_dropped_from_the_middle_renumbered_or_not() =>
        Prop.ForAll((from place in Places(2) where place.At < place.Size - 1 from renumbered in Gen.Elements(true, false) select (place, renumbered)).ToArbitrary(), t =>
        {
            var rows = StoredRow.Of(Ledger(t.place.Size));
            rows.RemoveAt(t.place.At);
            if (t.renumbered)
                Renumber(rows);
            return IsTamperedAt(t.place.At, rows, t.place.Size);
        }).Check(Often);

    [Fact]
    public void The_end_cut_off_is_truncation_where_the_head_still_names_it() =>
        Prop.ForAll(Places().ToArbitrary(), t =>
        {
            var report = StoredRow.Verify(StoredRow.Of(Ledger(t.At)), Reviews.HeadOf(Ledger(t.Size)), Reviews.Keys);
            return report.Verdict == Verdict.Truncated && report.FirstIndex == t.At;
        }).Check(Often);

    [Fact]
    public void An_entry_doubled() =>
        Prop.ForAll((from place in Places() from renumbered in Gen.Elements(true, false) select (place, renumbered)).ToArbitrary(), t =>
        {
            var rows = StoredRow.Of(Ledger(t.place.Size));
            rows.Insert(t.place.At, rows[t.place.At] with { });
            if (t.renumbered)
                Renumber(rows);
            return IsTamperedAt(t.place.At + 1, rows, t.place.Size);
        }).Check(Often);

    [Fact]
    public void An_entry_put_in_with_right_hashes_by_someone_without_the_key() =>
        Prop.ForAll(Places().ToArbitrary(), t =>
        {
            var events = Ledger(t.Size).Select(e => e.Event).ToList();
            events.Insert(t.At, Reviews.Recorded(Reviews.Address("forged"), 1));
            return IsTamperedAt(t.At, StoredRow.Of(Forge(events, t.At)), t.Size + 1);
        }).Check(Often);

    [Fact]
    public void All_of_history_rewritten_from_some_entry_on_by_someone_without_the_key() =>
        Prop.ForAll(Places().ToArbitrary(), t =>
        {
            var events = Ledger(t.Size).Select((e, i) => i == t.At ? Reviews.Recorded(Reviews.Address("s-1"), i + 1, """{"n":0}""") : e.Event).ToList();
            return IsTamperedAt(t.At, StoredRow.Of(Forge(events, t.At)), t.Size);
        }).Check(Often);

    /// <summary>Right in all but the MACs from <paramref name="from"/> on: those are made with a key of the forger's.</summary>
    static IReadOnlyList<ChainedEvent> Forge(IReadOnlyList<CertFunctions.Core.Events.RecordedEvent> events, int from)
    {
        var forger = new LedgerKeys("k2", new Dictionary<string, byte[]> { ["k2"] = Make.Bytes(32, 99) });
        return [.. Reviews.Ledger(events).Select(e => e.Index < from ? e : e with { Mac = forger.Mac(e.Hash) })];
    }

    static void Renumber(List<StoredRow> rows)
    {
        for (var i = 0; i < rows.Count; i++)
            rows[i].Index = i;
    }

    /// <summary>Found with the head at hand and without it, and counted up to there.</summary>
    static bool IsTamperedAt(int index, List<StoredRow> rows, int size) =>
        new[] { StoredRow.Verify(rows, Reviews.HeadOf(Ledger(Math.Min(size, Longest))), Reviews.Keys), StoredRow.Verify(rows, null, Reviews.Keys) }
            .All(report => report.Verdict == Verdict.Tampered && report.FirstIndex == index && report.Entries == index && report.Detail is not null);
}
