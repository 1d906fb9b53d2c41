using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using CertFunctions.Core.Telemetry;
using CertFunctions.Http.Hosting;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace CertFunctions.App.Telemetry;

/// <summary>Where traces and metrics go: Application Insights, an OTLP collector, both, or nowhere.</summary>
static class TelemetryExport
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services, HostSettings settings)
    {
        var telemetry = services.AddOpenTelemetry().UseFunctionsWorkerDefaults();
        if (settings.ApplicationInsights)
            telemetry.UseAzureMonitorExporter(options => options.Credential = new DefaultAzureCredential());
        if (settings.Otlp)
            telemetry.UseOtlpExporter();
        // Last, so that the sampler is this one: what the caller decided holds, and otherwise the share the settings name.
        telemetry.WithTracing(traces => traces.AddSource(Instruments.Name).SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.TraceSampleRatio))));
        telemetry.WithMetrics(metrics => metrics.AddMeter(Instruments.Name));
        return services;
    }
}
