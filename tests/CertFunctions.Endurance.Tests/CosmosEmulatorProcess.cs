using CertFunctions.Emulation;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

/// <summary>The emulator's built program, on a free port that stays the same over restarts.</summary>
sealed class CosmosEmulatorProcess(params string[] args) : IDisposable
{
    readonly int port = ServerProcess.FreePort();
    Child? process;

    public string Connection => $"AccountEndpoint=http://127.0.0.1:{port}/;AccountKey={CosmosEmulatorOptions.WellKnownKey};";

    public static async Task<CosmosEmulatorProcess> StartNewAsync(params string[] args)
    {
        var emulator = new CosmosEmulatorProcess(args);
        await emulator.StartAsync();
        return emulator;
    }

    /// <summary>It accepts connections when this returns.</summary>
    public async Task StartAsync()
    {
        var started = Child.Start("CertFunctions.CosmosEmulator", ["--port", $"{port}", .. args]);
        process = started;
        await Eventually.TrueAsync(() => started.Said.Contains("AccountEndpoint=", StringComparison.Ordinal) || started.HasExited, "the emulator says where it listens");
        Assert.False(started.HasExited, started.Said);
    }

    /// <summary>SIGKILL. What it answered is in its journal, if it has one.</summary>
    public void Kill()
    {
        process!.Dispose();
        process = null;
    }

    public void Dispose() => process?.Dispose();
}
