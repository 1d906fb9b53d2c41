using System.Net.Sockets;
using System.Text;

namespace CertFunctions.Http.Tests.Support;

/// <summary>A TCP connection on which a test says byte by byte what a client library would not send.</summary>
sealed class RawConnection : IDisposable
{
    readonly TcpClient tcp;
    readonly NetworkStream stream;
    readonly Uri url;

    RawConnection(TcpClient tcp, Uri url) => (this.tcp, stream, this.url) = (tcp, tcp.GetStream(), url);

    public static async Task<RawConnection> OpenAsync(Uri url)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(url.Host, url.Port);
        return new RawConnection(tcp, url);
    }

    /// <summary>The head of a POST of events, with a good credential.</summary>
    public Task PostHeadAsync(params string[] headers) => WriteAsync(Encoding.ASCII.GetBytes(
        $"POST /api/v1/projects/web/events HTTP/1.1\r\nHost: {url.Authority}\r\nAuthorization: Bearer {HttpService.AcmeKey}\r\nContent-Type: application/json\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n"));

    public async Task WriteAsync(byte[] bytes) => await stream.WriteAsync(bytes);

    public Task ChunkAsync(byte[] bytes) => WriteAsync([.. Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), .. bytes, .. "\r\n"u8]);

    /// <summary>Says that nothing more comes, and still listens.</summary>
    public void EndSending() => tcp.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Goes away without a farewell.</summary>
    public void Reset() => tcp.Client.Close(0);

    /// <summary>What the service says until it has said a whole answer or closes the connection.</summary>
    public async Task<string> ReadAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var said = new StringBuilder();
        var buffer = new byte[16 * 1024];
        try
        {
            while (!IsWhole(said.ToString()))
            {
                var read = await stream.ReadAsync(buffer, patience.Token);
                if (read == 0)
                    break;
                said.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // It closed while we still had something to say: what it said before stands.
        }

        return said.ToString();
    }

    static bool IsWhole(string said)
    {
        var head = said.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
            return false;
        var length = said.IndexOf("Content-Length: ", StringComparison.Ordinal);
        return length >= 0 && length < head
            && Encoding.UTF8.GetByteCount(said.AsSpan(head + 4)) >= int.Parse(said.AsSpan(length + 16)[..said.AsSpan(length + 16).IndexOf('\r')], System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => tcp.Dispose();
}
