using System.ComponentModel;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace CertFunctions.LocalHost.Import;

/// <summary>
/// A server that speaks TLS, <c>host:port</c>, asked for the certificate it presents. Whatever that is it is taken: expired, for another name or signed by nobody
/// known, for those are the ones an inventory must know of. Nothing is sent but the handshake, and nothing else is fetched.
/// </summary>
sealed record TlsEndpoint(string Host, int Port)
{
    public string Name => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    /// <summary>Reads <c>host:port</c>, with an IPv6 address in brackets; null for what is none, such as a path.</summary>
    public static TlsEndpoint? TryParse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
            return null;
        var host = text[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            return Uri.CheckHostName(host) == UriHostNameType.IPv6 ? new TlsEndpoint(host[1..^1], port) : null;
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? new TlsEndpoint(host, port) : null;
    }

    /// <summary>The leaf the server presents, and, where <paramref name="chain"/> says so, what it sends with it.</summary>
    public async Task<IReadOnlyList<ImportFinding>> ReadAsync(TimeSpan timeout, bool chain, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(timeout);
        var presented = new List<X509Certificate2>();
        var connected = false;
        try
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(Host, Port, patience.Token).ConfigureAwait(false);
            connected = true;
            var tls = new SslStream(tcp.GetStream());
            await using (tls.ConfigureAwait(false))
                await tls.AuthenticateAsClientAsync(Asking(presented, chain), patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (presented.Count > 0 && e is IOException or AuthenticationException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // A server that then wants a certificate of ours has shown its own by now, and that is what was asked for.
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or Win32Exception or ArgumentException or InvalidOperationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return [new ImportFinding.Unusable(Name, Explain(e, connected, timeout))];
        }

        return presented.Count > 0 ? [.. presented.Select(c => new ImportFinding.Found(Name, c))] : [new ImportFinding.Unusable(Name, "it presents no certificate")];
    }

    SslClientAuthenticationOptions Asking(List<X509Certificate2> presented, bool chain) => new()
    {
        TargetHost = Host,
        // Nothing is judged here, so nothing needs to be downloaded to judge it with.
        CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck, VerificationFlags = X509VerificationFlags.AllFlags },
#pragma warning disable CA5359 // Taken whatever it is: the certificate is what we came for, and no secret is sent to whoever presents it.
        RemoteCertificateValidationCallback = (_, leaf, built, _) =>
#pragma warning restore CA5359
        {
            if (leaf is not null)
                presented.Add(X509CertificateLoader.LoadCertificate(leaf.GetRawCertData()));
            if (chain && built is not null)
                presented.AddRange(built.ChainPolicy.ExtraStore.Where(c => leaf is null || !c.RawDataMemory.Span.SequenceEqual(leaf.GetRawCertData())).Select(c => X509CertificateLoader.LoadCertificate(c.RawDataMemory.Span)));
            return true;
        },
    };

    static string Explain(Exception e, bool connected, TimeSpan timeout)
    {
        var seconds = timeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        return e switch
        {
            OperationCanceledException when !connected => $"it did not answer within {seconds} seconds: check host, port and firewall, or wait longer with --timeout",
            OperationCanceledException => $"it took the connection and did not answer as TLS within {seconds} seconds: is this the port that speaks TLS?",
            SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "it refused the connection: nothing listens on that port",
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => "there is no such host",
            SocketException when !connected => $"it cannot be reached: {e.Message}",
            _ => $"it does not speak TLS there, or none that this machine's settings allow: {(e.InnerException ?? e).Message}",
        };
    }
}
