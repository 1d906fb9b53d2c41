using System.Net;
using System.Net.Sockets;

namespace CertFunctions.Core.Outbound;

/// <summary>
/// Which addresses the service may call where a setting names the host (R49): never one that is link-local, where clouds keep their machines' metadata and
/// credentials, nor one that is no single host's. The address is asked, not the name, so a name that resolves to such an address is refused too.
/// </summary>
public static class OutboundAddress
{
    /// <summary>Metadata services that are not at a link-local address: AWS (IPv6), Alibaba, Oracle, Azure's host and DNS.</summary>
    static readonly IPAddress[] Metadata =
    [
        IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("100.100.100.200"), IPAddress.Parse("192.0.0.192"), IPAddress.Parse("168.63.129.16"),
    ];

    static readonly IPNetwork[] Refused =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"), IPNetwork.Parse("::/128"),
    ];

    public static bool IsAllowed(IPAddress address) => Embedded(address) is { } inner
        ? IsAllowed(inner)
        : !Array.Exists(Refused, n => n.BaseAddress.AddressFamily == address.AddressFamily && n.Contains(address)) && !Array.Exists(Metadata, m => m.Equals(address));

    /// <summary>The IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, IPv4-compatible), through which a refused one could be reached.</summary>
    static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return null;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        if (bytes.AsSpan(0, 12).SequenceEqual<byte>([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]))
            return new IPAddress(bytes.AsSpan(12));
        if (bytes[0] == 0x20 && bytes[1] == 0x02)
            return new IPAddress(bytes.AsSpan(2, 4));
        return bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0 && !IPAddress.IPv6Loopback.Equals(address) && !IPAddress.IPv6Any.Equals(address) ? new IPAddress(bytes.AsSpan(12)) : null;
    }
}

/// <summary>An address the service may not call. The message is for whoever set it.</summary>
public sealed class OutboundRefusedException : IOException
{
    public OutboundRefusedException()
    {
    }

    public OutboundRefusedException(string message)
        : base(message)
    {
    }

    public OutboundRefusedException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>HTTP to where a setting says: only to allowed addresses, decided after the name is resolved and at each connection, and never along a redirect.</summary>
public static class OutboundHttp
{
    /// <summary>A handler for one kind of target; <paramref name="resolve"/> stands in for DNS where a test needs it.</summary>
    public static SocketsHttpHandler Create(Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // A proxy would do the resolving, where nobody asks the address.
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, resolve ?? Dns.GetHostAddressesAsync, cancellationToken),
    };

    static async ValueTask<Stream> ConnectAsync(DnsEndPoint target, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(target.Host, out var literal) ? [literal] : await resolve(target.Host, cancellationToken).ConfigureAwait(false);
        var allowed = Array.FindAll(addresses, OutboundAddress.IsAllowed);
        if (allowed.Length == 0)
            throw new OutboundRefusedException($"{target.Host} is at no address that may be called: link-local, metadata and group addresses may not");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // The very addresses that were asked: resolving again could give others.
            await socket.ConnectAsync(allowed, target.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
