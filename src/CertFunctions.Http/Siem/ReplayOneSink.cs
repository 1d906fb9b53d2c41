using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Siem;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Siem;

/// <summary><c>POST /siem/sinks/{name}/replay</c>: the org's ledger goes out to the sink again, from an index on (R41).</summary>
public sealed class ReplayOneSink(Door door, ReplaySink replay)
{
    public Task<IResult> HandleAsync(HttpContext http, string sink) => door.EnterAsync(http, Access.Access.Operate, async caller =>
    {
        using var body = await RequestBody.ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false);
        if (body is null)
            return Problem.BodyTooLarge(RequestBody.MaxBytes);
        if (!TryRead(body.Memory, out var from, out var problem))
            return problem!;
        return await replay.HandleAsync(caller.Org, sink, from, caller.CredentialId, http.RequestAborted).ConfigureAwait(false) switch
        {
            ReplayOutcome.Replaying replaying => Answer(sink, replaying),
            ReplayOutcome.NoSuchSink => Problem.NoSuchSink,
            ReplayOutcome.OutOfRange range => Problem.InvalidParameter(new FieldError("from", FormattableString.Invariant($"must be from 0 to {range.Position}, where the sink is"))),
            ReplayOutcome.Refused refused => Problem.NoReplay(refused.Reason),
            ReplayOutcome.Busy => Problem.Busy(TimeSpan.FromSeconds(1)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    });

    static bool TryRead(ReadOnlyMemory<byte> body, out long from, out Problem? problem)
    {
        (from, problem) = (0, null);
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                problem = Problem.MalformedBody("Send an object such as {\"from\":0}.");
            else if (json.RootElement.EnumerateObject().FirstOrDefault(m => m.Name != "from") is { Value.ValueKind: not JsonValueKind.Undefined } other)
                problem = Problem.InvalidParameter(new FieldError(other.Name, "is not known here: send from alone"));
            else if (!json.RootElement.TryGetProperty("from"u8, out var index) || index.ValueKind != JsonValueKind.Number || !index.TryGetInt64(out from))
                problem = Problem.InvalidParameter(new FieldError("from", "must be the index of the first entry to send again, a whole number from 0"));
        }
        catch (JsonException)
        {
            problem = Problem.MalformedBody("It is not JSON: send an object such as {\"from\":0}.");
        }

        return problem is null;
    }

    static JsonBytes Answer(string sink, ReplayOutcome.Replaying replaying) => JsonBytes.Of(json =>
    {
        json.WriteStartObject();
        json.WriteString("sink"u8, sink);
        json.WriteNumber("from"u8, replaying.From);
        json.WriteNumber("again"u8, replaying.Before - replaying.From);
        json.WriteEndObject();
    });
}
