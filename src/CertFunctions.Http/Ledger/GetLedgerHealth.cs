using System.Buffers;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Verification;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ledger;

/// <summary><c>GET /ledger/health</c>: what this process found when it last checked the org's ledger, and events it found overdue.</summary>
public sealed class GetLedgerHealth(Door door, LedgerHealth health)
{
    public Task<IResult> HandleAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Audit, caller => Task.FromResult<IResult>(Read(caller.Org)));

    JsonBytes Read(OrgId org)
    {
        var output = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(output, JsonBytes.Plain))
        {
            json.WriteStartObject();
            json.WriteString("ledger"u8, org.Value);
            json.WriteStartArray("checks"u8);
            foreach (var check in health.Checks(org))
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
            json.WriteStartObject("overdue"u8);
            var overdue = health.OverdueOf(org);
            json.WriteNumber("found"u8, overdue?.Count ?? 0);
            if (overdue is not null)
            {
                json.WriteString("last_event_id"u8, overdue.LastId.Value);
                json.WriteString("last_due_at"u8, Rfc3339.Format(overdue.LastDueAt));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new JsonBytes(200, output.WrittenMemory);
    }
}
