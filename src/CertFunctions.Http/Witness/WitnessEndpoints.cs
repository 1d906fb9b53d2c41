using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Witness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace CertFunctions.Http.Witness;

/// <summary>
/// The calls of C2SP tlog-witness: <c>POST /add-checkpoint</c>, and <c>GET /HASH/checkpoint</c> for monitors, where HASH is SHA-256 of the log's origin in
/// hex. There are no credentials: who may be cosigned is decided by the log's own signature.
/// </summary>
public sealed partial class WitnessEndpoints(AddCheckpoint handler, ILogger<WitnessEndpoints> log)
{
    /// <summary>Maps both calls.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/add-checkpoint", (RequestDelegate)AddAsync);
        routes.MapGet("/{hash}/checkpoint", (RequestDelegate)GetAsync);
    }

    async Task AddAsync(HttpContext http)
    {
        try
        {
            if (await ReadAsync(http.Request, http.RequestAborted).ConfigureAwait(false) is not { } body)
            {
                await TextAsync(http, 413, "the request is too long\n").ConfigureAwait(false);
                return;
            }

            await AnswerAsync(http, await handler.HandleAsync(body, http.RequestAborted).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException)
        {
            Log.StateFailed(log, e);
            await TextAsync(http, 503, "the witness cannot write; ask again\n").ConfigureAwait(false);
        }
    }

    Task AnswerAsync(HttpContext http, AddCheckpointOutcome outcome)
    {
        switch (outcome)
        {
            case AddCheckpointOutcome.Cosigned cosigned:
                return TextAsync(http, 200, Encoding.UTF8.GetString(cosigned.ToBytes()));
            case AddCheckpointOutcome.Conflict conflict:
                return TextAsync(http, 409, FormattableString.Invariant($"{conflict.Size}\n"), "text/x.tlog.size");
            case AddCheckpointOutcome.UnknownOrigin:
                return TextAsync(http, 404, "no log of that origin is known here\n");
            case AddCheckpointOutcome.BadSignature:
                return TextAsync(http, 403, "it is not signed by a key trusted for its origin\n");
            case AddCheckpointOutcome.BadProof:
                // A log that signs this has forked, or lost what it signed: someone has to look.
                Log.NotConsistent(log);
                return TextAsync(http, 422, "it does not follow from what was cosigned before\n");
            case AddCheckpointOutcome.Malformed malformed:
                return TextAsync(http, 400, malformed.Why + "\n");
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    async Task GetAsync(HttpContext http)
    {
        var hash = http.Request.RouteValues["hash"] as string;
        var origin = handler.Origins.FirstOrDefault(o => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(o))) == hash);
        if (origin is null || await handler.FindAsync(origin, http.RequestAborted).ConfigureAwait(false) is not { } note)
            await TextAsync(http, 404, "no checkpoint of that log was cosigned here\n").ConfigureAwait(false);
        else
            await TextAsync(http, 200, Encoding.UTF8.GetString(note.Span)).ConfigureAwait(false);
    }

    static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentLength > AddCheckpointRequest.MaxBytes)
            return null;
        // Grows with what comes: most requests are a few hundred bytes.
        using var body = new MemoryStream();
        var piece = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            if (body.Length + read > AddCheckpointRequest.MaxBytes)
                return null;
            body.Write(piece, 0, read);
        }

        return body.ToArray();
    }

    static Task TextAsync(HttpContext http, int status, string text, string contentType = "text/plain; charset=utf-8")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        return http.Response.WriteAsync(text, CancellationToken.None);
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "the witness's state cannot be written; nothing was cosigned")]
        public static partial void StateFailed(ILogger logger, Exception e);

        [LoggerMessage(2, LogLevel.Warning, "a checkpoint signed by its log does not follow from the one cosigned before")]
        public static partial void NotConsistent(ILogger logger);
    }
}
