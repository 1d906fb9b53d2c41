using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CertFunctions.Endurance.Tests;

/// <summary>The built program's <c>serve</c>, as a process of its own on one data folder and one port, to be killed and started again.</summary>
sealed class ServerProcess(string data) : IDisposable
{
    Process? process;

    public Uri Url { get; } = new($"http://127.0.0.1:{FreePort()}");

    public void Start()
    {
        var start = Certfn("serve", "--urls", Url.ToString(), "--data", data);
        process = Process.Start(start)!;
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed but what was.</summary>
    public void Kill()
    {
        process!.Kill();
        process.WaitForExit();
        process.Dispose();
        process = null;
    }

    /// <summary>Runs a verb to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] args)
    {
        using var run = Process.Start(Certfn(args))!;
        var output = run.StandardOutput.ReadToEndAsync();
        var error = run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();
        return (run.ExitCode, await output + await error);
    }

    public void Dispose()
    {
        if (process is not null)
            Kill();
    }

    static ProcessStartInfo Certfn(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "certfn.dll"));
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        return start;
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
