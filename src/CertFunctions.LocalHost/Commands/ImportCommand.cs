using System.CommandLine;
using System.Globalization;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Import;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn import PATH…</c>: one <c>cert.issued</c> for each certificate found.</summary>
static class ImportCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("path") { Description = "Files or folders of certificates: PEM, DER, PKCS#12 without a password", Arity = ArgumentArity.OneOrMore, HelpName = "PATH" };
        var command = new Command("import", "Record certificates as cert.issued events; importing them again adds nothing") { paths, Certfn.Url, Certfn.Data, Certfn.Project };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var import = new ImportCertificates(api, parsed.GetValue(Certfn.Project)!);
            var report = await Terminal.WithProgressAsync("importing", progress =>
            {
                // How many there are is known when all are read; that they go in is what a person wants to see.
                long posted = 0;
                return import.RunAsync(CertificateFiles.Read(parsed.GetValue(paths)!), n => progress?.Invoke(posted += n, 0), cancellationToken);
            }).ConfigureAwait(false);
            Print(report);
            return report.Problems.Count == 0 ? ExitCode.Ok : ExitCode.NotGood;
        }));
        return command;
    }

    public static void Print(ImportReport report)
    {
        Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture,
            $"[bold]{report.Found}[/] certificates: [green]{report.New} new[/], {report.Duplicates} recorded before{(report.Repeated > 0 ? $"; {report.Repeated} more were copies of these" : "")}");
        if (report.Problems.Count == 0)
            return;
        var table = Terminal.Table("not imported", "because");
        foreach (var (source, reason) in report.Problems.Take(50))
            table.AddRow(new Text(source), new Text(reason));
        Terminal.Error.Write(table);
        if (report.Problems.Count > 50)
            Terminal.Error.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"… and {report.Problems.Count - 50} more");
    }
}
