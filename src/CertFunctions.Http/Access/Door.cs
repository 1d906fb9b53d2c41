using CertFunctions.Core.Events;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CertFunctions.Http.Access;

/// <summary>
/// What every endpoint passes through, in both hosts alike: the credential is checked, the project is held against it, and whatever goes wrong
/// inside becomes a problem. Nothing here relies on a host's middleware.
/// </summary>
public sealed partial class Door(ICredentials credentials, ILogger<Door> log)
{
    /// <summary>Runs a call that belongs to a project.</summary>
    public Task<IResult> EnterAsync(HttpContext http, Access access, string project, Func<Caller, ProjectId, Task<IResult>> inside) =>
        EnterAsync(http, access, caller =>
        {
            if (!ProjectId.TryParse(project, out var id))
                return Task.FromResult<IResult>(Problem.InvalidParameter(new FieldError("project", "must be 1 to 64 characters from A-Z, a-z, 0-9, ., _ and -, starting with a letter or digit")));
            return caller.May(access, id) ? inside(caller, id) : Task.FromResult<IResult>(Problem.Forbidden);
        });

    /// <summary>Runs a call that belongs to the caller's org.</summary>
    public async Task<IResult> EnterAsync(HttpContext http, Access access, Func<Caller, Task<IResult>> inside)
    {
        try
        {
            if (Bearer(http.Request) is not { } bearer || await credentials.FindAsync(bearer, http.RequestAborted).ConfigureAwait(false) is not { } caller)
                return Problem.Unauthorized;
            if (!caller.May(access, null))
                return Problem.Forbidden;
            return await inside(caller).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more; what was accepted by the store is carried through there.
            return Results.Empty;
        }
        catch (BadHttpRequestException e)
        {
            return Problem.BrokenRequest(e.StatusCode);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or TimeoutException or ObjectDisposedException)
        {
            Log.StoreFailed(log, e, http.Request.Method, http.Request.Path);
            return Problem.StoreUnavailable;
        }
#pragma warning disable CA1031 // The last line of defence: a bug here must reach the log, and the client as a problem.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.Failed(log, e, http.Request.Method, http.Request.Path);
            return Problem.Internal;
        }
    }

    static string? Bearer(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        return header.Count == 1 && header[0] is { } value && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? value[7..].Trim() : null;
    }

    static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Method} {Path}: the store failed")]
        public static partial void StoreFailed(ILogger logger, Exception e, string method, string path);

        [LoggerMessage(2, LogLevel.Error, "{Method} {Path}: a fault of our own")]
        public static partial void Failed(ILogger logger, Exception e, string method, string path);
    }
}
