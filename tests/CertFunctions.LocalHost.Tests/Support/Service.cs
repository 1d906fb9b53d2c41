using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>A <c>certfn serve</c> that is up, on a free port, with its data in HOME/data. It sweeps only where a test says so: a sweep adds events.</summary>
sealed class Service : IAsyncDisposable
{
    readonly Process process;
    readonly HttpClient http;
    readonly StringBuilder said = new();

    Service(Process process, string data)
    {
        (this.process, Data) = (process, data);
        http = new HttpClient { BaseAddress = new Uri(File.ReadAllText(Path.Combine(data, "address")).Trim()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(Path.Combine(data, "keys", "api-key")).Trim());
    }

    public string Data { get; }

    public Uri Url => http.BaseAddress!;

    public bool IsRunning => !process.HasExited;

    /// <summary>What it has written to its console so far.</summary>
    public string Said
    {
        get
        {
            lock (said)
                return said.ToString();
        }
    }

    public static async Task<Service> StartAsync(string home, params string[] options)
    {
        var data = Path.Combine(home, "data");
        // Of a service before this one, if that was killed.
        if (Directory.Exists(data))
            File.Delete(Path.Combine(data, "address"));
        var process = Certfn.Start(home, ["serve", "--urls", "http://127.0.0.1:0", .. options.Contains("--sweep-every") ? options : [.. options, "--sweep-every", "off"]]);
        await Eventually.TrueAsync(() => process.HasExited || (File.Exists(Path.Combine(data, "address")) && File.ReadAllText(Path.Combine(data, "address")).EndsWith('\n')), "the service says where it listens");
        if (process.HasExited)
            (await Certfn.EndAsync(process)).Exits(0);
        var service = new Service(process, data);
        service.Listen(process.StandardOutput);
        service.Listen(process.StandardError);
        return service;
    }

    /// <summary>Read all the time: a service whose console nobody reads would stop at a full pipe.</summary>
    void Listen(StreamReader reader) => _ = Task.Run(async () =>
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (said)
                said.AppendLine(line);
        }
    });

    public async Task<(int Status, JsonElement Json)> PostAsync(string body, string contentType = "application/json", string project = "web", string query = "")
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await http.PostAsync(new Uri($"/api/v1/projects/{project}/events{query}", UriKind.Relative), content);
        return ((int)response.StatusCode, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync()));
    }

    public async Task<JsonElement> GetAsync(string path) => JsonSerializer.Deserialize<JsonElement>(await http.GetByteArrayAsync(new Uri("/api/v1" + path, UriKind.Relative)));

    public async Task<HttpResponseMessage> GetRawAsync(string path) => await http.GetAsync(new Uri(path, UriKind.Relative));

    /// <summary>Waits until ledger and sink have that many entries, and holds them to it.</summary>
    public async Task SettlesAtAsync(long entries)
    {
        await Eventually.TrueAsync(async () => (await GetAsync("/ledger/head")).GetProperty("size").GetInt64() >= entries, $"{entries} entries are in the ledger");
        await Eventually.TrueAsync(async () => (await GetAsync("/siem/sinks")).GetProperty("sinks")[0].GetProperty("position").GetInt64() >= entries, $"the sink has {entries} entries");
        Assert.Equal(entries, (await GetAsync("/ledger/head")).GetProperty("size").GetInt64());
        Assert.Equal(entries, (await File.ReadAllLinesAsync(Path.Combine(Data, "siem", "local.jsonl"))).Length);
    }

    /// <summary>Stops it as an operator or a service manager does, and gives its exit code.</summary>
    public async Task<int> StopAsync(string signal = "TERM")
    {
        Certfn.Signal(process, signal);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
