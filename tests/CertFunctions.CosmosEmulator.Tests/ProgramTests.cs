using System.Diagnostics;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Emulation.Tests;

/// <summary>The program as a process of its own.</summary>
public sealed class ProgramTests : IDisposable
{
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("emulator-program-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_killed_program_loses_nothing_it_answered()
    {
        var file = Path.Combine(folder.FullName, "state.jsonl");
        var written = 0;
        using (var program = await StartAsync("--port", "0", "--partitions", "4", "--snapshot", file))
        {
            using var client = Lab.NewClient(program.ConnectionString);
            Database database = await client.CreateDatabaseAsync("db");
            Container container = await database.CreateContainerAsync("c", "/pk");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
            var writer = Task.Run(async () =>
            {
                for (var i = 0; !limit.IsCancellationRequested; i++)
                {
                    await container.CreateItemAsync(new Item { Id = $"d{i}", Pk = $"p{i % 9}", Seq = i }, cancellationToken: limit.Token);
                    Interlocked.Increment(ref written);
                }
            });
            await Lab.UntilAsync(() => Volatile.Read(ref written) > 100, "a hundred documents were written");
            program.Process.Kill();
            await program.Process.WaitForExitAsync();
            await limit.CancelAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => writer);
        }

        using (var program = await StartAsync("--port", "0", "--snapshot", file))
        {
            using var client = Lab.NewClient(program.ConnectionString);
            var container = client.GetContainer("db", "c");
            var seqs = await Lab.AllAsync(container.GetItemQueryIterator<int>("SELECT VALUE c.seq FROM c ORDER BY c.seq"));
            // The one under way when it died may have landed too.
            Assert.InRange(seqs.Count, written, written + 1);
            Assert.Equal(Enumerable.Range(0, seqs.Count), seqs);
        }
    }

    [Fact]
    public async Task A_program_told_to_stop_saves_its_snapshot()
    {
        var file = Path.Combine(folder.FullName, "state.jsonl");
        using var program = await StartAsync("--port", "0", "--snapshot", file);
        using (var client = Lab.NewClient(program.ConnectionString)) await client.CreateDatabaseAsync("kept");
        using (var stop = Process.Start("kill", ["-TERM", $"{program.Process.Id}"])) await stop.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        await program.Process.WaitForExitAsync(limit.Token);
        Assert.Equal(0, program.Process.ExitCode);
        Assert.Contains("\"kept\"", await File.ReadAllTextAsync(file, limit.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", 0, "--snapshot FILE")]
    [InlineData("--bogus", 2, "'--bogus' is not known")]
    public async Task It_explains_itself(string argument, int exit, string says)
    {
        using var process = Process.Start(StartInfo(argument))!;
        var text = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(exit, process.ExitCode);
        Assert.Contains(says, text, StringComparison.Ordinal);
    }

    static async Task<Running> StartAsync(params string[] arguments)
    {
        var process = Process.Start(StartInfo(arguments))!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            if (line.StartsWith("AccountEndpoint=", StringComparison.Ordinal))
                return new Running(process, line);

        throw new InvalidOperationException($"the program ended: {await process.StandardError.ReadToEndAsync(limit.Token)}");
    }

    static ProcessStartInfo StartInfo(params string[] arguments) => new(
        "dotnet",
        ["exec", typeof(CosmosEmulator).Assembly.Location, .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    sealed record Running(Process Process, string ConnectionString) : IDisposable
    {
        public void Dispose()
        {
            if (!Process.HasExited) Process.Kill();
            Process.Dispose();
        }
    }
}
