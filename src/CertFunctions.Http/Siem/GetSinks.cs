using System.Buffers;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Siem;

/// <summary><c>GET /siem/sinks</c>: where each sink stands with the org's ledger, how far it lags, and its last error (R41).</summary>
public sealed class GetSinks(Door door, IReadOnlyList<ForwardLedger> forwarders, ILedgerStore store)
{
    public Task<IResult> HandleAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Operate, caller => ReadAsync(http, caller.Org));

    async Task<IResult> ReadAsync(HttpContext http, OrgId org)
    {
        var (head, _) = await store.CatchUpAsync(org, [], http.RequestAborted).ConfigureAwait(false);
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteStartArray("sinks"u8);
            foreach (var forwarder in forwarders)
            {
                // By whichever process; failures are those this one met.
                var position = await forwarder.PositionAsync(org, http.RequestAborted).ConfigureAwait(false);
                var status = forwarder.Statuses.FirstOrDefault(s => s.Ledger == org);
                json.WriteStartObject();
                json.WriteString("name"u8, forwarder.Sink.Name);
                json.WriteNumber("position"u8, position);
                json.WriteNumber("lag"u8, Math.Max(0, head.Size - position));
                json.WriteNumber("failures_in_a_row"u8, status?.FailuresInARow ?? 0);
                json.WriteString("last_error"u8, status?.LastError);
                if (status is not null)
                    json.WriteString("at"u8, Rfc3339.Format(status.At));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new JsonBytes(200, output.WrittenMemory);
    }
}
