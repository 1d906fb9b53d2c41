using System.CommandLine;
using CertFunctions.Http.Hosting;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn serve</c>: the pipeline in this process, until it is stopped.</summary>
static class ServeCommand
{
    public static Command Create()
    {
        var urls = new Option<string>("--urls") { Description = "Where to listen; port 0 takes a free one", HelpName = "URL", DefaultValueFactory = _ => ServeOptions.DefaultUrl };
        var durability = new Option<SqliteDurability>("--durability") { Description = "Full: an answered event survives loss of power. Normal: it survives the death of the process", DefaultValueFactory = _ => SqliteDurability.Full };
        var maxBytes = new Option<long>("--max-bytes") { Description = "Most bytes of the database; 0 for as much as the disk holds", HelpName = "N", DefaultValueFactory = _ => 0 };
        var logName = new Option<string?>("--log-name") { Description = "What the log is called in its checkpoints, such as log.example.com/certfn; fixed at the first start (default: made then)", HelpName = "NAME" };
        maxBytes.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && (!long.TryParse(r.Tokens[0].Value, out var n) || n < 0))
                r.AddError("--max-bytes must be a whole number, 0 or more");
        });
        var otlp = new Option<string?>("--otlp") { Description = "An OTLP collector for traces and metrics, over HTTP, such as http://127.0.0.1:4318 (default: OTEL_EXPORTER_OTLP_ENDPOINT, or none)", HelpName = "URL" };
        var sweepEvery = Durations.Option("--sweep-every", "How often to look for certificates whose end is near, such as 15m or 1h; off for never", TimeSpan.FromHours(1), mayBeOff: true);
        var command = new Command("serve", "Run the service: HTTP endpoints, store, ledger and file sink in one process") { urls, Certfn.Data, durability, maxBytes, logName, otlp, sweepEvery, SweepCommand.Expiry, StoreOptions.Store, StoreOptions.Connection, StoreOptions.Database };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(() =>
        {
            var options = new ServeOptions
            {
                Data = new DataFolder(parsed.GetValue(Certfn.Data)!),
                Url = parsed.GetValue(urls)!,
                Cosmos = StoreOptions.Cosmos(parsed),
                Durability = parsed.GetValue(durability),
                MaxBytes = parsed.GetValue(maxBytes),
                LogName = parsed.GetValue(logName),
                SweepEvery = parsed.GetValue(sweepEvery),
            };
            return RunAsync(options with { Expiry = ExpirySettings.Load(parsed.GetValue(SweepCommand.Expiry), options.Org) }, Collector(parsed.GetValue(otlp)), cancellationToken);
        }));
        return command;
    }

    /// <summary>By the same name that the cloud's host reads.</summary>
    static Uri? Collector(string? named)
    {
        var text = named ?? Environment.GetEnvironmentVariable(Settings.OtlpEndpoint.Name);
        if (string.IsNullOrWhiteSpace(text))
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri
            : throw new MendableException($"Cannot send telemetry to '{text}': write http:// or https://, a host and a port, such as http://127.0.0.1:4318, with --otlp.", exitCode: ExitCode.Usage);
    }

    static async Task<int> RunAsync(ServeOptions options, Uri? collector, CancellationToken cancellationToken)
    {
        // Let go of last, so that what the service says while it stops is sent too.
        using var telemetry = collector is null ? null : new OtlpExport(collector);
        await using var service = await LocalService.StartAsync(options, cancellationToken).ConfigureAwait(false);
        Terminal.Out.MarkupLineInterpolated($"Listening on [bold]{service.Url.ToString().TrimEnd('/')}[/]");
        Terminal.Out.MarkupLineInterpolated($"Data in {options.Data.Path}; the API key is in {Path.Combine(options.Data.Keys, "api-key")}");
        Terminal.Out.MarkupLine("Stop with Ctrl+C.");
        try
        {
            await service.Stopping.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop: the service is disposed in order, and that is a good end.
        }

        return ExitCode.Ok;
    }
}
