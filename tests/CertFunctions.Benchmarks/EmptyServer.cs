using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CertFunctions.Benchmarks;

/// <summary>
/// The limit of ingest over HTTP: Kestrel built the way <c>certfn serve</c> builds it, with one route that answers 201 and does nothing, not even read the
/// body. A process of its own; it prints its port and runs until its input ends.
/// </summary>
static class EmptyServer
{
    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapMethods("/api/v1/projects/{project}/events", ["POST"], static http =>
        {
            http.Response.StatusCode = 201;
            return Task.CompletedTask;
        });
        await app.StartAsync();
        Console.WriteLine(new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
