using System.ComponentModel;
using System.Diagnostics;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Support;

/// <summary>The programs of <c>tests/independent</c>, run by whatever Python 3 there is.</summary>
static class IndependentProgram
{
    static readonly string Vectors = Repository.File("tests", "independent", "vectors.py"), Verifier = Repository.File("tests", "independent", "verify.py");

    static readonly Lazy<string?> Python = new(() => Array.Find(["python3", "python"], IsPython3));

    public sealed record Result(int ExitCode, byte[] Output, string Errors)
    {
        public string Text => System.Text.Encoding.UTF8.GetString(Output);
    }

    /// <summary>Skips the test, visibly, where there is no Python 3; where the build must be complete (CI=true) it is missing, and that fails.</summary>
    public static void SkipWithout()
    {
        if (Python.Value is null && Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail("python3 is not on the path, and CI=true asks for the independent program to run");
        Skip.If(Python.Value is null, "python3 is not on the path: the independent program did not run");
    }

    public static Task<Result> RunAsync(params string[] arguments) => RunAsync(ReadOnlyMemory<byte>.Empty, arguments);

    public static Task<Result> RunAsync(ReadOnlyMemory<byte> input, params string[] arguments) => StartAsync(Python.Value!, input, [Vectors, .. arguments]);

    public static Task<Result> VerifyAsync(params string[] arguments) => StartAsync(Python.Value!, ReadOnlyMemory<byte>.Empty, [Verifier, .. arguments]);

    static async Task<Result> StartAsync(string file, ReadOnlyMemory<byte> input, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        return new Result(process.ExitCode, output.ToArray(), await errors);
    }

    static bool IsPython3(string file)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(file, ["-c", "import sys; sys.exit(0 if sys.version_info[0] == 3 else 1)"]))!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
