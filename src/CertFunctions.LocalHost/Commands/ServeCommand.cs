using System.CommandLine;
using System.Net;
using CertFunctions.Core.Notes;
using CertFunctions.Core.Outbound;
using CertFunctions.Core.Publishing;
using CertFunctions.Core.Receipts;
using CertFunctions.Core.Witness;
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
        var chainedWithin = Durations.Option("--chained-within", "The time in which an event must be in the ledger, such as 5m: what receipts promise, and past which an alarm is raised", MergeDelay.Default.Within);
        var checkEvery = Durations.Option("--check-every", "How often to check the whole ledger, such as 12h; what is new is checked all the time", TimeSpan.FromDays(1));
        var witnesses = new Option<string[]>("--witness") { Description = "A witness to cosign each checkpoint: its URL, a comma, and its key as 'certfn witness' prints it. May be given more than once", HelpName = "URL,VKEY" };
        var otlp = new Option<string?>("--otlp") { Description = "An OTLP collector for traces and metrics, over HTTP, such as http://127.0.0.1:4318 (default: OTEL_EXPORTER_OTLP_ENDPOINT, or none)", HelpName = "URL" };
        var sweepEvery = Durations.Option("--sweep-every", "How often to look for certificates whose end is near, such as 15m or 1h; off for never", TimeSpan.FromHours(1), mayBeOff: true);
        var publishEvery = Durations.Option("--publish-every", "How often to publish a signed checkpoint, such as 10s; 1m at most", PublishCheckpoints.Longest);
        publishEvery.Validators.Add(r =>
        {
            if (r.Tokens is [var token] && Durations.TryParse(token.Value, out var time) && time > PublishCheckpoints.Longest)
                r.AddError("--publish-every must be a minute or less");
        });
        var command = new Command("serve", "Run the service: HTTP endpoints, store, ledger and file sink in one process") { urls, Certfn.Data, durability, maxBytes, logName, publishEvery, sweepEvery, SweepCommand.Expiry, chainedWithin, checkEvery, witnesses, otlp, StoreOptions.Store, StoreOptions.Connection, StoreOptions.Database };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(() =>
        {
            var options = new ServeOptions
            {
                Data = new DataFolder(parsed.GetValue(Certfn.Data)!),
                Url = parsed.GetValue(urls)!,
                Cosmos = StoreOptions.Cosmos(parsed),
                Durability = parsed.GetValue(durability),
                MaxBytes = parsed.GetValue(maxBytes),
                MergeDelay = new MergeDelay(parsed.GetValue(chainedWithin)),
                CheckEvery = parsed.GetValue(checkEvery),
                Witnesses = [.. (parsed.GetValue(witnesses) ?? []).Select(Witness)],
                LogName = parsed.GetValue(logName),
                PublishEvery = parsed.GetValue(publishEvery),
                SweepEvery = parsed.GetValue(sweepEvery),
            };
            return RunAsync(options with { Expiry = ExpirySettings.Load(parsed.GetValue(SweepCommand.Expiry), options.Org) }, Collector(parsed.GetValue(otlp)), cancellationToken);
        }));
        return command;
    }

    static WitnessTarget Witness(string text)
    {
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0 || !Uri.TryCreate(text[..comma], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Query.Length + url.Fragment.Length + url.UserInfo.Length > 0)
            throw new MendableException($"'{text}' given with --witness is no witness: write its URL, a comma, and its key.", exitCode: ExitCode.Usage);
        // The address is asked again at each connection; what can be said now is said now.
        if (IPAddress.TryParse(url.DnsSafeHost, out var address) && !OutboundAddress.IsAllowed(address))
            throw new MendableException($"{url.Host} may not be called: it is a link-local, metadata or group address. Name another witness with --witness.", exitCode: ExitCode.Usage);
        if (!VerifierKey.TryParse(text[(comma + 1)..], out var key, out var why))
            throw new MendableException($"The key of {url} given with --witness is no vkey: {why}. Copy what 'certfn witness' prints.", exitCode: ExitCode.Usage);
        return EcdsaCosignature.IsKey(key) ? new WitnessTarget(url, key)
            : throw new MendableException($"The key of {url} given with --witness is of a kind this service cannot check: only a 'certfn witness' will do.", exitCode: ExitCode.Usage);
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
