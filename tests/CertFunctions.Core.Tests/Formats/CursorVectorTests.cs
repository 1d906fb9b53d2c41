using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Core.Tests.Formats;

public sealed class CursorVectorTests
{
    public static TheoryData<string> Names => GoldenVectors.Names("cursor");

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cursor_is_as_the_page_says(string name)
    {
        var vector = GoldenVectors.Get("cursor", name);
        var asked = vector.GetProperty("query");
        var subject = asked.GetProperty("subject");
        var query = new TimelineQuery
        {
            Address = new SubjectAddress(OrgId.Parse(asked.Text("org_id")), ProjectId.Parse(asked.Text("project_id")), Subject.Parse(subject.Text("kind"), subject.Text("id"))),
            Types = [.. asked.GetProperty("types").EnumerateArray().Select(t => t.GetString()!)],
            After = Time("after"),
            Before = Time("before"),
            Order = asked.Text("order") == "desc" ? TimelineOrder.NewestFirst : TimelineOrder.OldestFirst,
        };
        var cursors = new TimelineCursor(vector.Bytes("key"));
        var seq = vector.GetProperty("seq").GetInt64();

        Assert.Equal(vector.Text("cursor"), cursors.Encode(query, seq));
        Assert.Equal(new CursorReading.Place(seq), cursors.Decode(query, vector.Text("cursor")));

        DateTimeOffset? Time(string member) => asked.TryGetProperty(member, out var text) && Rfc3339.TryParse(text.GetString(), out var time) ? time : null;
    }
}
