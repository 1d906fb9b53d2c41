using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CertFunctions.LocalHost.Tests;

/// <summary>A collector gets, over OTLP, one trace of an event from its client's request to the sink, and the service's measurements.</summary>
public sealed class OtlpTests
{
    const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task A_collector_gets_an_events_whole_way_as_one_trace_and_the_measurements()
    {
        using var home = new TempFolder();
        await using var collector = await Collector.StartAsync();
        await using var service = await Service.StartAsync(home.Path, "--otlp", collector.Url);
        using var http = new HttpClient { BaseAddress = service.Url };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/projects/web/events")
        {
            Content = new StringContent("""{"id":"e-1","type":"cert.downloaded","subject":{"kind":"certificate","id":"c1"},"actor":{"type":"user","id":"u-1"},"data":{"format":"pem"}}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(service.Data, "keys", "api-key"))).Trim());
        request.Headers.Add("traceparent", $"00-{TraceId}-00f067aa0ba902b7-01");
        using (var answer = await http.SendAsync(request))
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        await service.SettlesAtAsync(1);
        Assert.Equal(0, await service.StopAsync());

        // In protobuf a span is its trace's id, a few fields, and its name: the names that follow this trace's id are its spans.
        foreach (var span in new[] { "ingest", "chain", "forward" })
            Assert.True(collector.Has("/v1/traces", TraceId, span), $"no span {span} in the trace");
        foreach (var name in new[] { "certfn.events.ingested", "certfn.events.chained", "certfn.sink.entries", "certfn.http.request.duration", "certfn.sink.lag" })
            Assert.True(collector.Has("/v1/metrics", name), $"no {name} among the measurements");
    }

    [Fact]
    public async Task A_collector_that_is_not_there_holds_up_nothing()
    {
        using var home = new TempFolder();
        await using var service = await Service.StartAsync(home.Path, "--otlp", "http://127.0.0.1:1");

        Assert.Equal(201, (await service.PostAsync("""{"id":"e-1","type":"cert.downloaded","subject":{"kind":"certificate","id":"c1"},"actor":{"type":"user","id":"u-1"},"data":{"format":"pem"}}""")).Status);
        await service.SettlesAtAsync(1);
        Assert.Equal(0, await service.StopAsync());
    }

    /// <summary>An OTLP collector that keeps what it is sent.</summary>
    sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        readonly ConcurrentBag<(string Path, byte[] Body)> received = [];

        public string Url => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var collector = new Collector(builder.Build());
            await collector.RunAsync();
            return collector;
        }

        async Task RunAsync()
        {
            app.MapPost("/v1/{signal}", async (HttpContext http) =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                received.Add((http.Request.Path, body.ToArray()));
            });
            await app.StartAsync();
        }

        /// <summary>Whether something of that name was measured.</summary>
        public bool Has(string path, string name) => received.Any(r => r.Path == path && r.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0);

        /// <summary>Whether a span of that name stands within the hundred bytes that follow the trace's id.</summary>
        public bool Has(string path, string traceId, string span)
        {
            var (id, name) = (Convert.FromHexString(traceId), (byte[])[(byte)span.Length, .. Encoding.UTF8.GetBytes(span)]);
            foreach (var (_, body) in received.Where(r => r.Path == path))
            {
                for (var at = body.AsSpan().IndexOf(id); at >= 0; at = body.AsSpan(at + 1).IndexOf(id) is >= 0 and var next ? at + 1 + next : -1)
                {
                    if (body.AsSpan(at, Math.Min(100, body.Length - at)).IndexOf(name) >= 0)
                        return true;
                }
            }

            return false;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
