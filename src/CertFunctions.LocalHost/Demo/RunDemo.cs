using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Verification;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Commands;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Import;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Show;
using CertFunctions.LocalHost.Verify;
using Spectre.Console;

namespace CertFunctions.LocalHost.Demo;

/// <summary>
/// The product in half a minute, on real certificates: record, chain, forward, read, verify, and then the same with a copy someone tampered with.
/// Succeeds only if every step ended as it should.
/// </summary>
sealed class RunDemo(string? certs, bool keep, CosmosSettings? account)
{
    const string Project = "demo", SiemFile = "local.jsonl";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var root = Directory.CreateTempSubdirectory("certfn-demo-");
        // A database of the demo's own, so that what is in the account already neither helps nor harms.
        var cosmos = account is null ? null : account with { Database = $"{account.Database}-demo-{Guid.NewGuid():N}" };
        var provisioned = false;
        try
        {
            if (cosmos is not null)
            {
                await ProvisionCommand.ProvisionAsync(cosmos, cancellationToken).ConfigureAwait(false);
                provisioned = true;
            }

            return await RunInAsync(root, cosmos, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            root.Delete(recursive: true);
            if (provisioned)
                await ForgetAsync(cosmos!).ConfigureAwait(false);
        }
    }

    async Task<int> RunInAsync(DirectoryInfo root, CosmosSettings? cosmos, CancellationToken cancellationToken)
    {
        var data = new DataFolder(Path.Combine(root.FullName, "data"));
        var good = true;
        Step("Start the pipeline");
        await using var service = await LocalService.StartAsync(new ServeOptions { Data = data, Url = "http://127.0.0.1:0", Cosmos = cosmos, Quiet = true, SweepEvery = TimeSpan.Zero, PublishEvery = TimeSpan.FromSeconds(1) }, cancellationToken).ConfigureAwait(false);
        Terminal.Out.MarkupLineInterpolated($"One process, listening on {service.Url.ToString().TrimEnd('/')}, {(cosmos is null ? $"data in {data.Path}" : $"on the Cosmos DB database {cosmos.Database}")}");
        using var api = new ApiClient(service.Url, service.ApiKey);

        Step(certs is null ? "Record the CA certificates this machine trusts" : $"Record the certificates in {certs}");
        var found = certs is null ? SystemStores.ReadTrusted() : new CertificateFiles(Pkcs12Password.None).Read(certs);
        var report = await new ImportCertificates(api, Project, TimeProvider.System).RunAsync(found.ToAsyncEnumerable(), null, cancellationToken).ConfigureAwait(false);
        ImportCommand.Print(report);
        if (report.New == 0)
            throw new MendableException(certs is null ? "This machine trusts no certificates: name a folder of some with --certs." : $"No certificate in {certs} could be recorded: name another folder.");
        var shown = report.First!;
        await LookAsync(api, shown, cancellationToken).ConfigureAwait(false);
        long events = report.New + 1;

        Step("Wait for the ledger and the SIEM");
        good &= await ArrivedAsync(api, events, cancellationToken).ConfigureAwait(false);

        Step("The timeline of one certificate");
        using (var page = await api.GetJsonAsync($"/api/v1/projects/{Project}/certificates/{shown}/events", cancellationToken).ConfigureAwait(false))
            TimelineTable.Print(page.RootElement.GetProperty("events"));

        Step("What the SIEM got");
        good &= await ShowSiemAsync(Path.Combine(data.Siem, SiemFile), events, cancellationToken).ConfigureAwait(false);

        Step("Is the record whole and unaltered?");
        var verdict = cosmos is null ? VerifySources.Folder(data, VerifySetup.Nothing, cancellationToken).Single() : await VerifySources.ServiceAsync(api, data, VerifySetup.Nothing, cancellationToken).ConfigureAwait(false);
        VerdictPanel.Print(verdict);
        good &= Held(verdict.Verdict == Verdict.Valid && verdict.Entries == events, "the ledger is valid, and every event is in it");

        Step("Evidence for an outsider: one certificate's events in a file that proves itself");
        good &= await ShowEvidenceAsync(api, data, shown, Path.Combine(root.FullName, "evidence"), events, cancellationToken).ConfigureAwait(false);

        var victim = Victim(Path.Combine(data.Siem, SiemFile));
        Step(string.Create(CultureInfo.InvariantCulture, $"Tamper with a copy: someone moves the expiry in entry {victim} by a thousand years"));
        var tampered = VerifyTampered(root, data, cosmos, victim, cancellationToken);
        VerdictPanel.Print(tampered);
        good &= Held(tampered.Verdict == Verdict.Tampered && tampered.FirstIndex == victim, "the tampering is found, at the entry it was done to");

        Terminal.Out.WriteLine();
        Terminal.Out.MarkupLine(good ? "[green]All of it held.[/]" : "[red]Not all of it held: see above.[/]");
        if (keep)
            await StayAsync(service, data, shown, cancellationToken).ConfigureAwait(false);
        return good ? ExitCode.Ok : ExitCode.NotGood;
    }

    /// <summary>The middle one of the entries that hold an expiry. The SIEM's file has them in the ledger's order, whatever store that is in.</summary>
    static long Victim(string siem)
    {
        var certificates = File.ReadLines(siem).Index().Where(l => TamperedCopy.HasExpiry(l.Item)).Select(l => (long)l.Index).ToList();
        return certificates[certificates.Count / 2];
    }

    /// <summary>The verdict on a copy with one entry altered: of the database file, or, where the record is in an account, of what the SIEM was sent.</summary>
    static VerifyReport VerifyTampered(DirectoryInfo root, DataFolder data, CosmosSettings? cosmos, long victim, CancellationToken cancellationToken)
    {
        if (cosmos is null)
        {
            var copy = new DataFolder(Path.Combine(root.FullName, "tampered"));
            TamperedCopy.Make(data, copy, victim);
            return VerifySources.Folder(copy, VerifySetup.Nothing, cancellationToken).Single();
        }

        var lines = Path.Combine(root.FullName, "tampered.jsonl");
        TamperedCopy.MakeLines(Path.Combine(data.Siem, SiemFile), lines, victim);
        return VerifySources.Lines(lines, data, VerifySetup.Nothing, cancellationToken).Single();
    }

    static async Task ForgetAsync(CosmosSettings cosmos)
    {
        try
        {
            await CosmosProvisioning.DeleteAsync(cosmos, CancellationToken.None).ConfigureAwait(false);
        }
        catch (CosmosStoreException e)
        {
            Terminal.Error.MarkupLineInterpolated($"[yellow]certfn:[/] the database {cosmos.Database} could not be deleted: {e.Message}");
        }
    }

    /// <summary>One more event on that certificate, by a person: that it was looked at here, which is true.</summary>
    static async Task LookAsync(ApiClient api, string fingerprint, CancellationToken cancellationToken)
    {
        var line = $$$"""{"id":"looked-at","type":"ext.demo.looked_at","subject":{"kind":"certificate","id":"{{{fingerprint}}}"},"actor":{"type":"user","id":"demo","name":"Whoever runs this demo"}}""" + "\n";
        using var answer = await api.PostLinesAsync($"/api/v1/projects/{Project}/events", Encoding.UTF8.GetBytes(line), cancellationToken).ConfigureAwait(false);
    }

    static async Task<bool> ArrivedAsync(ApiClient api, long events, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        long size = 0, position = 0;
        while ((size < events || position < events) && Stopwatch.GetElapsedTime(started) < Patience)
        {
            using (var head = await api.GetJsonAsync("/api/v1/ledger/head", cancellationToken).ConfigureAwait(false))
                size = head.RootElement.GetProperty("size").GetInt64();
            using (var sinks = await api.GetJsonAsync("/api/v1/siem/sinks", cancellationToken).ConfigureAwait(false))
                position = sinks.RootElement.GetProperty("sinks")[0].GetProperty("position").GetInt64();
            await Task.Delay(20, cancellationToken).ConfigureAwait(false);
        }

        return Held(size == events && position == events, string.Create(CultureInfo.InvariantCulture, $"{events} events recorded, {size} entries in the ledger, {position} lines in the SIEM's file"));
    }

    static async Task<bool> ShowSiemAsync(string path, long events, CancellationToken cancellationToken)
    {
        var lines = await File.ReadAllLinesAsync(path, cancellationToken).ConfigureAwait(false);
        foreach (var line in lines.TakeLast(2))
            Terminal.Out.Write(new Text(line.Length <= 400 ? line + "\n" : line[..399] + "…\n", new Style(Color.Grey)));
        var inOrder = lines.Select((line, i) => JsonDocument.Parse(line).RootElement.GetProperty("index").GetInt64() == i).All(x => x);
        return Held(lines.Length == events && inOrder, "one line per entry, in the ledger's order");
    }

    /// <summary>Waits for a signed checkpoint of all of it, and verifies what an outsider would be handed, with nothing but the file and the log's public key.</summary>
    static async Task<bool> ShowEvidenceAsync(ApiClient api, DataFolder data, string fingerprint, string path, long events, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (await PublishedAsync(api, cancellationToken).ConfigureAwait(false) < events && Stopwatch.GetElapsedTime(started) < Patience)
            await Task.Delay(50, cancellationToken).ConfigureAwait(false);
        var file = File.Create(path);
        await using (file.ConfigureAwait(false))
            await api.CopyAsync($"/api/v1/projects/{Project}/certificates/{fingerprint}/evidence", file, cancellationToken).ConfigureAwait(false);

        var origin = data.LogName(null).Origin(OrgId.Parse("local"));
        var policy = new TrustPolicy { Origin = origin, LogKeys = ServiceKeys.LoadLog(data).Known(origin) };
        var report = VerifySources.Bundle(path, new VerifySetup { Policy = policy }, cancellationToken).Single();
        VerdictPanel.Print(report);
        return Held(report.Verdict == Verdict.Valid && report.Guarantees.HasFlag(Guarantees.Signed), "the file proves its events against a checkpoint that the log has signed");
    }

    /// <summary>Entries of the newest signed checkpoint, its second line.</summary>
    static async Task<long> PublishedAsync(ApiClient api, CancellationToken cancellationToken) =>
        await api.FindBytesAsync("/api/v1/ledger/checkpoint", cancellationToken).ConfigureAwait(false) is { } note
            ? long.Parse(Encoding.UTF8.GetString(note).Split('\n')[1], CultureInfo.InvariantCulture)
            : 0;

    static async Task StayAsync(LocalService service, DataFolder data, string fingerprint, CancellationToken cancellationToken)
    {
        Terminal.Out.MarkupLine("Still up. Try, in another terminal:");
        Terminal.Out.WriteLine($"  export CERTFN_DATA={data.Path}");
        Terminal.Out.WriteLine($"  certfn timeline --project {Project} {fingerprint}");
        Terminal.Out.WriteLine("  certfn verify");
        Terminal.Out.MarkupLine("Stop with Ctrl+C; the data is deleted then.");
        try
        {
            await service.Stopping.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop: the demo's outcome stands.
        }
    }

    static void Step(string title)
    {
        Terminal.Out.WriteLine();
        if (Console.IsOutputRedirected)
            Terminal.Out.WriteLine($"== {title}");
        else
            Terminal.Out.Write(new Rule($"[bold]{Markup.Escape(title)}[/]").LeftJustified());
    }

    static bool Held(bool held, string what)
    {
        Terminal.Out.MarkupLineInterpolated($"{(held ? "✓" : "✗")} {what}");
        return held;
    }
}
