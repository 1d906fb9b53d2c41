using CertFunctions.Core.Events;

namespace CertFunctions.Core.Tests.Events;

public sealed class IdentifierTests
{
    static readonly string[] NotNames = ["", "-a", ".a", "_a", "a b", "a/b", "a\n", "\0", "é", "a\u200b", "..", "a:b\t"];

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("Acme_1.eu-west")]
    public void Org_and_project_ids_are_letters_digits_dots_underscores_and_hyphens(string text)
    {
        Assert.Equal(text, OrgId.Parse(text).ToString());
        Assert.Equal(text, ProjectId.Parse(text).ToString());
        Assert.Equal(text, EventId.Parse(text).ToString());
    }

    [Fact]
    public void Names_with_anything_else_are_refused()
    {
        Assert.All(NotNames, text =>
        {
            Assert.False(OrgId.TryParse(text, out _), text);
            Assert.False(ProjectId.TryParse(text, out _), text);
            Assert.False(EventId.TryParse(text, out _), text);
        });
        Assert.False(OrgId.TryParse(null, out _));
        Assert.Throws<FormatException>(() => OrgId.Parse("a b"));
    }

    [Fact]
    public void Only_event_ids_may_hold_a_colon()
    {
        Assert.True(EventId.TryParse("sha256:00", out _));
        Assert.False(OrgId.TryParse("a:b", out _));
        Assert.False(ProjectId.TryParse("a:b", out _));
    }

    [Fact]
    public void The_longest_names_are_64_characters_and_128_for_events()
    {
        Assert.True(OrgId.TryParse(new string('a', 64), out _));
        Assert.False(OrgId.TryParse(new string('a', 65), out _));
        Assert.True(ProjectId.TryParse(new string('a', 64), out _));
        Assert.False(ProjectId.TryParse(new string('a', 65), out _));
        Assert.True(EventId.TryParse(new string('a', 128), out _));
        Assert.False(EventId.TryParse(new string('a', 129), out _));
    }

    [Theory]
    [InlineData("certificate", "cert-42")]
    [InlineData("x", "CN=€ \"x\" 😀, O=A & B")]
    [InlineData("device_2", "...")]
    public void A_subject_is_a_kind_and_visible_text(string kind, string id)
    {
        Assert.True(Subject.TryParse(kind, id, out var subject));
        Assert.Equal((kind, id), (subject.Kind, subject.Id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Certificate")]
    [InlineData("2x")]
    [InlineData("_x")]
    [InlineData("a-b")]
    [InlineData("a.b")]
    [InlineData("abcdefghijklmnopqrstuvwxyz0123456")]
    public void A_kind_of_another_shape_is_refused(string kind) => Assert.False(Subject.TryParse(kind, "x", out _));

    [Theory]
    [InlineData("")]
    [InlineData(" a")]
    [InlineData("a ")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u007fb")]
    [InlineData("a\u0085b")]
    [InlineData("a\u2028b")]
    [InlineData("a\u202eb")]
    [InlineData("a\u2066b")]
    [InlineData("a\ufeffb")]
    public void A_subject_id_that_could_break_a_line_a_path_or_a_reader_is_refused(string id) => Assert.False(Subject.TryParse("x", id, out _));

    [Fact]
    public void A_subject_id_with_half_a_surrogate_pair_is_refused()
    {
        Assert.False(Subject.TryParse("x", "a\ud83d", out _));
        Assert.False(Subject.TryParse("x", "\ude00a", out _));
    }

    [Fact]
    public void A_subject_id_is_at_most_256_bytes_of_utf8()
    {
        Assert.True(Subject.TryParse("x", new string('a', 256), out _));
        Assert.False(Subject.TryParse("x", new string('a', 257), out _));
        Assert.True(Subject.TryParse("x", new string('é', 128), out _));
        Assert.False(Subject.TryParse("x", new string('é', 128) + "a", out _));
    }
}
