using System.Buffers.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Timeline;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Timeline;

/// <summary>R25: a cursor is opaque, bound to its query, and refused when altered.</summary>
public sealed class TimelineCursorTests
{
    static readonly TimelineCursor Cursors = new(Make.Bytes(32, 5));

    static readonly TimelineQuery Query = new() { Address = Reviews.Address("s-1"), Types = ["cert.issued", "cert.renewed"], After = Make.Now, Before = Make.Now.AddDays(1) };

    static Gen<TimelineQuery> Queries { get; } =
        from org in Gen.Elements("acme", "other")
        from project in Gen.Elements("web", "mail")
        from kind in Gen.Elements("certificate", "device")
        from id in Gen.Elements("s-1", "s-2", "€ \"x\"")
        from types in Gen.Elements<string[]>([], ["cert.issued"], ["cert.issued", "cert.renewed"])
        from after in Gen.Choose(0, 2)
        from before in Gen.Choose(0, 2)
        from order in Gen.Elements(TimelineOrder.NewestFirst, TimelineOrder.OldestFirst)
        select new TimelineQuery
        {
            Address = new SubjectAddress(OrgId.Parse(org), ProjectId.Parse(project), Subject.Parse(kind, id)),
            Types = types,
            After = after == 0 ? null : Make.Now.AddTicks(after),
            Before = before == 0 ? null : Make.Now.AddTicks(before),
            Order = order,
        };

    static Gen<long> Seqs { get; } = Gen.OneOf(Gen.Choose(1, 1000).Select(n => (long)n), Gen.Choose(1, int.MaxValue).Select(n => (long)n << 31), Gen.Constant(long.MaxValue));

    [Fact]
    public void A_cursor_gives_back_the_seq_to_the_query_it_was_made_for() =>
        Prop.ForAll(Gen.Zip(Queries, Seqs).ToArbitrary(), pair => Cursors.Decode(pair.Item1, Cursors.Encode(pair.Item1, pair.Item2)).Equals(new CursorReading.Place(pair.Item2)))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_cursor_is_refused_by_every_other_query() =>
        Prop.ForAll(Gen.Zip(Queries, Queries).Where(p => !Same(p.Item1, p.Item2)).ToArbitrary(), pair => Cursors.Decode(pair.Item2, Cursors.Encode(pair.Item1, 7)) is CursorReading.OfAnotherQuery)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Every_single_bit_flipped_is_refused()
    {
        var bytes = Base64Url.DecodeFromChars(Cursors.Encode(Query, 42));
        Assert.Equal(41, bytes.Length);

        Assert.All(Enumerable.Range(0, 8 * bytes.Length), bit =>
        {
            var altered = (byte[])bytes.Clone();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.IsType<CursorReading.Altered>(Cursors.Decode(Query, Base64Url.EncodeToString(altered)));
        });
    }

    [Fact]
    public void Every_single_character_changed_is_refused()
    {
        var cursor = Cursors.Encode(Query, 42);
        var others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \t\n\0é";

        Assert.All(Enumerable.Range(0, cursor.Length), at =>
            Assert.All(others.Where(c => c != cursor[at]), c => Assert.IsType<CursorReading.Altered>(Cursors.Decode(Query, cursor[..at] + c + cursor[(at + 1)..]))));
    }

    [Fact]
    public void A_cursor_cut_short_or_made_longer_is_refused()
    {
        var cursor = Cursors.Encode(Query, 42);

        Assert.Equal(55, cursor.Length);
        Assert.All(Enumerable.Range(0, cursor.Length), length => Assert.IsType<CursorReading.Altered>(Cursors.Decode(Query, cursor[..length])));
        Assert.All(["A", "=", " ", "\n"], end => Assert.IsType<CursorReading.Altered>(Cursors.Decode(Query, cursor + end)));
        Assert.IsType<CursorReading.Altered>(Cursors.Decode(Query, new string('A', 55)));
    }

    [Fact]
    public void A_cursor_of_another_services_key_is_refused() =>
        Assert.IsType<CursorReading.Altered>(Cursors.Decode(Query, new TimelineCursor(Make.Bytes(32, 6)).Encode(Query, 42)));

    static bool Same(TimelineQuery a, TimelineQuery b) =>
        (a.Address, a.After, a.Before, a.Order) == (b.Address, b.After, b.Before, b.Order) && a.Types.SequenceEqual(b.Types);
}
