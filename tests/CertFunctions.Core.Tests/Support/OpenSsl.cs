using System.ComponentModel;
using System.Diagnostics;

namespace CertFunctions.Core.Tests.Support;

/// <summary>The openssl program: a reader of our signatures that is not ours.</summary>
static class OpenSsl
{
    static readonly Lazy<bool> Runs = new(() =>
    {
        try
        {
            return RunAsync("version").GetAwaiter().GetResult().ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    });

    /// <summary>Skips the test, visibly, where there is no openssl; where the build must be complete (CI=true) it is missing, and that fails.</summary>
    public static void SkipWithout()
    {
        if (!Runs.Value && Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail("openssl is not on the path, and CI=true asks for it");
        Skip.If(!Runs.Value, "openssl is not on the path: nobody but us checked the signature");
    }

    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
