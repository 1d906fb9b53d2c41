using System.Text;
using CertFunctions.Core.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Events;

public sealed class CanonicalJsonTests
{
    [Fact]
    public void The_canonical_form_of_a_canonical_form_is_itself() =>
        Prop.ForAll(JsonTexts.Value.ToArbitrary(), json =>
        {
            var once = Canonical.Of(json).Text;
            return once is not null && Canonical.Of(once).Text == once;
        }).QuickCheckThrowOnFailure();

    [SkippableFact]
    public async Task The_independent_program_prints_and_refuses_the_same_values()
    {
        IndependentProgram.SkipWithout();
        var values = Gen.Frequency((1, JsonTexts.Value), (1, JsonTexts.Doubtful), (1, JsonTexts.AnyNumber), (1, JsonTexts.ExactNumber)).Sample(600, 30).ToList();

        var answer = await IndependentProgram.RunAsync(Encoding.UTF8.GetBytes(string.Concat(values.Select(v => v + "\n"))), "canonical-lines");

        Assert.True(answer.ExitCode == 0, answer.Errors);
        var theirs = answer.Text.Split('\n')[..^1];
        Assert.Equal((600, 600), (values.Count, theirs.Length));
        Assert.Contains("refused", theirs);
        for (var i = 0; i < values.Count; i++)
            Assert.True(theirs[i] == (Canonical.Of(values[i]).Text ?? "refused"), $"of {values[i]} they make {theirs[i]}, we {Canonical.Of(values[i]).Text ?? "refused"}");
    }

    [Theory]
    [InlineData("""{"a":1e400}""", "value.a")]
    [InlineData("""{"a":{"b":[1,12345678901234567890]}}""", "value.a.b[]")]
    [InlineData("""{"a":[{"b":1,"b":2}]}""", "value.a[].b")]
    [InlineData("""{"a":"\ud800"}""", "value.a")]
    [InlineData("""{"a":{"\ud800":1}}""", "value.a")]
    public void What_has_no_canonical_form_is_named_by_its_path(string json, string path)
    {
        var (text, errors) = Canonical.Of(json);

        Assert.Null(text);
        Assert.Equal(path, Assert.Single(errors).Field);
    }

    [Fact]
    public void Nesting_of_33_levels_is_refused_and_said_to_be_too_deep()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 33)) + "1" + new string('}', 33);

        var (text, errors) = Canonical.Of(deep);

        Assert.Null(text);
        Assert.Contains("deeper than 32 levels", Assert.Single(errors).Mend, StringComparison.Ordinal);
        Assert.NotNull(Canonical.Of(deep[5..^1]).Text);
    }

    [Fact]
    public void A_fault_deep_inside_long_names_is_told_in_few_words()
    {
        var name = new string('n', 50_000);

        var (_, errors) = Canonical.Of($$$"""{"{{{name}}}":{"{{{name}}}":1e400}}""");

        Assert.InRange(Assert.Single(errors).Field.Length, 1, 300);
    }
}
