using System.CommandLine;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using CertFunctions.LocalHost.Verify;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn verify [SOURCE]</c>: a data folder, a running service, an export file, an evidence bundle, an archive.</summary>
static class VerifyCommand
{
    public static Command Create()
    {
        var source = new Argument<string?>("source")
        {
            Description = "A data folder, an archive, a service's URL, a file of ledger lines or an evidence bundle (default: the data folder)",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "SOURCE",
        };
        var trust = new Option<string?>("--trust") { Description = "What you hold on to: the log's key, a minimum size, an earlier checkpoint, witnesses (docs/verification.md)", HelpName = "FILE" };
        var archive = new Option<string?>("--archive") { Description = "An archive of the ledger that its operator cannot rewrite", HelpName = "FOLDER" };
        var checkpoint = new Option<string[]>("--checkpoint") { Description = "A checkpoint that someone else saw, such as a witness's; may come several times", HelpName = "FILE", DefaultValueFactory = _ => [] };
        var since = new Option<string?>("--since") { Description = "Where an earlier verification ended: a checkpoint, its --json report, or SIZE:HASH; only what is newer is read", HelpName = "HEAD" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object per ledger" };
        var command = new Command("verify", "Check that a ledger is whole and unaltered; believes nothing it is given: every hash is computed anew")
        { source, trust, archive, checkpoint, since, json, Certfn.Data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            var setup = VerifySetup.Read(parsed.GetValue(trust), parsed.GetValue(archive), parsed.GetValue(checkpoint)!, parsed.GetValue(since));
            var reports = await VerifySources.RunAsync(parsed.GetValue(source), new DataFolder(parsed.GetValue(Certfn.Data)!), setup, cancellationToken).ConfigureAwait(false);
            foreach (var report in reports)
            {
                if (parsed.GetValue(json))
                    VerdictPanel.PrintJson(report, Console.Out);
                else
                    VerdictPanel.Print(report);
            }

            if (reports.Count == 0)
                Terminal.Error.MarkupLine("[yellow]certfn:[/] there is no ledger yet, so there is nothing to verify");
            return reports.All(r => r.Verdict == Verdict.Valid) ? ExitCode.Ok : ExitCode.NotGood;
        }));
        return command;
    }
}
