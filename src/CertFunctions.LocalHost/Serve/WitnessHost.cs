using System.Security.Cryptography;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Witness;
using CertFunctions.Http.Witness;
using CertFunctions.LocalHost.Data;
using CertFunctions.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CertFunctions.LocalHost.Serve;

/// <summary>
/// A witness in this process: two calls on Kestrel, a key, and a memory of what was cosigned. It shares nothing with a service, not even the folder: what it
/// vouches for is worth something only where whoever holds the log does not hold the witness.
/// </summary>
sealed class WitnessHost : IAsyncDisposable
{
    readonly WebApplication app;
    readonly SqliteWitnessState state;
    readonly WitnessKey key;
    readonly IDisposable hold;
    readonly DataFolder folder;

    WitnessHost(WebApplication app, SqliteWitnessState state, WitnessKey key, IDisposable hold, DataFolder folder) =>
        (this.app, this.state, this.key, this.hold, this.folder) = (app, state, key, hold, folder);

    public Uri Url { get; private set; } = null!;

    /// <summary>The key that its cosignatures are checked with.</summary>
    public VerifierKey Verifier => key.Verifier;

    /// <summary>Completes when the process is asked to stop.</summary>
    public Task Stopping => app.WaitForShutdownAsync();

    public static async Task<WitnessHost> StartAsync(WitnessOptions options, CancellationToken cancellationToken)
    {
        ServeOptions.CheckUrl(options.Url);
        var hold = options.Data.TakeForWitness();
        WitnessKey? key = null;
        SqliteWitnessState? state = null;
        try
        {
            key = WitnessKeys.LoadOrCreate(options.Data, options.Name);
            state = SqliteWitnessState.Open(options.Data.WitnessState);
            var host = new WitnessHost(Build(options, key, state), state, key, hold, options.Data);
            host.Url = await LocalWeb.ListenAsync(host.app, options.Url, WitnessOptions.DefaultUrl, options.Data, cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch (Exception e)
        {
            state?.Dispose();
            key?.Dispose();
            hold.Dispose();
            if (e is SqliteStoreException)
                throw new MendableException(e.Message + ".", e);
            throw;
        }
    }

    static WebApplication Build(WitnessOptions options, WitnessKey key, SqliteWitnessState state)
    {
        var builder = LocalWeb.CreateBuilder(options.Url, AddCheckpointRequest.MaxBytes, options.Quiet);
        builder.Services.AddSingleton(new AddCheckpoint(key, options.Logs, state, options.Clock)).AddSingleton<WitnessEndpoints>();

        var app = builder.Build();
        app.Services.GetRequiredService<WitnessEndpoints>().Map(app);
        app.MapGet("/healthz", static (HttpContext http) => http.Response.WriteAsync("ok\n"));
        return app;
    }

    public async ValueTask DisposeAsync()
    {
        // Requests first; then the state, which has what they were answered.
        await app.StopAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
        state.Dispose();
        key.Dispose();
        File.Delete(folder.Address);
        hold.Dispose();
    }
}

/// <summary>A witness's key and name, made on its first start: <c>keys/witness.key</c> (PKCS #8, PEM) and <c>witness-name</c>.</summary>
static class WitnessKeys
{
    public static WitnessKey LoadOrCreate(DataFolder folder, string? name)
    {
        var nameFile = Path.Combine(folder.Path, "witness-name");
        var kept = SecretFile.LoadOrCreate(nameFile, () => name ?? $"witness.local/{folder.Instance()}");
        // A name is part of the key's id: one that changed would make another witness of it.
        if (name is not null && name != kept)
            throw new MendableException($"This witness is called {kept}, and a witness keeps its name: leave --name out, or choose another folder with --data.");
        if (!VerifierKey.IsName(kept))
            throw new MendableException($"'{kept}' is no name for a witness: write one without spaces and +, such as example.org/witness, with --name.");
        var path = Path.Combine(folder.Keys, "witness.key");
        var pem = SecretFile.LoadOrCreate(path, NewKey);
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return new WitnessKey(kept, key);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new MendableException($"{path} does not hold a P-256 key in PEM: restore it from a backup.", e);
        }
    }

    static string NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }
}
