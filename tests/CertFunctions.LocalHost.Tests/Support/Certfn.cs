using System.Diagnostics;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>A run of the program that has ended.</summary>
sealed record Ended(int Code, string Out, string Error)
{
    public Ended Exits(int code)
    {
        Assert.True(code == Code, $"exit code {Code} instead of {code}\n--- output\n{Out}\n--- error\n{Error}");
        return this;
    }

    /// <summary>Standard error as running text: where a line was broken to the output's width does not matter.</summary>
    public string Message => string.Join(' ', Error.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));

    public Ended Says(string text)
    {
        Assert.Contains(text, Message, StringComparison.Ordinal);
        return this;
    }

    /// <summary>The row of a printed table that has this text in it, blanks collapsed.</summary>
    public string Row(string text) => string.Join(' ', (Out + Error).Split('\n').First(l => l.Contains(text, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>The built program, run as a process of its own, as a person runs it.</summary>
static class Certfn
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>The program as the build put it next to the tests.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "certfn.dll");

    /// <summary>The <c>dotnet</c> that runs these tests.</summary>
    public static string Dotnet { get; } =
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } named ? named
        : Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet";

    /// <summary>Runs a verb to its end. Its data folder, where no <c>--data</c> says otherwise, and its home are in <paramref name="home"/>.</summary>
    public static Task<Ended> RunAsync(string home, params string[] arguments) => EndAsync(Start(home, arguments));

    /// <summary>Runs a verb to its end with one more variable in its surroundings.</summary>
    public static Task<Ended> RunWithAsync(string home, string variable, string value, params string[] arguments) =>
        EndAsync(Start(home, "/usr/bin/env", [$"{variable}={value}", Dotnet, Program, .. arguments]));

    /// <summary>Starts a verb as from a terminal: where the tests run in a shell's background, what they start would ignore an interrupt.</summary>
    public static Process Start(string home, params string[] arguments) => OperatingSystem.IsLinux()
        ? Start(home, "/usr/bin/env", ["--default-signal=INT", Dotnet, Program, .. arguments])
        : Start(home, Dotnet, [Program, .. arguments]);

    public static Process Start(string home, string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = home };
        foreach (var (name, value) in Surroundings(home))
            info.Environment[name] = value;
        info.Environment.Remove("CERTFN_API_KEY");
        info.Environment.Remove("CERTFN_PKCS12_PASSWORD");
        info.Environment.Remove("NO_COLOR");
        var process = Process.Start(info)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>The settings the program sees: nothing of whoever runs the tests, and a terminal it could be tempted to colour.</summary>
    public static IEnumerable<(string Name, string Value)> Surroundings(string home) =>
    [
        ("HOME", home), ("XDG_DATA_HOME", Path.Combine(home, "share")), ("CERTFN_DATA", Path.Combine(home, "data")), ("TERM", "xterm-256color"), ("COLORTERM", "truecolor"),
    ];

    public static async Task<Ended> EndAsync(Process process)
    {
        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException($"it did not end within {Patience}: {await output} {await error}");
            }

            return new Ended(process.ExitCode, await output, await error);
        }
    }

    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {process.Id}"]);
        kill.WaitForExit();
    }
}
