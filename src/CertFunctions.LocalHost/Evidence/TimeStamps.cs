using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using CertFunctions.Core.Evidence;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Evidence;

/// <summary>Time stamps by RFC 3161: asking an authority for one, and reading one. What is stamped is the checkpoint's text, byte by byte.</summary>
static class TimeStamps
{
    /// <summary>An authority's answer is a few kilobytes; a certificate chain may be in it.</summary>
    const int MaxAnswerBytes = 1024 * 1024;

    /// <summary>Asks the authority at <paramref name="url"/> (RFC 3161, 3.4) and gives its token, checked against the request.</summary>
    public static async Task<byte[]> AskAsync(HttpClient http, Uri url, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        var nonce = RandomNumberGenerator.GetBytes(16);
        // DER has no negative nonce, and no leading zero.
        nonce[0] = (byte)((nonce[0] & 0x7f) | 0x40);
        var request = Rfc3161TimestampRequest.CreateFromData(text.Span, HashAlgorithmName.SHA256, nonce: nonce, requestSignerCertificates: true);
        try
        {
            using var content = new ByteArrayContent(request.Encode());
            content.Headers.ContentType = new MediaTypeHeaderValue("application/timestamp-query");
            using var message = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
                throw new MendableException($"The time-stamp authority at {url} answered HTTP {(int)response.StatusCode}: see whether that is its address for RFC 3161 requests.");
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancellationToken).ConfigureAwait(false);
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
            return request.ProcessResponse(answer, out _).AsSignedCms().Encode();
        }
        catch (CryptographicException e)
        {
            throw new MendableException($"The time-stamp authority at {url} gave no time stamp: {e.Message}", e);
        }
        catch (HttpRequestException e)
        {
            throw new MendableException($"No time-stamp authority answers at {url}: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MendableException($"The time-stamp authority at {url} did not answer in time: try again, or name another.", e);
        }
    }

    /// <summary>Reads tokens; those of authorities whose certificates, or whose issuers', stand in <paramref name="pem"/> are trusted.</summary>
    public static ReadTimeStamp Reader(string? pem) => (token, stamped) => Read(token, stamped, pem);

    static TimeStampReading Read(ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> stamped, string? pem)
    {
        try
        {
            if (!Rfc3161TimestampToken.TryDecode(token, out var decoded, out var used) || used != token.Length)
                return new TimeStampReading(null, false, "it is not a token");
            if (!decoded.VerifySignatureForData(stamped.Span, out var signer))
                return new TimeStampReading(null, false, "it is over other bytes, or its signature is wrong");
            var time = decoded.TokenInfo.Timestamp;
            return pem is null ? new TimeStampReading(time, false, $"the policy names no time-stamp authority; it says {time:O}") : Trust(signer, decoded, time, pem);
        }
        catch (CryptographicException e)
        {
            return new TimeStampReading(null, false, e.Message);
        }
    }

    /// <summary>Builds a chain from the signer to one of the policy's certificates, as of the time stamped, without the network.</summary>
    static TimeStampReading Trust(X509Certificate2 signer, Rfc3161TimestampToken token, DateTimeOffset time, string pem)
    {
        var anchors = new X509Certificate2Collection();
        anchors.ImportFromPem(pem);
        if (anchors.Any(a => a.RawDataMemory.Span.SequenceEqual(signer.RawDataMemory.Span)))
            return new TimeStampReading(time, true, null);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(anchors);
        chain.ChainPolicy.ExtraStore.AddRange(token.AsSignedCms().Certificates);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = time.UtcDateTime;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.8"));
        return chain.Build(signer) ? new TimeStampReading(time, true, null)
            : new TimeStampReading(time, false, $"its authority leads to none of the policy's certificates: {string.Join(", ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()))}");
    }
}
