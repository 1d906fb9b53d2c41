using System.Text.Json.Nodes;
using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Events;

/// <summary>The parser against every type of the catalogue (R23).</summary>
public sealed class EventParserCatalogueTests
{
    public static TheoryData<string> Names { get; } = [.. EventCatalogue.All.Select(t => t.Name)];

    static EventType Type(string name) => EventCatalogue.TryFind(name, out var type, out _) ? type : throw new InvalidOperationException(name);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_minimal_event_is_accepted_and_takes_the_types_severity_and_status(string name)
    {
        var accepted = Submission.Minimal(Type(name)).Accepted();

        Assert.Equal((name, Type(name).DefaultSeverity, Type(name).DefaultStatus), (accepted.Type.Name, accepted.Severity, accepted.Status));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_one_required_field_it_is_refused_by_that_name(string name) =>
        Assert.All(Type(name).Fields.Where(f => f.Required), field =>
        {
            var submission = Submission.Minimal(Type(name));
            submission.Data.Remove(field.Name);
            var fault = submission.OneFault();
            Assert.Equal("data." + field.Name, fault.Field);
            Assert.StartsWith("is missing: ", fault.Mend, StringComparison.Ordinal);
        });

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_data_every_required_field_is_named(string name)
    {
        var required = Type(name).Fields.Where(f => f.Required).Select(f => "data." + f.Name).ToList();
        var submission = Submission.Minimal(Type(name)).Without("data");

        if (required.Count == 0)
            Assert.Equal("{}", Make.Text(submission.Accepted().Data));
        else
            Assert.Equal(required, submission.Refused().Select(e => e.Field));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_field_of_the_wrong_type_is_named_with_what_it_must_be(string name) =>
        Assert.All(Type(name).Fields.Where(f => f.Shape != PayloadShape.Any), field =>
        {
            var submission = Submission.Minimal(Type(name));
            submission.Data[field.Name] = JsonNode.Parse("[{}]");
            var fault = submission.OneFault();
            Assert.Equal(("data." + field.Name, "must be " + field.Shape.Grammar), (fault.Field, fault.Mend));
        });

    [Theory]
    [MemberData(nameof(Names))]
    public void An_optional_field_may_be_null_and_a_required_one_may_not(string name) =>
        Assert.All(Type(name).Fields.Where(f => f.Shape != PayloadShape.Any), field =>
        {
            var submission = Submission.Minimal(Type(name));
            submission.Data[field.Name] = null;
            if (field.Required)
                Assert.Equal("data." + field.Name, submission.OneFault().Field);
            else
                submission.Accepted();
        });

    [Theory]
    [MemberData(nameof(Names))]
    public void What_the_type_does_not_know_is_refused_beside_its_fields_and_accepted_under_ext(string name)
    {
        var beside = Submission.Minimal(Type(name));
        beside.Data["colour"] = "blue";
        Assert.Equal("data.colour", beside.OneFault().Field);

        var under = Submission.Minimal(Type(name));
        under.Data["ext"] = JsonNode.Parse("""{"colour":"blue"}""");
        Assert.Contains("\"ext\":{\"colour\":\"blue\"}", Make.Text(under.Accepted().Data), StringComparison.Ordinal);
    }

    [Fact]
    public void Personal_fields_of_every_type_are_in_the_personal_part_and_never_in_the_leaf()
    {
        var mark = Gen.Elements("abcdefghijklmnopqrstuvwxyz".ToCharArray()).ArrayOf(24).Select(c => new string(c));
        var types = Gen.Elements(EventCatalogue.All.Where(t => t.Fields.Any(f => f.Personal)).ToArray());
        Prop.ForAll(Gen.Zip(types, mark).ToArbitrary(), pair =>
        {
            var (type, secret) = pair;
            var submission = Submission.Full(type);
            submission.Json["actor"] = JsonNode.Parse($$"""{"type":"user","id":"id-{{secret}}","name":"name-{{secret}}"}""");
            foreach (var field in type.Fields.Where(f => f.Personal))
                submission.Data[field.Name] = $"{field.Name}-{secret}";
            var accepted = submission.Accepted();
            var leaf = Make.Text(CertFunctions.Core.Events.StampedEvent.Stamp(accepted, Make.Org, Make.Project, null, Make.Now, new SeededRandom()).Leaf(1));
            var personal = JsonNode.Parse(Make.Text(accepted.Personal))!;
            return !leaf.Contains(secret, StringComparison.Ordinal)
                && !Make.Text(accepted.Data).Contains(secret, StringComparison.Ordinal)
                && (string?)personal["actor"]!["id"] == $"id-{secret}"
                && (string?)personal["actor"]!["name"] == $"name-{secret}"
                && type.Fields.Where(f => f.Personal).All(f => (string?)personal["data"]![f.Name] == $"{f.Name}-{secret}")
                && ((JsonObject)personal["data"]!).Count == type.Fields.Count(f => f.Personal);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Data_and_personal_part_are_canonical_for_every_type() =>
        Assert.All(EventCatalogue.All, type =>
        {
            var accepted = Submission.Full(type).Accepted();
            Assert.Equal(Canonical.Of(accepted.Data).Text, Make.Text(accepted.Data));
            Assert.Equal(Canonical.Of(accepted.Personal).Text, Make.Text(accepted.Personal));
        });
}
