using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Expiry;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Siem;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn sweep</c>: what a sweep says of the certificates, or would say, without a running service.</summary>
static class SweepCommand
{
    /// <summary>Most rows of the table; all of them are there with <c>--json</c>.</summary>
    const int MostRows = 500;

    public static Command Create()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be said and why, and write nothing" };
        var at = new Option<string?>("--at") { Description = "With --dry-run: as if it were this time, RFC 3339 (default: now)", HelpName = "TIME" };
        var json = new Option<bool>("--json") { Description = "Print a JSON object per announcement, or of the run" };
        var command = new Command("sweep", "Announce the certificates whose end is near, or print what would be announced") { dryRun, at, json, Expiry, Certfn.Data, StoreOptions.Store, StoreOptions.Connection, StoreOptions.Database };
        command.Validators.Add(r =>
        {
            if (r.GetValue(at) is not null && !r.GetValue(dryRun))
                r.AddError("--at goes with --dry-run: nothing is said before its time");
            if (r.GetValue(at) is { } text && !Rfc3339.TryParse(text, out _))
                r.AddError($"--at must be {Rfc3339.Grammar}");
        });
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            var cosmos = StoreOptions.Cosmos(parsed);
            var options = new ServeOptions { Data = new DataFolder(parsed.GetValue(Certfn.Data)!), Cosmos = cosmos };
            options = options with { Expiry = ExpirySettings.Load(parsed.GetValue(Expiry), options.Org) };
            if (cosmos is null && !File.Exists(options.Data.Database))
                throw new MendableException($"There is no data in {options.Data.Path}: name another folder with --data.");
            return parsed.GetValue(dryRun)
                ? await PreviewAsync(options, Rfc3339.TryParse(parsed.GetValue(at), out var time) ? time : TimeProvider.System.GetUtcNow(), parsed.GetValue(json), cancellationToken).ConfigureAwait(false)
                : await RunAsync(options, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        }));
        return command;
    }

    /// <summary>When to speak; the same for every verb that sweeps.</summary>
    public static Option<string?> Expiry { get; } = new("--expiry")
    {
        Description = $"Thresholds, for all and by project, as JSON (default: {ExpirySettings.Variable}, or 30, 14, 7, 3 and 1 days)",
        HelpName = "FILE",
    };

    static async Task<int> RunAsync(ServeOptions options, bool json, CancellationToken cancellationToken)
    {
        using var hold = options.Data.Take();
        using var random = RandomNumberGenerator.Create();
        var store = await LocalStore.OpenAsync(options, ServiceKeys.LoadOrCreate(options.Data), cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
        {
            SweepReport? report = null;
            var sweep = new SweepExpiry(store.Certificates, store.Events, options.Expiry, options.Clock, random);
            var replan = new ReplanExpiry(store.Certificates, store.Positions, options.Expiry);
            await new ExpirySweepJob(replan, sweep, store.Events, options.Org, options.SweepEvery, random, r => report = r).RunAsync(cancellationToken).ConfigureAwait(false);
            Print(report!, json);
            return report!.Failed == 0 ? ExitCode.Ok : ExitCode.NotGood;
        }
    }

    static async Task<int> PreviewAsync(ServeOptions options, DateTimeOffset at, bool json, CancellationToken cancellationToken)
    {
        if (options.Cosmos is null)
        {
            // Beside a running service too: nothing is written.
            using var reader = OpenReader(options.Data.Database);
            return await PreviewAsync(reader.Certificates, reader.Events, reader.Positions, options, at, json, cancellationToken).ConfigureAwait(false);
        }

        var store = await LocalStore.OpenAsync(options, ServiceKeys.LoadOrCreate(options.Data), cancellationToken).ConfigureAwait(false);
        await using (store.ConfigureAwait(false))
            return await PreviewAsync(store.Certificates, store.Events, store.Positions, options, at, json, cancellationToken).ConfigureAwait(false);
    }

    static SqliteReader OpenReader(string path)
    {
        try
        {
            return SqliteReader.Open(path);
        }
        catch (SqliteStoreException e)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }

    static async Task<int> PreviewAsync(ICertificateStore certificates, IEventStore events, IPositionStore positions, ServeOptions options, DateTimeOffset at, bool json, CancellationToken cancellationToken)
    {
        using var random = RandomNumberGenerator.Create();
        // Due times computed under other policies say nothing of what these would say: then every certificate is looked at.
        var planned = await positions.GetAsync(ReplanExpiry.Reader, cancellationToken).ConfigureAwait(false) == options.Expiry.Fingerprint;
        var sweep = new SweepExpiry(certificates, events, options.Expiry, options.Clock, random);
        var preview = planned ? sweep.PreviewAsync(at, cancellationToken) : sweep.PreviewAllAsync(at, cancellationToken);
        if (json)
            await PrintLinesAsync(preview).ConfigureAwait(false);
        else
            await PrintTableAsync(preview, at).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    static async Task PrintLinesAsync(IAsyncEnumerable<PlannedAnnouncement> preview)
    {
        var line = new MemoryStream();
        await foreach (var (address, announcement) in preview.ConfigureAwait(false))
        {
            line.SetLength(0);
            using (var json = new Utf8JsonWriter(line))
            {
                json.WriteStartObject();
                json.WriteString("org_id"u8, address.Org.Value);
                json.WriteString("project_id"u8, address.Project.Value);
                json.WriteString("certificate"u8, address.Subject.Id);
                json.WriteString("type"u8, announcement.Type);
                json.WriteString("id"u8, announcement.Id.Value);
                json.WriteString("due"u8, Rfc3339.Format(announcement.Due));
                json.WriteString("why"u8, announcement.Why);
                json.WriteEndObject();
            }

            Console.WriteLine(Encoding.UTF8.GetString(line.GetBuffer().AsSpan(0, (int)line.Length)));
        }
    }

    static async Task PrintTableAsync(IAsyncEnumerable<PlannedAnnouncement> preview, DateTimeOffset at)
    {
        var table = Terminal.Table("project", "certificate", "would say", "due since", "because");
        long count = 0;
        await foreach (var (address, announcement) in preview.ConfigureAwait(false))
        {
            if (++count <= MostRows)
            {
                table.AddRow(new Text(address.Project.Value), new Text(Terminal.Visible(address.Subject.Id)), new Text(announcement.Type),
                    new Text(Rfc3339.Format(announcement.Due)), new Text(Terminal.Visible(announcement.Why)));
            }
        }

        if (count > 0)
            Terminal.Out.Write(table);
        if (count > MostRows)
            Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"… and {count - MostRows} more: --json prints all");
        Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{count} announcements at {Rfc3339.Format(at)}; nothing was written");
    }

    static void Print(SweepReport report, bool asJson)
    {
        if (!asJson)
        {
            var said = report.Announced.Count == 0 ? "nothing to say" : string.Join(", ", report.Announced.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Value} {a.Key}")));
            Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{report.Examined} certificates were due: {said}; {report.Suppressed} suppressed, {report.Known} said before, {report.Moved} changed meanwhile, {report.Failed} failed");
            return;
        }

        var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("at"u8, Rfc3339.Format(report.At));
            report.Write(json);
            json.WriteEndObject();
        }

        Console.WriteLine(Encoding.UTF8.GetString(output.ToArray()));
    }
}
