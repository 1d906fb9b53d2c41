using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Core.Tests.Support;

namespace CertFunctions.Core.Tests.Events;

public sealed class EventCatalogueTests
{
    [Fact]
    public void Every_alias_leads_to_a_known_type_and_is_not_one_itself() =>
        Assert.All(EventAliases.All, alias =>
        {
            Assert.Contains(EventCatalogue.All, t => t.Name == alias.Value);
            Assert.DoesNotContain(EventCatalogue.All, t => t.Name == alias.Key);
        });

    [Fact]
    public void An_alias_is_recorded_under_our_name_and_keeps_the_one_it_came_under() =>
        Assert.All(EventAliases.All, alias =>
        {
            Assert.True(EventCatalogue.TryFind(alias.Value, out var type, out _));
            var accepted = Submission.Minimal(type).Set("type", $"\"{alias.Key}\"").Accepted();
            Assert.Equal((alias.Value, alias.Key), (accepted.Type.Name, accepted.SubmittedType));
        });

    [Fact]
    public void The_two_names_the_sources_disagree_on_are_one_type()
    {
        Assert.True(EventCatalogue.TryFind("cert.renewal.success", out var renewed, out var alias));
        Assert.Equal(("cert.renewed", true), (renewed.Name, alias));
    }

    [Fact]
    public void Names_are_each_once_and_no_type_has_a_field_twice_or_the_open_member()
    {
        Assert.Equal(EventCatalogue.All.Count, EventCatalogue.All.Select(t => t.Name).Distinct().Count());
        Assert.All(EventCatalogue.All, t => Assert.Equal(t.Fields.Count, t.Fields.Select(f => f.Name).Append(EventType.Extra).Distinct().Count() - 1));
    }

    [Theory]
    [InlineData("cert.renewal_faild", "cert.renewal_failed")]
    [InlineData("cert.isued", "cert.issued")]
    [InlineData("Cert.Issued", "cert.issued")]
    [InlineData("renewal_sucess", "renewal_success")]
    public void An_unknown_type_gets_the_nearest_name_as_a_suggestion(string name, string nearest) =>
        Assert.Contains($"did you mean {nearest}?", EventCatalogue.Suggest(name), StringComparison.Ordinal);

    [Theory]
    [InlineData("something.else.entirely")]
    [InlineData("")]
    public void A_type_like_no_other_gets_the_way_to_one_of_its_own(string name)
    {
        Assert.DoesNotContain("did you mean", EventCatalogue.Suggest(name), StringComparison.Ordinal);
        Assert.Contains("prefix ext.", EventCatalogue.Suggest(name), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ext.a")]
    [InlineData("ext.acme.reviewed")]
    [InlineData("ext.acme_2.step_1.done")]
    public void R23_well_formed_types_under_the_extension_prefix_are_known(string name)
    {
        Assert.True(EventCatalogue.TryFind(name, out var type, out var alias));
        Assert.Equal((name, "extension", false), (type.Name, type.Module, alias));
    }

    [Theory]
    [InlineData("ext.")]
    [InlineData("ext")]
    [InlineData("ext.A")]
    [InlineData("ext.a..b")]
    [InlineData("ext.a.")]
    [InlineData("ext.2a")]
    [InlineData("ext.a-b")]
    [InlineData("ext.a b")]
    [InlineData("EXT.a")]
    [InlineData("extra.a")]
    public void Other_shapes_of_that_prefix_are_not(string name) => Assert.False(EventCatalogue.TryFind(name, out _, out _));

    [Fact]
    public void An_extension_type_is_at_most_128_characters()
    {
        Assert.True(EventCatalogue.TryFind("ext." + new string('a', 124), out _, out _));
        Assert.False(EventCatalogue.TryFind("ext." + new string('a', 125), out _, out _));
    }
}
