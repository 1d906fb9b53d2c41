using System.Diagnostics;
using CertFunctions.Core.Telemetry;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http;

/// <summary>
/// An answer that is counted and timed to its end, by method and route as they are declared (R45). The host executes it, whichever host that is; nothing is
/// measured, and nothing allocated, where nobody listens.
/// </summary>
sealed class MeasuredResult(IResult inner, Endpoint endpoint, long started) : IResult
{
    public static async Task<IResult> OfAsync(Endpoint endpoint, HttpContext http)
    {
        if (!Instruments.HttpDuration.Enabled && !Instruments.HttpActive.Enabled)
            return await endpoint.Handle(http).ConfigureAwait(false);
        var started = Stopwatch.GetTimestamp();
        Active(endpoint, 1);
        try
        {
            return new MeasuredResult(await endpoint.Handle(http).ConfigureAwait(false), endpoint, started);
        }
        catch
        {
            Active(endpoint, -1);
            throw;
        }
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await inner.ExecuteAsync(httpContext).ConfigureAwait(false);
        }
        finally
        {
            Active(endpoint, -1);
            Instruments.HttpDuration.Record(
                Stopwatch.GetElapsedTime(started).TotalSeconds,
                Instruments.Label("method", endpoint.Method), Instruments.Label("route", endpoint.Route), new KeyValuePair<string, object?>("status", httpContext.Response.StatusCode));
        }
    }

    static void Active(Endpoint endpoint, int change) => Instruments.HttpActive.Add(change, Instruments.Label("method", endpoint.Method), Instruments.Label("route", endpoint.Route));
}
