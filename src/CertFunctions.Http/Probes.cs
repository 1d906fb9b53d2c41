using CertFunctions.Core.Ledger;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CertFunctions.Http;

/// <summary>
/// What a platform asks without a credential, outside the API's base path: <c>/healthz</c>, whether the process answers, and <c>/readyz</c>, whether its store
/// does too. There is nothing in the answers worth a credential.
/// </summary>
public sealed class Probes(ILedgerStore store)
{
    public IReadOnlyList<Endpoint> All => [new("GET", "/healthz", HandleHealthAsync), new("GET", "/readyz", HandleReadyAsync)];

    public static Task<IResult> HandleHealthAsync(HttpContext http) => Task.FromResult(Results.Text("ok\n"));

    public async Task<IResult> HandleReadyAsync(HttpContext http)
    {
        try
        {
            await store.ListAsync(http.RequestAborted).ConfigureAwait(false);
            return Results.Text("ready\n");
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or TimeoutException)
        {
            return Problem.StoreUnavailable;
        }
    }

    /// <summary>Maps them on an ASP.NET Core host.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var probe in All)
        {
            RequestDelegate handle = async http => await (await probe.Handle(http).ConfigureAwait(false)).ExecuteAsync(http).ConfigureAwait(false);
            routes.MapMethods(probe.Route, [probe.Method], handle);
        }
    }
}
