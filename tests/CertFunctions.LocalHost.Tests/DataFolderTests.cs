using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>Data folders that cannot be used, each told with what to do about it.</summary>
public sealed class DataFolderTests : IDisposable
{
    readonly TempFolder home = new();

    string Data => home.File("data");

    [Fact]
    public async Task A_folder_from_a_newer_version_is_refused_and_left_as_it_is()
    {
        await SeedAsync();
        Database.Run(Data, "PRAGMA user_version = 999");
        var before = await File.ReadAllBytesAsync(Path.Combine(Data, "certfn.db"));
        (await ServeAsync()).Exits(3).Says("was written by a newer CertFunctions (schema 999");
        (await Certfn.RunAsync(home.Path, "verify")).Exits(3).Says("newer CertFunctions");
        (await Certfn.RunAsync(home.Path, "export")).Exits(3).Says("newer CertFunctions");
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(Data, "certfn.db")));
        Database.Run(Data, "PRAGMA user_version = 2");
        (await Certfn.RunAsync(home.Path, "verify")).Exits(0);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        Directory.CreateDirectory(Data);
        var file = Path.Combine(Data, "certfn.db");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("These are my notes. ", 500)));
        (await ServeAsync()).Exits(3).Says("is not a CertFunctions database").Says("move the file away");
        (await Certfn.RunAsync(home.Path, "verify")).Exits(3).Says("is not a CertFunctions database");
        Assert.StartsWith("These are my notes.", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_cut_off_is_refused_or_found_not_valid()
    {
        await SeedAsync();
        var file = Path.Combine(Data, "certfn.db");
        await using (var stream = new FileStream(file, FileMode.Open))
            stream.SetLength(stream.Length / 2);
        Assert.NotEqual(0, (await Certfn.RunAsync(home.Path, "verify")).Code);
    }

    [Fact]
    public async Task A_path_below_a_file_cannot_be_made()
    {
        await File.WriteAllTextAsync(home.File("file"), "");
        var below = Path.Combine(home.File("file"), "data");
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0", "--data", below)).Exits(3).Says("cannot be made").Says("--data");
        (await Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0", "--data", home.File("file"))).Exits(3).Says("cannot be made").Says("--data");
    }

    [Fact]
    public async Task A_database_that_is_a_folder_cannot_be_opened()
    {
        Directory.CreateDirectory(Path.Combine(Data, "certfn.db"));
        var ended = (await ServeAsync()).Exits(3).Says("certfn:");
        Assert.DoesNotContain("   at ", ended.Error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("", "cannot be written")]
    [InlineData("sub/data", "cannot be made")]
    public async Task A_folder_this_user_may_not_write_is_told(string below, string says)
    {
        Mode.Needed();
        Directory.CreateDirectory(Data);
        Mode.Set(Data, "555");
        string[] serve = [Certfn.Dotnet, Certfn.Program, "serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(Data, below)];
        // Root may write where the mode says no, unless it runs without the privilege to.
        if (Environment.IsPrivilegedProcess)
        {
            string[] unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"];
            Skip.IfNot(await RunsAsync([.. unprivileged, "true"]), "root may write everywhere, and there is no setpriv here to do without that");
            serve = [.. unprivileged, .. serve];
        }

        (await Certfn.EndAsync(Certfn.Start(home.Path, serve[0], serve[1..]))).Exits(3).Says(says).Says("--data");
        Assert.Empty(Directory.GetFileSystemEntries(Data));
    }

    [Fact]
    public async Task A_full_one_is_507_to_the_client_and_the_process_lives()
    {
        var acknowledged = 0;
        await using (var service = await Service.StartAsync(home.Path, "--max-bytes", "250000"))
        {
            int status;
            while ((status = (await service.PostAsync(Event(acknowledged))).Status) == 201)
                acknowledged++;
            Assert.Equal(507, status);
            Assert.InRange(acknowledged, 5, 200);
            using (var health = await service.GetRawAsync("/healthz"))
                Assert.True(health.IsSuccessStatusCode);
            Assert.Equal(507, (await service.PostAsync(Event(acknowledged))).Status);
            Assert.Equal(acknowledged, (await service.GetAsync("/projects/web/certificates/c1/events?limit=500")).GetProperty("events").GetArrayLength());
            (await Certfn.RunAsync(home.Path, "verify")).Exits(0);
            Assert.Equal(0, await service.StopAsync());
        }

        // Full still, it starts and serves what it has.
        await using (var service = await Service.StartAsync(home.Path, "--max-bytes", "250000"))
        {
            Assert.Equal(acknowledged, (await service.GetAsync("/projects/web/certificates/c1/events?limit=500")).GetProperty("events").GetArrayLength());
            Assert.Equal(0, await service.StopAsync());
        }

        // With room again, all that was acknowledged is chained, forwarded and valid, and the event that was refused is taken.
        await using (var service = await Service.StartAsync(home.Path))
        {
            await service.SettlesAtAsync(acknowledged);
            Assert.Equal(acknowledged + 1, (await service.PostAsync(Event(acknowledged))).Json.GetProperty("seq").GetInt32());
            await service.SettlesAtAsync(acknowledged + 1);
            var ended = (await Certfn.RunAsync(home.Path, "verify", "--json")).Exits(0);
            Assert.Contains($"\"verdict\":\"valid\",\"ledger\":\"local\",\"entries\":{acknowledged + 1},", ended.Out, StringComparison.Ordinal);
        }
    }

    Task<Ended> ServeAsync() => Certfn.RunAsync(home.Path, "serve", "--urls", "http://127.0.0.1:0");

    async Task SeedAsync()
    {
        await using var service = await Service.StartAsync(home.Path);
        for (var i = 0; i < 50; i++)
            await service.PostAsync(Event(i));
        await service.SettlesAtAsync(50);
        Assert.Equal(0, await service.StopAsync());
    }

    static string Event(int i) => Make.Json("c1", id: $"e{i}", data: $$$"""{"format":"pem","ext":{"filler":"{{{new string('x', 3000)}}}"}}""");

    async Task<bool> RunsAsync(string[] command)
    {
        try
        {
            return (await Certfn.EndAsync(Certfn.Start(home.Path, command[0], command[1..]))).Code == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    public void Dispose()
    {
        if (!OperatingSystem.IsWindows() && Directory.Exists(Data))
            Mode.Set(Data, "755");
        home.Dispose();
    }
}
