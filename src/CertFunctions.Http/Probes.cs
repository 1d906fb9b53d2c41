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
    public IReadOnlyList<Endpoint> All { get; } =
    [
        new("GET", "/healthz", _ => Task.FromResult(Results.Text("ok\n"))),
        new("GET", "/readyz", http => ReadyAsync(store, http.RequestAborted)),
    ];

    /// <summary>Answers a probe by its route, without its opening slash, for a host that declares each route itself.</summary>
    public Task<IResult> HandleAsync(HttpRequest request, string route) => All.Single(p => p.Route[1..] == route).Handle(request.HttpContext);

    static async Task<IResult> ReadyAsync(ILedgerStore store, CancellationToken cancellationToken)
    {
        try
        {
            await store.ListAsync(cancellationToken).ConfigureAwait(false);
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
