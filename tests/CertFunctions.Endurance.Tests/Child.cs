using System.Collections.Concurrent;
using System.Diagnostics;

namespace CertFunctions.Endurance.Tests;

/// <summary>
/// One of the built programs beside this test as a process of its own; killed when disposed of. What it prints is read on, so that a full pipe never
/// holds it up, and the last of it is kept for whoever wants to know why.
/// </summary>
sealed class Child : IDisposable
{
    const int Kept = 60;

    readonly Process process;
    readonly ConcurrentQueue<string> said = [];

    Child(Process process) => this.process = process;

    public bool HasExited => process.HasExited;

    public string Said => string.Join('\n', said);

    public static Child Start(string program, params string[] args)
    {
        var child = new Child(new Process { StartInfo = Command(program, args) });
        child.process.OutputDataReceived += (_, line) => child.Hear(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Hear(line.Data);
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    public static ProcessStartInfo Command(string program, params string[] args) =>
        new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    void Hear(string? line)
    {
        if (line is null)
            return;
        said.Enqueue(line);
        while (said.Count > Kept)
            said.TryDequeue(out _);
    }
}
