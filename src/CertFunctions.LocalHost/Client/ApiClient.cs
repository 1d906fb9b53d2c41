using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;

namespace CertFunctions.LocalHost.Client;

/// <summary>Calls a running service, with answers as a person wants them: what went wrong, and what to do.</summary>
sealed class ApiClient : IDisposable
{
    readonly HttpClient http;

    public ApiClient(Uri url, string apiKey)
    {
        http = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromSeconds(100) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public Uri Url => http.BaseAddress!;

    /// <summary>Whether what a command is to look at is meant as a service's address, and not as a path.</summary>
    public static bool IsAddress(string source) =>
        source.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The service named by <c>--url</c>, or the one that runs on the data folder, with the key found there or in <c>CERTFN_API_KEY</c>.</summary>
    public static ApiClient For(string? url, DataFolder folder)
    {
        var address = url ?? (File.Exists(folder.Address) ? File.ReadAllText(folder.Address).Trim() : ServeOptions.DefaultUrl);
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new MendableException($"'{address}' is not the address of a service: write it like {ServeOptions.DefaultUrl}.", exitCode: ExitCode.Usage);
        var key = Environment.GetEnvironmentVariable("CERTFN_API_KEY") is { Length: > 0 } named ? named : ServiceKeys.LoadApiKey(folder);
        return new ApiClient(uri, key);
    }

    /// <summary>A path of the API with its query: parameters without a value are left out.</summary>
    public static string Path(string path, params (string Name, string? Value)[] parameters)
    {
        var query = string.Join('&', parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
        return $"/api/v1{path}{(query.Length == 0 ? "" : "?")}{query}";
    }

    public Task<JsonDocument> GetJsonAsync(string path, CancellationToken cancellationToken) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), ReadJsonAsync, cancellationToken);

    public Task<byte[]> GetBytesAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), (r, ct) => r.Content.ReadAsByteArrayAsync(ct), cancellationToken);

    /// <summary>The answer; null where there is nothing by that name, or nothing yet (404).</summary>
    public Task<byte[]?> FindBytesAsync(string path, CancellationToken cancellationToken) => SendAsync<byte[]?>(new HttpRequestMessage(HttpMethod.Get, path),
        async (r, ct) => r.StatusCode == HttpStatusCode.NotFound ? null : await r.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false), cancellationToken, accepted: HttpStatusCode.NotFound);

    /// <summary>Writes an answer of any length to a stream as it comes.</summary>
    public Task<bool> CopyAsync(string path, Stream output, CancellationToken cancellationToken) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), async (response, ct) =>
    {
        await response.Content.CopyToAsync(output, ct).ConfigureAwait(false);
        return true;
    }, cancellationToken, HttpCompletionOption.ResponseHeadersRead);

    /// <summary>Posts NDJSON. 400 is an answer too when it has per-item results.</summary>
    public Task<JsonDocument> PostLinesAsync(string path, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        var content = new ReadOnlyMemoryContent(lines);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        return SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = content }, ReadJsonAsync, cancellationToken);
    }

    /// <summary>Posts a short JSON body.</summary>
    public Task<JsonDocument> PostJsonAsync(string path, string body, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") }, ReadJsonAsync, cancellationToken);

    async Task<T> SendAsync<T>(HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead, HttpStatusCode? accepted = null)
    {
        try
        {
            using var response = await http.SendAsync(request, completion, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode || response.StatusCode == accepted || (response.StatusCode == HttpStatusCode.BadRequest && response.Content.Headers.ContentType?.MediaType == "application/json"))
                return await read(response, cancellationToken).ConfigureAwait(false);
            throw new MendableException(await ExplainAsync(response, cancellationToken).ConfigureAwait(false), exitCode: response.StatusCode == HttpStatusCode.BadRequest ? ExitCode.Usage : ExitCode.Failed);
        }
        catch (HttpRequestException e)
        {
            throw new MendableException($"No service answers at {Url}: start one with 'certfn serve', or name another with --url. ({e.Message})", e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MendableException($"The service at {Url} did not answer in time: see its log, and try again.", e);
        }
        catch (JsonException e)
        {
            throw new MendableException($"What answers at {Url} is not a CertFunctions service: name another with --url.", e);
        }
    }

    static async Task<JsonDocument> ReadJsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return await JsonDocument.ParseAsync(stream, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    async Task<string> ExplainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
            return $"What answers at {Url} is not a CertFunctions service (HTTP {status}): name another with --url.";
        using var problem = await ReadJsonAsync(response, cancellationToken).ConfigureAwait(false);
        var text = problem.RootElement.GetProperty("detail").GetString();
        if (problem.RootElement.TryGetProperty("errors", out var errors))
            text += string.Concat(errors.EnumerateArray().Select(e => $"\n  {e.GetProperty("field").GetString()} {e.GetProperty("mend").GetString()}"));
        return status == 401
            ? $"The service at {Url} does not know this key: name its data folder with --data, or set CERTFN_API_KEY."
            : $"{problem.RootElement.GetProperty("title").GetString()} (HTTP {status}): {text}";
    }

    public void Dispose() => http.Dispose();
}
