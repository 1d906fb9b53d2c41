using CertFunctions.Core.Events;
using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Tree;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Events;

public sealed class StampedEventTests
{
    static StampedEvent Stamp(Submission submission, DateTimeOffset? now = null, params byte[][] random) =>
        StampedEvent.Stamp(submission.Accepted(), Make.Org, Make.Project, null, now ?? Make.Now, random.Length == 0 ? new SeededRandom() : new ScriptedBytes(random));

    [Fact]
    public void A_leaf_is_canonical_whatever_the_event_holds() =>
        Prop.ForAll(Gen.Zip(JsonTexts.Value, Gen.Choose(1, int.MaxValue)).ToArbitrary(), pair =>
        {
            var leaf = Stamp(Submission.Of("ext.a", $$"""{"value":{{pair.Item1}}}""").Set("correlation_id", "\"c \\\"1\\\"\"")).Leaf(pair.Item2);
            return Canonical.Of(leaf).Text == Make.Text(leaf);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_event_without_an_id_gets_a_UUIDv7_that_begins_with_its_time()
    {
        var stamped = Stamp(Submission.Of("ext.a"), DateTimeOffset.FromUnixTimeMilliseconds(0x0123456789AB), new byte[32], [.. Enumerable.Repeat((byte)0xFF, 16)]);

        Assert.Equal("01234567-89ab-7fff-bfff-ffffffffffff", stamped.Id.Value);
    }

    [Fact]
    public void An_event_without_a_time_occurred_when_it_was_recorded()
    {
        var stamped = Stamp(Submission.Of("ext.a"), new DateTimeOffset(2026, 3, 1, 13, 0, 0, TimeSpan.FromHours(1)));

        Assert.Equal((Make.Now, Make.Now), (stamped.OccurredAt, stamped.RecordedAt));
        Assert.Contains("\"occurred_at\":\"2026-03-01T12:00:00Z\"", Make.Text(stamped.Leaf(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void Leaves_of_two_seqs_differ_in_the_seq_alone()
    {
        var stamped = Stamp(Submission.Of("ext.a"));

        Assert.Equal(Make.Text(stamped.Leaf(long.MaxValue)), Make.Text(stamped.Leaf(1)).Replace("\"seq\":1,", $"\"seq\":{long.MaxValue},", StringComparison.Ordinal));
    }

    /// <summary>
    /// Each member at its longest, with every character one that is printed as two, and the payload as large as one may be. What types and aliases of the
    /// catalogue have over this one's is added on top.
    /// </summary>
    [Fact]
    public void No_event_that_is_accepted_has_a_leaf_longer_than_an_entry_bundle_has_room_for()
    {
        var largest = Submission.Of("ext." + new string('t', 124))
            .Set("id", $"\"{new string('i', 128)}\"")
            .Set("subject", $$"""{"kind":"{{new string('k', 32)}}","id":"{{string.Concat(Enumerable.Repeat("\\\"", 256))}}"}""")
            .Set("actor", """{"type":"service_account","id":"u"}""")
            .Set("correlation_id", $"\"{string.Concat(Enumerable.Repeat("\\\\", 128))}\"")
            .Set("occurred_at", "\"2026-02-28T23:59:59.1234567Z\"")
            .Set("status", "\"success\"").Set("severity", "\"critical\"");
        var room = EventParser.MaxEventBytes - largest.Accepted().Data.Length - largest.Accepted().Personal.Length;
        largest.Data["d"] = new string('d', room - "\"d\":\"\"".Length);
        var accepted = largest.Accepted();
        var org = OrgId.Parse(new string('o', 64));
        var leaf = StampedEvent.Stamp(accepted, org, ProjectId.Parse(new string('p', 64)), new string('0', 55), Make.Now.AddTicks(1234567), new SeededRandom()).Leaf(long.MaxValue);

        Assert.Equal(EventParser.MaxEventBytes, accepted.Data.Length + accepted.Personal.Length);
        var longestModule = EventCatalogue.All.Max(t => t.Module.Length);
        var longestAlias = ",\"submitted_type\":\"\"".Length + EventAliases.All.Keys.Max(a => a.Length);
        Assert.InRange(leaf.Length + longestModule + longestAlias, EventParser.MaxEventBytes, EntryBundle.MaxLeafBytes);
        Assert.IsType<ParsedEvent.Refused>(Submission.Of("ext." + new string('t', 125)).Parse());
    }

    [Fact]
    public void Each_event_has_a_salt_of_its_own_so_equal_persons_have_unequal_commitments()
    {
        var random = new SeededRandom();
        var one = StampedEvent.Stamp(Submission.Of("ext.a").Accepted(), Make.Org, Make.Project, null, Make.Now, random);
        var other = StampedEvent.Stamp(Submission.Of("ext.a").Accepted(), Make.Org, Make.Project, null, Make.Now, random);

        Assert.NotEqual(Header(one).Personal.ToArray(), Header(other).Personal.ToArray());
    }

    [Fact]
    public void The_commitment_is_the_same_however_long_the_personal_part() =>
        Assert.All([0, 900, 1024, 5000], length =>
        {
            byte[] salt = Make.Bytes(32, 9), part = Make.Bytes(length, 3);
            Assert.Equal(System.Security.Cryptography.SHA256.HashData([.. salt, .. part]), PersonalPart.Commit(salt, part));
        });

    [Fact]
    public void The_header_reads_back_what_the_leaf_was_made_of()
    {
        var stamped = Stamp(Submission.Of("ext.acme.reviewed", """{"seq":7,"type":"x","subject":{"kind":"k","id":"i"},"v":2}""").Set("id", "\"e-1\"").Set("occurred_at", "\"2026-02-01T00:00:00.25Z\""));

        var header = Header(stamped, 12);

        Assert.Equal((stamped.Address, "e-1", 12L, "ext.acme.reviewed"), (header.Address, header.Id.Value, header.Seq, header.Type));
        Assert.Equal(new DateTimeOffset(2026, 2, 1, 0, 0, 0, 250, TimeSpan.Zero), header.OccurredAt);
        Assert.Equal(PersonalPart.Commit(stamped.Salt.Span, stamped.Submitted.Personal.Span), header.Personal.ToArray());
    }

    [Theory]
    [InlineData("\"v\":1", "\"v\":2")]
    [InlineData("\"seq\":1", "\"seq\":0")]
    [InlineData("\"seq\":1", "\"seq\":\"1\"")]
    [InlineData("\"org_id\":\"acme\"", "\"org_id\":\"a b\"")]
    [InlineData("\"kind\":\"thing\"", "\"kind\":\"Thing\"")]
    [InlineData("\"subject\":{", "\"subject\":[{")]
    [InlineData("\"occurred_at\":\"2026", "\"occurred_at\":\"26")]
    [InlineData("\"type\":\"ext.a\"", "\"typ\":\"ext.a\"")]
    [InlineData("\"personal\":\"", "\"personal\":\"x")]
    [InlineData("{\"actor\"", "[{\"actor\"")]
    [InlineData("\"v\":1}", "\"v\":1}}")]
    [InlineData("\"v\":1}", "\"v\":1")]
    public void Bytes_that_are_not_a_leaf_of_a_known_version_have_no_header(string of, string to)
    {
        var leaf = Make.Text(Stamp(Submission.Of("ext.a")).Leaf(1));
        Assert.Contains(of, leaf, StringComparison.Ordinal);

        Assert.False(LeafHeader.TryRead(System.Text.Encoding.UTF8.GetBytes(leaf.Replace(of, to, StringComparison.Ordinal)), out _));
    }

    [Fact]
    public void Reading_a_header_from_any_damaged_leaf_answers_and_never_throws()
    {
        var leaf = Stamp(Submission.Of("ext.a", """{"x":"é"}""")).Leaf(1);
        Prop.ForAll(Gen.Zip(Gen.Choose(0, leaf.Length - 1), Gen.Choose(1, 255)).ToArbitrary(), at =>
        {
            var damaged = (byte[])leaf.Clone();
            damaged[at.Item1] ^= (byte)at.Item2;
            return LeafHeader.TryRead(damaged, out var header) ? header.Seq >= 1 : header == default;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    static LeafHeader Header(StampedEvent stamped, long seq = 1)
    {
        Assert.True(LeafHeader.TryRead(stamped.Leaf(seq), out var header));
        return header;
    }
}
