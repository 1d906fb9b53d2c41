using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace CertFunctions.Core.Publishing.Blobs;

/// <summary>
/// Where blobs are, and how a request gets in: with a token of the process's identity, or with the account's key (an emulator). The signature is that of
/// "Authorize with Shared Key", Azure Storage REST.
/// </summary>
public sealed class BlobAccount
{
    /// <summary>The service version asked for. Emulators and clouds of the last years have it.</summary>
    internal const string Version = "2021-12-02";

    const string EmulatorName = "devstoreaccount1";

    const string EmulatorEndpoint = $"http://127.0.0.1:10000/{EmulatorName}";

    /// <summary>The key that every storage emulator is known by.</summary>
    const string EmulatorKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    readonly string? name;
    readonly byte[]? key;
    readonly Func<CancellationToken, ValueTask<string>>? token;

    BlobAccount(Uri endpoint, string? name, byte[]? key, Func<CancellationToken, ValueTask<string>>? token) => (Endpoint, this.name, this.key, this.token) = (endpoint, name, key, token);

    /// <summary>Whether it is a storage emulator, which begins empty: there the archive makes its own container.</summary>
    public bool IsEmulator => name == EmulatorName;

    /// <summary>The blob endpoint, without a slash at its end.</summary>
    public Uri Endpoint { get; }

    /// <summary>An account to be entered with a token for the scope <c>https://storage.azure.com/.default</c>, asked for with each request: whoever gives it keeps it.</summary>
    public static BlobAccount At(Uri endpoint, Func<CancellationToken, ValueTask<string>> token) => new(Trim(endpoint.ToString()), null, null, token);

    /// <summary>As a connection string has it: <c>UseDevelopmentStorage=true</c>, or account name, key, and endpoint or suffix.</summary>
    /// <exception cref="FormatException">It is not one. The message repeats nothing of it.</exception>
    public static BlobAccount Of(string connection)
    {
        var parts = connection.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToLookup(p => p[0], p => p[1], StringComparer.OrdinalIgnoreCase);
        if (parts["UseDevelopmentStorage"].FirstOrDefault() == "true")
            return new BlobAccount(Trim(EmulatorEndpoint), EmulatorName, Convert.FromBase64String(EmulatorKey), null);
        var (account, secret) = (parts["AccountName"].FirstOrDefault(), parts["AccountKey"].FirstOrDefault());
        var endpoint = parts["BlobEndpoint"].FirstOrDefault()
            ?? $"{parts["DefaultEndpointsProtocol"].FirstOrDefault() ?? "https"}://{account}.blob.{parts["EndpointSuffix"].FirstOrDefault() ?? "core.windows.net"}";
        if (account is null || secret is null || !Uri.TryCreate(endpoint, UriKind.Absolute, out _))
            throw new FormatException("the storage connection string cannot be read: write AccountName=…;AccountKey=…; and BlobEndpoint=… or EndpointSuffix=…, or UseDevelopmentStorage=true");
        return new BlobAccount(Trim(endpoint), account, Convert.FromBase64String(secret), null);
    }

    /// <summary>Puts on a request what lets it in. Its other headers are there by now.</summary>
    internal async ValueTask AuthorizeAsync(HttpRequestMessage request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        request.Headers.Add("x-ms-version", Version);
        request.Headers.Add("x-ms-date", now.ToString("R", CultureInfo.InvariantCulture));
        request.Headers.Authorization = token is not null
            ? new AuthenticationHeaderValue("Bearer", await token(cancellationToken).ConfigureAwait(false))
            : new AuthenticationHeaderValue("SharedKey", $"{name}:{Convert.ToBase64String(HMACSHA256.HashData(key!, Encoding.UTF8.GetBytes(ToSign(request))))}");
    }

    string ToSign(HttpRequestMessage request)
    {
        var length = request.Content?.Headers.ContentLength is > 0 and var bytes ? bytes.ToString(CultureInfo.InvariantCulture) : "";
        var text = new StringBuilder();
        // Method, encoding, language, length, MD5, type, date (x-ms-date stands for it), three conditions, the one we use, the last condition, range.
        text.Append(CultureInfo.InvariantCulture, $"{request.Method}\n\n\n{length}\n\n{request.Content?.Headers.ContentType}\n\n\n\n{string.Join(',', request.Headers.IfNoneMatch)}\n\n\n");
        foreach (var (header, values) in request.Headers.Where(h => h.Key.StartsWith("x-ms-", StringComparison.OrdinalIgnoreCase)).OrderBy(h => h.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"{header}:{string.Join(',', values)}\n");
        text.Append(CultureInfo.InvariantCulture, $"/{name}{request.RequestUri!.AbsolutePath}");
        var query = request.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2));
        foreach (var pair in query.OrderBy(p => p[0], StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"\n{pair[0]}:{Uri.UnescapeDataString(pair[1])}");
        return text.ToString();
    }

    static Uri Trim(string endpoint) => new(endpoint.TrimEnd('/'));
}
