using System.Net;
using System.Net.Sockets;
using CertFunctions.Core.Outbound;

namespace CertFunctions.Core.Tests.Outbound;

/// <summary>R49: no setting makes the service call where a cloud keeps its machines' credentials.</summary>
public sealed class OutboundTests
{
    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("::169.254.169.254")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("192.0.0.192")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("224.0.0.1")]
    [InlineData("ff02::1")]
    [InlineData("255.255.255.255")]
    public void Refused_addresses(string address) => Assert.False(OutboundAddress.IsAllowed(IPAddress.Parse(address)));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.1.2.3")]
    [InlineData("192.168.1.10")]
    [InlineData("203.0.113.7")]
    [InlineData("2001:db8::1")]
    [InlineData("fd12::1")]
    [InlineData("::ffff:10.1.2.3")]
    [InlineData("170.254.1.1")]
    public void Allowed_addresses(string address) => Assert.True(OutboundAddress.IsAllowed(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xa9fea9fe/")]
    public async Task A_refused_address_is_not_called_however_it_is_written(string url)
    {
        using var http = new HttpClient(OutboundHttp.Create());
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri(url)));
        Assert.IsType<OutboundRefusedException>(refused.InnerException);
    }

    [Fact]
    public async Task A_name_that_resolves_to_one_is_not_called_either()
    {
        using var http = new HttpClient(OutboundHttp.Create((_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.Parse("fe80::1")])));
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri("http://harmless.example/")));
        Assert.IsType<OutboundRefusedException>(refused.InnerException);
    }

    [Fact]
    public async Task The_address_asked_is_the_address_called_though_the_name_would_give_another_the_next_time()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answered = AnswerAsync(listener, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var asked = 0;
        using var http = new HttpClient(OutboundHttp.Create((_, _) => Task.FromResult(new[] { IPAddress.Parse(asked++ == 0 ? "127.0.0.1" : "169.254.169.254") })));
        Assert.Equal("ok", await http.GetStringAsync(new Uri($"http://rebinding.example:{((IPEndPoint)listener.LocalEndpoint).Port}/")));
        Assert.Equal(1, asked);
        await answered;
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_not_followed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answered = AnswerAsync(listener, "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n");
        using var http = new HttpClient(OutboundHttp.Create());
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"));
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
        await answered;
    }

    static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync();
        var buffer = new byte[4096];
        await client.GetStream().ReadAtLeastAsync(buffer, 16);
        await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(answer));
    }
}
