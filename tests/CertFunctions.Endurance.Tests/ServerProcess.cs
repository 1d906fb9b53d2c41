using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CertFunctions.Endurance.Tests;

/// <summary>
/// The built program's <c>serve</c>, as a process of its own on one data folder and one port, to be killed and started again. <paramref name="more"/>
/// are arguments that name another store than the folder.
/// </summary>
sealed class ServerProcess(string data, params string[] more) : IDisposable
{
    Child? process;

    public Uri Url { get; } = new($"http://127.0.0.1:{FreePort()}");

    public bool HasExited => process!.HasExited;

    /// <summary>What the process said last.</summary>
    public string Said => process?.Said ?? "";

    public void Start() => process = Child.Start("certfn", ["serve", "--urls", Url.ToString(), "--data", data, "--sweep-every", "off", .. more]);

    /// <summary>SIGKILL: no handler runs, nothing is flushed but what was.</summary>
    public void Kill()
    {
        process!.Dispose();
        process = null;
    }

    /// <summary>Runs a verb to its end, which must come by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] args)
    {
        using var run = Process.Start(Child.Command("certfn", args))!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var kill = deadline.Token.Register(run.Kill);
        var output = run.StandardOutput.ReadToEndAsync();
        var error = run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();
        Assert.False(deadline.IsCancellationRequested, $"certfn {args[0]} did not end: {await output}{await error}");
        return (run.ExitCode, await output + await error);
    }

    public void Dispose() => process?.Dispose();

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
