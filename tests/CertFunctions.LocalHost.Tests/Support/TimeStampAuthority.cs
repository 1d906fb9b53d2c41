using System.ComponentModel;
using System.Diagnostics;
using CertFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>A time-stamp authority on a free port: <c>openssl ts</c> makes the answers, a real server gives them.</summary>
sealed class TimeStampAuthority : IAsyncDisposable
{
    static readonly Lazy<bool> Runs = new(() =>
    {
        try
        {
            return OpenSslAsync("version").GetAwaiter().GetResult().Code == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    });

    readonly TempFolder folder = new();
    readonly WebApplication app;
    bool stopped;

    TimeStampAuthority(WebApplication app) => this.app = app;

    public Uri Url { get; private set; } = null!;

    public string CertificateFile => folder.File("tsa.pem");

    public string Certificate => File.ReadAllText(CertificateFile);

    /// <summary>What it does to an answer before it sends it.</summary>
    public Func<byte[], byte[]> Spoil { get; set; } = answer => answer;

    /// <summary>Skips the test, visibly, where there is no openssl; where the build must be complete (CI=true) it is missing, and that fails.</summary>
    public static void SkipWithout()
    {
        if (!Runs.Value && Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail("openssl is not on the path, and CI=true asks for it");
        Skip.IfNot(Runs.Value, "openssl is not on the path: neither time stamps nor a second reader of signatures");
    }

    public static async Task<TimeStampAuthority> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var authority = new TimeStampAuthority(app);
        app.MapPost("/", authority.AnswerAsync);
        await authority.MakeKeyAsync();
        await app.StartAsync();
        authority.Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return authority;
    }

    public static async Task<(int Code, string Output)> OpenSslAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    /// <summary>Stops answering; its certificate stays until it is disposed of.</summary>
    public async Task StopAsync()
    {
        if (stopped)
            return;
        stopped = true;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        folder.Dispose();
    }

    async Task MakeKeyAsync()
    {
        await File.WriteAllTextAsync(folder.File("serial"), "01\n");
        await File.WriteAllTextAsync(folder.File("tsa.cnf"), $"""
            [tsa]
            default_tsa = authority
            [authority]
            serial = {folder.File("serial")}
            signer_cert = {CertificateFile}
            signer_key = {folder.File("tsa.key")}
            signer_digest = sha256
            default_policy = 1.2.3.4.1
            digests = sha256
            accuracy = secs:1
            ess_cert_id_alg = sha256
            """);
        var (code, output) = await OpenSslAsync("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder.File("tsa.key"), "-out", CertificateFile,
            "-subj", "/CN=A time-stamp authority", "-days", "30", "-addext", "extendedKeyUsage=critical,timeStamping", "-addext", "keyUsage=critical,digitalSignature");
        Assert.True(code == 0, output);
    }

    async Task AnswerAsync(HttpContext http)
    {
        Assert.Equal("application/timestamp-query", http.Request.ContentType);
        var query = folder.File("query");
        await using (var file = File.Create(query))
            await http.Request.Body.CopyToAsync(file);
        var (code, output) = await OpenSslAsync("ts", "-reply", "-config", folder.File("tsa.cnf"), "-section", "authority", "-queryfile", query, "-out", folder.File("answer"));
        Assert.True(code == 0, output);
        http.Response.ContentType = "application/timestamp-reply";
        await http.Response.Body.WriteAsync(Spoil(await File.ReadAllBytesAsync(folder.File("answer"))));
    }
}
