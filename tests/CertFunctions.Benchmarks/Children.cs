using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace CertFunctions.Benchmarks;

/// <summary>A process of ours that ends with us.</summary>
sealed class Child : IDisposable
{
    readonly Process process;

    Child(Process process) => this.process = process;

    public StreamWriter Input => process.StandardInput;

    public StreamReader Output => process.StandardOutput;

    /// <summary>The built <c>certfn</c>, which lies beside this program.</summary>
    public static Child Certfn(params string[] arguments) => Start("certfn", arguments, []);

    /// <summary>This program again, as one of its helpers.</summary>
    public static Child Helper(string argument, params (string Name, string Value)[] environment) => Start("CertFunctions.Benchmarks", [argument], environment);

    static Child Start(string program, string[] arguments, (string Name, string Value)[] environment)
    {
        var file = Path.Combine(AppContext.BaseDirectory, program);
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? file + ".exe" : file, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new Child(Process.Start(start)!);
    }

    /// <summary>Resident bytes now.</summary>
    public long Resident
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Processor time taken so far.</summary>
    public TimeSpan Processor
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Waits for the end; the exit code and the most resident bytes seen on the way.</summary>
    public async Task<(int ExitCode, long Peak)> EndAsync()
    {
        var output = Output.ReadToEndAsync();
        long peak = 0;
        while (!process.HasExited)
        {
            process.Refresh();
            try
            {
                peak = Math.Max(peak, process.PeakWorkingSet64);
            }
            catch (InvalidOperationException)
            {
                break;
            }

            await Task.Delay(20);
        }

        await process.WaitForExitAsync();
        await output;
        return (process.ExitCode, peak);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}

/// <summary><c>certfn serve</c> on a data folder and a free port.</summary>
sealed class Service : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Child child;
    readonly HttpClient client;

    Service(Child child, Uri url, string key)
    {
        (this.child, Url, Key) = (child, url, key);
        client = new HttpClient { BaseAddress = url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public Uri Url { get; }

    public string Key { get; }

    public Child Process => child;

    public static async Task<Service> StartAsync(string folder)
    {
        var address = Path.Combine(folder, "address");
        File.Delete(address);
        var child = Child.Certfn("serve", "--urls", "http://127.0.0.1:0", "--data", folder);
        var line = await child.Output.ReadLineAsync().WaitAsync(Patience);
        return File.Exists(address)
            ? new Service(child, new Uri((await File.ReadAllTextAsync(address)).Trim()), (await File.ReadAllTextAsync(Path.Combine(folder, "keys", "api-key"))).Trim())
            : throw new InvalidOperationException($"certfn serve did not start: {line}");
    }

    /// <summary>Entries in the ledger, and how many of them the file sink has.</summary>
    public async Task<(long Ledger, long Sink)> StandingAsync()
    {
        using var head = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri("/api/v1/ledger/head", UriKind.Relative)));
        using var sinks = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri("/api/v1/siem/sinks", UriKind.Relative)));
        return (head.RootElement.GetProperty("size").GetInt64(), sinks.RootElement.GetProperty("sinks")[0].GetProperty("position").GetInt64());
    }

    /// <summary>Waits until every event is chained and forwarded, so that what was put off does not burden the next measurement.</summary>
    public async Task SettleAsync(long events)
    {
        var started = Stopwatch.GetTimestamp();
        while (await StandingAsync() is var (ledger, sink) && (ledger < events || sink < events))
        {
            if (Stopwatch.GetElapsedTime(started) > 2 * Patience)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"of {events} events {ledger} were chained and {sink} forwarded"));
            await Task.Delay(20);
        }
    }

    public Task<HttpResponseMessage> GetAsync(string path) => client.GetAsync(new Uri(path, UriKind.Relative));

    public void Dispose()
    {
        client.Dispose();
        child.Dispose();
    }
}
