using System.Text;
using CertFunctions.Core.Events;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>The quick reading of a leaf may give up; where it does not, it says what the careful one says.</summary>
public sealed class LeafMembersTests
{
    static readonly string[] Subjects = ["c1", "shop.example", "a{b}c", "ünï©ödé", "with \"quotes\"", "},{", "seq:1"];

    static readonly string[] Payloads =
    [
        """{"format":"pem"}""", """{"format":"pem","ip":"192.0.2.7"}""", """{"format":"pem","ext":{"a":[{"b":"}"},{"c":"\\\""}]}}""",
        """{"format":"pem","ext":{"x":"\",\"seq\":9,\"type\":\"t\""}}""", """{"format":"pem","ext":{"y":"\u0001\n","z":[[[]],{},1.5e-7]}}""",
    ];

    [Fact]
    public void What_it_reads_is_what_the_careful_reader_reads() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, byte, PositiveInt)>(),
        ((byte Subject, byte Payload, PositiveInt Seq) pick) =>
        {
            var leaf = Leaf(pick.Subject, pick.Payload, pick.Seq.Get);
            Assert.True(LeafHeader.TryRead(leaf, out var careful));
            return !LeafMembers.TryRead(leaf, out var quick) || Agree(quick, careful);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Leaves_without_escapes_in_their_texts_are_read_quickly() =>
        Assert.True(LeafMembers.TryRead(Leaf(0, 2, 7), out var members) && Encoding.UTF8.GetString(members.Seq) == "7" && Encoding.UTF8.GetString(members.SubjectId) == "c1");

    [Fact]
    public void Of_bytes_that_were_altered_it_says_the_same_as_the_careful_reader_or_nothing() => Prop.ForAll(
        ArbMap.Default.ArbFor<(byte, ushort, byte, bool)>(),
        ((byte Payload, ushort At, byte To, bool Cut) change) =>
        {
            var leaf = Leaf(1, change.Payload, 12);
            var at = change.At % leaf.Length;
            if (change.Cut)
                leaf = leaf[..at];
            else
                leaf[at] = change.To;
            return !LeafMembers.TryRead(leaf, out var quick) || !LeafHeader.TryRead(leaf, out var careful) || Agree(quick, careful);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    static bool Agree(LeafMembers quick, LeafHeader careful) =>
        Encoding.UTF8.GetString(quick.Org) == careful.Address.Org.Value
        && Encoding.UTF8.GetString(quick.Project) == careful.Address.Project.Value
        && Encoding.UTF8.GetString(quick.SubjectKind) == careful.Address.Subject.Kind
        && Encoding.UTF8.GetString(quick.SubjectId) == careful.Address.Subject.Id
        && Encoding.UTF8.GetString(quick.Id) == careful.Id.Value
        && Encoding.UTF8.GetString(quick.Type) == careful.Type
        && long.Parse(Encoding.UTF8.GetString(quick.Seq), System.Globalization.CultureInfo.InvariantCulture) == careful.Seq
        && Rfc3339.TryParse(Encoding.UTF8.GetString(quick.OccurredAt), out var time) && time == careful.OccurredAt;

    static byte[] Leaf(byte subject, byte payload, long seq) =>
        Make.Stamped(Subjects[subject % Subjects.Length], "e", data: Payloads[payload % Payloads.Length]).Leaf(seq);
}
