using System.Net.Sockets;
using CertFunctions.LocalHost.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Serve;

/// <summary>What every local service is on: Kestrel, a log on the console, and an address that the verbs beside it find in the data folder.</summary>
static class LocalWeb
{
    /// <param name="url">Where to listen.</param>
    /// <param name="maxBody">Bytes of the largest body an endpoint takes.</param>
    /// <param name="quiet">Whether nothing is logged.</param>
    public static WebApplicationBuilder CreateBuilder(string url, long maxBody, bool quiet)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(url);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // One byte more than is taken, so that the endpoint is the one to say 413, in the API's own words.
            kestrel.Limits.MaxRequestBodySize = maxBody + 1;
        });
        builder.Logging.ClearProviders();
        if (!quiet)
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        return builder;
    }

    /// <summary>Starts listening; where. <see cref="MendableException"/> says why it cannot, and the app is then disposed of.</summary>
    public static async Task<Uri> ListenAsync(WebApplication app, string url, string example, DataFolder folder, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException or SocketException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new MendableException($"{url} is in use by another program: stop that one, or choose another address with --urls (port 0 takes a free one).", e);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or SocketException or UnauthorizedAccessException)
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw new MendableException($"Cannot listen on {url}: {e.Message} Choose an address such as {example} with --urls.", e);
        }

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await File.WriteAllTextAsync(folder.Address, address + "\n", cancellationToken).ConfigureAwait(false);
        return new Uri(address);
    }
}
