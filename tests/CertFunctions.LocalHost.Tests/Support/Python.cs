using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary><c>tests/independent/verify.py</c>: a second verifier, run by whatever Python 3 and openssl there are.</summary>
static class Python
{
    public static string Program { get; } = Repository.File("tests", "independent", "verify.py");

    static readonly Lazy<bool> Runs = new(() =>
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("python3", ["-c", "import sys; sys.exit(0 if sys.version_info[0] == 3 else 1)"]))!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    });

    /// <summary>Skips the test, visibly, where there is no Python 3 or no openssl for it; where the build must be complete (CI=true) that fails.</summary>
    public static void SkipWithout()
    {
        if (!Runs.Value && Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail("python3 is not on the path, and CI=true asks for the second verifier to run");
        Skip.IfNot(Runs.Value, "python3 is not on the path: the second verifier did not run");
        TimeStampAuthority.SkipWithout();
    }

    /// <summary>Its verdict, and the first index it names.</summary>
    public static async Task<(string Verdict, long? Index, string Detail)> VerifyAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode is 0 or 1 && output.Length > 0, output + await errors);
        var report = JsonSerializer.Deserialize<JsonElement>(output);
        long? index = report.TryGetProperty("first_index", out var first) && first.ValueKind == JsonValueKind.Number ? first.GetInt64() : null;
        return (report.GetProperty("verdict").GetString()!, index, report.TryGetProperty("detail", out var detail) ? detail.ToString() : "");
    }
}
