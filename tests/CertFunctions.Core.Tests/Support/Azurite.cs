using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CertFunctions.Core.Publishing.Blobs;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Support;

/// <summary>
/// Azurite, Microsoft's emulator of Azure Storage, as a process of its own. It comes from npm: <c>npm install --prefix artifacts/npm azurite@3.35.0</c>; without it
/// the tests that need it say so and skip.
/// </summary>
public sealed class Azurite : IAsyncLifetime
{
    static readonly string Program = Environment.GetEnvironmentVariable("CERTFN_AZURITE") is { Length: > 0 } named ? named : Repository.File("artifacts", "npm", "node_modules", ".bin", "azurite-blob");

    readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    readonly int port = FreePort();
    Process? process;

    public static bool IsThere => File.Exists(Program);

    public BlobAccount Account => BlobAccount.Of(
        $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;");

    public async Task InitializeAsync()
    {
        if (!IsThere)
            return;
        process = Process.Start(new ProcessStartInfo(Program, ["--blobHost", "127.0.0.1", "--blobPort", $"{port}", "--inMemoryPersistence", "--silent", "--disableTelemetry"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.TrueAsync(AnswersAsync, "Azurite answers");
    }

    public async Task DisposeAsync()
    {
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        http.Dispose();
    }

    public BlobArchive Open(string container) => new(http, Account, container, TimeProvider.System);

    async Task<bool> AnswersAsync()
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/"));
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
