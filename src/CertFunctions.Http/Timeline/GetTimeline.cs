using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Timeline;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Timeline;

/// <summary>
/// <c>GET …/certificates/{id}/events</c> and <c>GET …/subjects/{kind}/{id}/events</c> (R24): <c>type</c> (comma-separated), <c>after</c>,
/// <c>before</c>, <c>order</c> (desc, asc), <c>limit</c> (1–500, 50) and <c>cursor</c>. Answers <c>events</c> and <c>next_cursor</c>, null at the end.
/// </summary>
public sealed class GetTimeline(Door door, ReadTimeline handler)
{
    public Task<IResult> HandleAsync(HttpContext http, string project, string kind, string subjectId) =>
        door.EnterAsync(http, Access.Access.Read, project, (caller, id) => Subject.TryParse(kind, subjectId, out var subject)
            ? ReadAsync(http, new SubjectAddress(caller.Org, id, subject))
            : Task.FromResult<IResult>(SubjectProblem.Of(kind)));

    async Task<IResult> ReadAsync(HttpContext http, SubjectAddress address)
    {
        var parameters = TimelineParameters.Parse(http.Request.Query, address, out var errors);
        if (errors.Any)
            return Problem.InvalidParameter([.. errors.All]);
        switch (await handler.HandleAsync(parameters.Query, parameters.Cursor, parameters.Limit, http.RequestAborted).ConfigureAwait(false))
        {
            case TimelinePage.CursorRefused refused:
                return Problem.InvalidParameter(new FieldError("cursor", refused.Mend));
            case TimelinePage.Read page:
                return new JsonBytes(200, Print(page));
            default:
                throw new UnreachableException();
        }
    }

    static ReadOnlyMemory<byte> Print(TimelinePage.Read page)
    {
        var output = new ArrayBufferWriter<byte>(1024 * (page.Events.Count + 1));
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteStartArray("events"u8);
            foreach (var e in page.Events)
                RecordedEventJson.Write(json, e);
            json.WriteEndArray();
            json.WriteString("next_cursor"u8, page.NextCursor);
            json.WriteEndObject();
        }

        return output.WrittenMemory;
    }
}
