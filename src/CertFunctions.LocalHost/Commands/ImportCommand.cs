using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Import;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn import SOURCE…</c>: one <c>cert.issued</c> for each certificate found.</summary>
static class ImportCommand
{
    const int MostShown = 50;

    public static Command Create()
    {
        var sources = new Argument<string[]>("source")
        {
            Description = "Files or folders (PEM, DER, PKCS#12, CSV inventories), or TLS servers as HOST:PORT",
            Arity = ArgumentArity.ZeroOrMore,
            HelpName = "SOURCE",
        };
        var system = new Option<bool>("--system") { Description = "The certificate stores of this machine's operating system" };
        var chain = new Option<bool>("--chain") { Description = "Of TLS servers, also the other certificates they send" };
        var timeout = new Option<double>("--timeout") { Description = "Seconds to wait for a TLS server", HelpName = "SECONDS", DefaultValueFactory = _ => 10 };
        timeout.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && (!double.TryParse(r.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) || !(n is > 0 and <= 3600)))
                r.AddError("--timeout must be a number of seconds, more than 0 and at most 3600");
        });
        var passwordFile = new Option<string?>("--password-file") { Description = $"The file whose first line is the password of PKCS#12 files (default: {Pkcs12Password.Variable}, or ask)", HelpName = "FILE" };
        var command = new Command("import", "Record certificates as cert.issued events; importing them again adds nothing") { sources, system, chain, timeout, passwordFile, Certfn.Url, Certfn.Data, Certfn.Project };
        command.Validators.Add(r =>
        {
            if (r.GetValue(sources) is not { Length: > 0 } && !r.GetValue(system))
                r.AddError("Nothing to import: name a SOURCE, or --system");
        });
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var password = Pkcs12Password.From(parsed.GetValue(passwordFile), parsed.GetValue(sources)!);
            var found = FindAsync(parsed.GetValue(sources)!, parsed.GetValue(system), password, TimeSpan.FromSeconds(parsed.GetValue(timeout)), parsed.GetValue(chain), cancellationToken);
            var import = new ImportCertificates(api, parsed.GetValue(Certfn.Project)!, TimeProvider.System);
            // How many there are is known when all are read; that they go in is what a person wants to see.
            long posted = 0;
            var report = await (password.MayAsk
                ? import.RunAsync(found, null, cancellationToken)
                : Terminal.WithProgressAsync("importing", progress => import.RunAsync(found, n => progress?.Invoke(posted += n, 0), cancellationToken))).ConfigureAwait(false);
            Print(report);
            return report.ProblemCount == 0 ? ExitCode.Ok : ExitCode.NotGood;
        }));
        return command;
    }

    /// <summary>What is at each source. A path that is there is a path, whatever else its name could mean.</summary>
    static async IAsyncEnumerable<ImportFinding> FindAsync(
        string[] sources, bool system, Pkcs12Password password, TimeSpan timeout, bool chain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var files = new CertificateFiles(password);
        foreach (var source in sources)
        {
            var findings = !Path.Exists(source) && TlsEndpoint.TryParse(source) is { } endpoint
                ? await endpoint.ReadAsync(timeout, chain, cancellationToken).ConfigureAwait(false)
                : files.Read(source);
            foreach (var finding in findings)
                yield return finding;
        }

        if (!system)
            yield break;
        foreach (var finding in SystemStores.ReadAll())
            yield return finding;
    }

    public static void Print(ImportReport report)
    {
        Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold]{report.Found}[/] certificates: [green]{report.New} new[/], {report.Duplicates} recorded before{(report.Repeated > 0 ? $"; {report.Repeated} more were copies of these" : "")}");
        if (report.ProblemCount == 0)
            return;
        var table = Terminal.Table("not imported", "because");
        foreach (var (source, reason) in report.Problems.Take(MostShown))
            table.AddRow(new Text(source), new Text(reason));
        Terminal.Error.Write(table);
        if (report.ProblemCount > MostShown)
            Terminal.Error.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"… and {report.ProblemCount - MostShown} more");
    }
}
