using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Certificates;

/// <summary><c>GET …/certificates</c>: a project's certificates by the end of their validity, and how many there are.</summary>
public sealed class GetCertificates(Door door, ListCertificates handler, TimeProvider clock)
{
    public Task<IResult> HandleAsync(HttpContext http, string project) => door.EnterAsync(http, Access.Access.Read, project, (caller, id) => ReadAsync(http, caller.Org, id));

    async Task<IResult> ReadAsync(HttpContext http, OrgId org, ProjectId project)
    {
        var parameters = InventoryParameters.Parse(http.Request.Query, org, project, clock.GetUtcNow(), out var errors);
        if (errors.Any)
            return Problem.InvalidParameter([.. errors.All]);
        return await handler.HandleAsync(parameters.Query, parameters.Within, parameters.Cursor, parameters.Limit, http.RequestAborted).ConfigureAwait(false) switch
        {
            CertificateListing.CursorRefused refused => Problem.InvalidParameter(new FieldError("cursor", refused.Mend)),
            CertificateListing.Read page => JsonBytes.Of(json => Print(json, page)),
            _ => throw new UnreachableException(),
        };
    }

    static void Print(Utf8JsonWriter json, CertificateListing.Read page)
    {
        json.WriteStartObject();
        json.WriteString("as_of"u8, Rfc3339.Format(page.AsOf));
        if (page.Counts is { } counts)
            Print(json, counts);
        json.WriteStartArray("certificates"u8);
        foreach (var head in page.Certificates)
            CertificateJson.Write(json, head.Address.Subject.Id, new CertificateAt(head.Seq, head.State), page.AsOf, head.Due);
        json.WriteEndArray();
        json.WriteString("next_cursor"u8, page.NextCursor);
        json.WriteEndObject();
    }

    static void Print(Utf8JsonWriter json, CertificateCounts counts)
    {
        json.WriteStartObject("counts"u8);
        json.WriteStartObject("by_status"u8);
        foreach (var (status, count) in counts.ByStatus.OrderBy(c => c.Key))
            json.WriteNumber(status.Wire(), count);
        json.WriteEndObject();
        json.WriteStartObject("expiring_within_days"u8);
        foreach (var days in ListCertificates.CountedDays)
            json.WriteNumber(days.ToString(CultureInfo.InvariantCulture), counts.ExpiringWithin.GetValueOrDefault(days));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
