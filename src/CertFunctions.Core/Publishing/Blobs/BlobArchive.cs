using System.Net;
using System.Net.Http.Headers;
using System.Xml;
using System.Xml.Linq;

namespace CertFunctions.Core.Publishing.Blobs;

/// <summary>
/// An archive in a container of block blobs, over the storage service's REST. A blob is written only if there is none (<c>If-None-Match: *</c>), whole, and
/// acknowledged when it is durable; under an immutability policy nobody can change or delete it afterwards. The container is made by whoever deploys; in an
/// emulator, which begins empty, by the archive itself.
/// </summary>
public sealed class BlobArchive(HttpClient http, BlobAccount account, string container, TimeProvider clock) : IArchive
{
    const int ListPage = 5000;

    bool prepared = !account.IsEmulator;

    public async Task<ArchivePut> PutAsync(string name, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        ArchiveName.ThrowIfNotName(name);
        cancellationToken.ThrowIfCancellationRequested();
        using var request = new HttpRequestMessage(HttpMethod.Put, Of(name)) { Content = new ReadOnlyMemoryContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        // Once sent it is carried through: giving up half-way would only leave us not knowing.
        using var response = await SendAsync(request, CancellationToken.None).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Created)
            return ArchivePut.Written;
        // There is one, or the policy guards the place; or it was we, and the answer was lost.
        if (response.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.PreconditionFailed))
            throw Refused(response);
        return await ReadAsync(name, CancellationToken.None).ConfigureAwait(false) is { } there
            ? there.Span.SequenceEqual(bytes.Span) ? ArchivePut.Same : ArchivePut.Differs
            : throw Refused(response);
    }

    public async Task<ReadOnlyMemory<byte>?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        ArchiveName.ThrowIfNotName(name);
        using var request = new HttpRequestMessage(HttpMethod.Get, Of(name));
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (IsMissing(response))
            return null;
        if (!response.IsSuccessStatusCode)
            throw Refused(response);
        if (response.Content.Headers.ContentLength is not { } length || length > FolderArchive.MaxBytes)
            throw new IOException($"the blob {name} is longer than anything that is published: it was not written by this archive");
        var bytes = new byte[length];
        try
        {
            var content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new IOException($"reading the blob {name} broke off", e);
        }

        return bytes;
    }

    public async Task<IReadOnlyList<string>> ListAsync(string folder, string? after, int limit, CancellationToken cancellationToken)
    {
        if (folder.Length > 0)
            ArchiveName.ThrowIfNotName(folder);
        var prefix = folder.Length == 0 ? "" : folder + "/";
        var found = new List<string>();
        string? marker = null;
        do
        {
            var page = await PageAsync(prefix, marker, cancellationToken).ConfigureAwait(false);
            // The service lists in the order of the bytes of names, and ours are ASCII.
            foreach (var name in page.Descendants().Where(e => e.Name.LocalName == "Name").Select(e => e.Value[prefix.Length..]))
            {
                if (ArchiveName.IsName(name.TrimEnd('/')) && (after is null || string.CompareOrdinal(name, after) > 0))
                    found.Add(name);
            }

            marker = page.Root!.Element("NextMarker")?.Value;
        }
        while (found.Count < limit && !string.IsNullOrEmpty(marker));
        found.Sort(StringComparer.Ordinal);
        return found.Count <= limit ? found : found[..limit];
    }

    async Task<XDocument> PageAsync(string prefix, string? marker, CancellationToken cancellationToken)
    {
        var query = $"restype=container&comp=list&delimiter=%2F&maxresults={ListPage}&prefix={Uri.EscapeDataString(prefix)}{(marker is null ? "" : $"&marker={Uri.EscapeDataString(marker)}")}";
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{account.Endpoint}/{container}?{query}"));
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
            throw Refused(response);
        try
        {
            var content = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using var reader = XmlReader.Create(content, new XmlReaderSettings { Async = true, DtdProcessing = DtdProcessing.Prohibit });
            return await XDocument.LoadAsync(reader, LoadOptions.None, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is XmlException or HttpRequestException)
        {
            throw new IOException("the storage account's list cannot be read", e);
        }
    }

    /// <summary>Makes the container of an emulator; two at once, or one that is there, are no harm.</summary>
    async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri($"{account.Endpoint}/{container}?restype=container"));
        using var response = await AskAsync(request, cancellationToken).ConfigureAwait(false);
        prepared = response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.Conflict;
    }

    async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!prepared)
            await PrepareAsync(cancellationToken).ConfigureAwait(false);
        return await AskAsync(request, cancellationToken).ConfigureAwait(false);
    }

    async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await account.AuthorizeAsync(request, clock.GetUtcNow(), cancellationToken).ConfigureAwait(false);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IOException($"the storage account at {account.Endpoint.Authority} does not answer", e);
        }
    }

    /// <summary>No blob, in a container that is there.</summary>
    static bool IsMissing(HttpResponseMessage response) => response.StatusCode == HttpStatusCode.NotFound && Code(response) is "BlobNotFound" or "ResourceNotFound";

    IOException Refused(HttpResponseMessage response) => new(Code(response) switch
    {
        "ContainerNotFound" => $"the storage account at {account.Endpoint.Authority} has no container {container}: deploy it, or create it with 'az storage container create'",
        var code when response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            $"the storage account at {account.Endpoint.Authority} does not let us in ({code}): give the app's identity the role Storage Blob Data Contributor on the container, and check the firewall",
        var code => $"the storage account at {account.Endpoint.Authority} answered {(int)response.StatusCode} ({code})",
    });

    static string Code(HttpResponseMessage response) => response.Headers.TryGetValues("x-ms-error-code", out var codes) ? string.Join(',', codes) : "no code";

    /// <summary>A name has no character that a URL would spell otherwise.</summary>
    Uri Of(string name) => new($"{account.Endpoint}/{container}/{name}");
}
