using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ledger;

/// <summary><c>GET /ledger/health</c>: what the service, in whichever process, found when it last checked the org's ledger, published it and asked witnesses, and events it found overdue.</summary>
public sealed class GetLedgerHealth(Door door, LedgerHealth health)
{
    public Task<IResult> HandleAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Audit, async caller =>
    {
        var status = await health.ReadAsync(caller.Org, http.RequestAborted).ConfigureAwait(false);
        return JsonBytes.Of(json => Write(json, caller.Org, status));
    });

    static void Write(Utf8JsonWriter json, OrgId org, LedgerStatus status)
    {
        json.WriteStartObject();
        json.WriteString("ledger"u8, org.Value);
        json.WriteStartArray("checks"u8);
        foreach (var check in status.Checks)
        {
            json.WriteStartObject();
            json.WriteString("scope"u8, LedgerHealth.Wire(check.Scope));
#pragma warning disable CA1308 // The wire's own spelling is lower-case.
            json.WriteString("verdict"u8, check.Verdict.ToString().ToLowerInvariant());
#pragma warning restore CA1308
            json.WriteNumber("size"u8, check.Size);
            if (check.FirstIndex is { } index)
                json.WriteNumber("first_index"u8, index);
            if (check.Detail is { } detail)
                json.WriteString("detail"u8, detail);
            json.WriteString("at"u8, Rfc3339.Format(check.At));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        Write(json, status.Overdue);
        Write(json, status.Published);
        json.WriteStartArray("witnesses"u8);
        foreach (var standing in status.Witnesses)
        {
            json.WriteStartObject();
            json.WriteString("witness"u8, standing.Witness);
            json.WriteNumber("size"u8, standing.Size);
            json.WriteString("at"u8, Rfc3339.Format(standing.At));
            json.WriteString("error"u8, standing.Error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, OverdueEvents? overdue)
    {
        json.WriteStartObject("overdue"u8);
        json.WriteNumber("found"u8, overdue?.Count ?? 0);
        if (overdue is not null)
        {
            json.WriteString("since"u8, Rfc3339.Format(overdue.Since));
            json.WriteString("last_event_id"u8, overdue.LastId.Value);
            json.WriteString("last_due_at"u8, Rfc3339.Format(overdue.LastDueAt));
        }

        json.WriteEndObject();
    }

    static void Write(Utf8JsonWriter json, Publication? published)
    {
        if (published is null)
        {
            json.WriteNull("published"u8);
            return;
        }

        json.WriteStartObject("published"u8);
        json.WriteNumber("size"u8, published.Size);
        if (published.Time is { } time)
            json.WriteString("time"u8, Rfc3339.Format(time));
        json.WriteString("at"u8, Rfc3339.Format(published.At));
        json.WriteString("error"u8, published.Error);
        if (published.FailingSince is { } since)
            json.WriteString("failing_since"u8, Rfc3339.Format(since));
        json.WriteEndObject();
    }
}
