using CertFunctions.Core.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace CertFunctions.LocalHost.Serve;

/// <summary>
/// Traces and metrics to an OTLP collector over HTTP, while the service runs. What cannot be sent is dropped after a few tries: the record does not depend on it.
/// Requests are traced by the server itself, and the caller's sampling decision holds; without one all is kept.
/// </summary>
sealed class OtlpExport : IDisposable
{
    readonly TracerProvider traces;
    readonly MeterProvider metrics;

    /// <param name="collector">The collector's base address, such as <c>http://127.0.0.1:4318</c>.</param>
    public OtlpExport(Uri collector)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("certfn", serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3));
        traces = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .SetSampler(new ParentBasedSampler(new AlwaysOnSampler()))
            .AddSource(Instruments.Name, "Microsoft.AspNetCore")
            .AddOtlpExporter(options => To(options, collector, "v1/traces"))
            .Build();
        metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(Instruments.Name)
            .AddOtlpExporter(options => To(options, collector, "v1/metrics"))
            .Build();
    }

    static void To(OtlpExporterOptions options, Uri collector, string path)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri($"{collector.ToString().TrimEnd('/')}/{path}");
    }

    // What is still to be sent is sent now, for a few seconds at most.
    public void Dispose()
    {
        traces.Shutdown(3000);
        metrics.Shutdown(3000);
        traces.Dispose();
        metrics.Dispose();
    }
}
