using System.Buffers;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Timers;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Timers;

/// <summary><c>GET /timers</c>: the timed jobs, and how the last run of each went. What stopped one is in the log: it may speak of another org.</summary>
public sealed class GetTimers(Door door, RunJob timers)
{
    public Task<IResult> HandleAsync(HttpContext http) => door.EnterAsync(http, Access.Access.Operate, _ => ReadAsync(http));

    async Task<IResult> ReadAsync(HttpContext http)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteStartArray("timers"u8);
            foreach (var job in timers.Jobs)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, job.Name);
                json.WriteNumber("every_seconds"u8, job.Every.TotalSeconds);
                if (await timers.LastAsync(job.Name, http.RequestAborted).ConfigureAwait(false) is { } last)
                {
                    json.WriteStartObject("last"u8);
                    json.WriteString("began"u8, Rfc3339.Format(last.Began));
                    json.WriteNumber("took_seconds"u8, last.Took.TotalSeconds);
                    json.WriteString("outcome"u8, last.Succeeded ? "done"u8 : "failed"u8);
                    json.WriteEndObject();
                }
                else
                    json.WriteNull("last"u8);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new JsonBytes(200, output.WrittenMemory);
    }
}
