using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Formats;

public sealed class LeafVectorTests
{
    public static TheoryData<string> Names => GoldenVectors.Names("leaf");

    [Theory]
    [MemberData(nameof(Names))]
    public void From_the_submitted_event_to_leaf_personal_part_commitment_and_hash_every_byte_is_as_the_page_says(string name)
    {
        var vector = GoldenVectors.Get("leaf", name);
        var given = vector.GetProperty("given");
        Assert.True(Rfc3339.TryParse(given.Text("recorded_at"), out var recordedAt));
        var parsed = Assert.IsType<ParsedEvent.Accepted>(EventParser.Parse(vector.GetProperty("submitted"), null, recordedAt));
        var trace = given.TryGetProperty("traceparent", out var t) ? t.GetString() : null;

        var stamped = StampedEvent.Stamp(parsed.Event, OrgId.Parse(given.Text("org_id")), ProjectId.Parse(given.Text("project_id")), trace, recordedAt, new ScriptedBytes(given.Bytes("salt")));
        var leaf = stamped.Leaf(given.GetProperty("seq").GetInt64());

        Assert.Equal(vector.Text("leaf"), Make.Text(leaf));
        Assert.Equal(vector.Text("personal"), Make.Text(stamped.Submitted.Personal));
        Assert.Equal(vector.Text("leaf_hash"), LedgerHash.Leaf(leaf).ToString());
        Assert.True(LeafHeader.TryRead(leaf, out var header));
        Assert.Equal(vector.Bytes("commitment"), header.Personal.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_catalogue_says_of_the_type_what_the_vector_says(string name)
    {
        var vector = GoldenVectors.Get("leaf", name);
        var stated = vector.GetProperty("catalogue");
        Assert.True(CertFunctions.Core.Events.Catalogue.EventCatalogue.TryFind(vector.GetProperty("submitted").Text("type"), out var type, out _));

        Assert.Equal((stated.Text("type"), stated.Text("module"), stated.Text("severity"), stated.Text("status")),
            (type.Name, type.Module, type.DefaultSeverity.Wire(), type.DefaultStatus.Wire()));
        Assert.Equal(stated.GetProperty("personal").Deserialize<string[]>()!.Order(StringComparer.Ordinal), type.Fields.Where(f => f.Personal).Select(f => f.Name).Order(StringComparer.Ordinal));
    }
}
