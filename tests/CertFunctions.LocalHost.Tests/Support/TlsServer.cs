using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace CertFunctions.LocalHost.Tests.Support;

/// <summary>A server on a free port of the loopback that does with each connection what a test says.</summary>
sealed class TlsServer : IAsyncDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource stop = new();
    readonly Task running;

    TlsServer(Func<NetworkStream, CancellationToken, Task> serve)
    {
        listener.Start();
        running = Task.Run(() => AcceptAsync(serve));
    }

    public string Address => $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>What clients asked for in their handshake (SNI).</summary>
    public List<string?> Asked { get; } = [];

    /// <summary>A server that speaks TLS with this certificate, and wants one of the client where <paramref name="mutual"/> says so.</summary>
    public static TlsServer Presenting(X509Certificate2 certificate, X509Certificate2Collection? others = null, bool mutual = false, SslProtocols protocols = SslProtocols.None)
    {
        // Through PKCS#12: not every platform takes a key that lives in memory only.
        var context = SslStreamCertificateContext.Create(X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null), others, offline: true);
        TlsServer? server = null;
        server = new TlsServer(async (stream, cancellationToken) =>
        {
            await using var tls = new SslStream(stream);
            var options = new SslServerAuthenticationOptions { ServerCertificateContext = context, ClientCertificateRequired = mutual, EnabledSslProtocols = protocols };
            await tls.AuthenticateAsServerAsync(options, cancellationToken);
            lock (server!.Asked)
                server.Asked.Add(tls.TargetHostName);
            await UntilItGoesAsync(tls, cancellationToken);
        });
        return server;
    }

    /// <summary>A server that says something else.</summary>
    public static TlsServer Saying(byte[] greeting) => new(async (stream, cancellationToken) =>
    {
        await stream.WriteAsync(greeting, cancellationToken);
        await UntilItGoesAsync(stream, cancellationToken);
    });

    /// <summary>A server that takes connections and says nothing.</summary>
    public static TlsServer Silent() => new((_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));

    static Task UntilItGoesAsync(Stream stream, CancellationToken cancellationToken) => stream.CopyToAsync(Stream.Null, cancellationToken);

    async Task AcceptAsync(Func<NetworkStream, CancellationToken, Task> serve)
    {
        while (true)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop.Token);
                await serve(client.GetStream(), stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is IOException or AuthenticationException)
            {
                // The client went, or would not have us: the next one may.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        listener.Dispose();
        stop.Dispose();
    }
}
