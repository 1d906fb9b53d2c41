using CertFunctions.Core.Ledger;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CertFunctions.LocalHost.Serve;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: the store answers too. No credential, and nothing in them worth one.</summary>
static class HealthEndpoints
{
    public static void Map(WebApplication app)
    {
        app.MapMethods("/healthz", ["GET"], static http => http.Response.WriteAsync("ok\n"));
        app.MapMethods("/readyz", ["GET"], ReadyAsync);
    }

    static async Task ReadyAsync(HttpContext http)
    {
        try
        {
            await http.RequestServices.GetRequiredService<ILedgerStore>().ListAsync(http.RequestAborted).ConfigureAwait(false);
            await http.Response.WriteAsync("ready\n").ConfigureAwait(false);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or TimeoutException)
        {
            await Problem.StoreUnavailable.ExecuteAsync(http).ConfigureAwait(false);
        }
    }
}
