using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>
/// The <c>sh</c> blocks of a Markdown page, run as a person would paste them: by bash, in a home and with data of their own, <c>certfn</c> being the
/// built program. Lines that begin with <c>dotnet</c> or <c>git</c> are left out: what they do is shown elsewhere.
/// </summary>
static class ReadmeSnippets
{
    /// <summary>What a page writes for the service's address; each run gets a free port in its place.</summary>
    const string DefaultAddress = "127.0.0.1:7071";

    static readonly string[] LeftOut = ["dotnet ", "git "];

    public static IReadOnlyList<string> Extract(string markdown)
    {
        var blocks = new List<string>();
        List<string>? block = null;
        foreach (var line in markdown.ReplaceLineEndings("\n").Split('\n'))
        {
            if (block is null)
                block = line.TrimEnd() == "```sh" ? [] : null;
            else if (line.TrimEnd() == "```")
            {
                blocks.Add(string.Join('\n', block));
                block = null;
            }
            else
                block.Add(line);
        }

        return block is null ? blocks : throw new FormatException("the last sh block is not closed");
    }

    /// <summary>What is left of a block to run; empty where nothing is.</summary>
    public static string Runnable(string block) => string.Join('\n', block.Split('\n').Where(line => !LeftOut.Any(start => line.StartsWith(start, StringComparison.Ordinal)))).Trim();

    public static async Task<Ended> RunAsync(string block)
    {
        using var home = new TempFolder();
        var address = FreeAddress();
        Directory.CreateDirectory(home.File("bin"));
        // "serve" listens on the port of this run unless the page names another.
        await WriteAsync(home.File("bin/certfn"), $"""
            #!/usr/bin/env bash
            if [ "$1" = serve ] && [[ " $* " != *" --urls "* ]]; then set -- "$@" --urls http://{address}; fi
            exec '{Certfn.Dotnet}' '{Certfn.Program}' "$@"
            """);
        await WriteAsync(home.File("run"), $"""
            export PATH="$HOME/bin:$PATH"
            trap 'kill $(jobs -p) 2> /dev/null || true; wait || true' EXIT
            {WaitingForServe(Runnable(block)).Replace(DefaultAddress, address, StringComparison.Ordinal)}
            """);
        return await Certfn.EndAsync(Certfn.Start(home.Path, "bash", ["-e", home.File("run")]));
    }

    /// <summary>A person takes a moment before typing the next line; a script does not.</summary>
    static string WaitingForServe(string script) => string.Join('\n', script.Split('\n').Select(line => IsServeInBackground(line)
        ? line + "\nfor i in $(seq 600); do [ -s \"$CERTFN_DATA/address\" ] && break; kill -0 $! || exit 1; sleep 0.05; done"
        : line));

    static bool IsServeInBackground(string line) => line.StartsWith("certfn serve", StringComparison.Ordinal) && line.Split('#')[0].TrimEnd().EndsWith('&');

    /// <summary>One that was free a moment ago: a page's own commands need to know it before the service has started.</summary>
    static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    static async Task WriteAsync(string path, string text)
    {
        await File.WriteAllTextAsync(path, text + "\n");
        if (!OperatingSystem.IsWindows())
            Mode.Set(path, "755");
    }

    public static bool Has(string program, string tellVersion = "--version")
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, tellVersion) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
