using System.CommandLine;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary>The program's verbs, and what they share: options, and one way to end.</summary>
static class Certfn
{
    public static Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("""
            Records every event in the life of a certificate, proves that the record is whole and unaltered, and feeds it to a SIEM.

            Examples:
              certfn demo                          see all of it in half a minute
              certfn serve                         run the service on http://127.0.0.1:7071
              certfn import /etc/ssl/certs         record the certificates in a folder
              certfn timeline FINGERPRINT          what happened to a certificate
              certfn certificates                  which there are, what ends first on top
              certfn sweep --dry-run               what would be said of their ends, and why
              certfn verify                        is the record whole and unaltered?

            Exit codes: 0 good; 1 it ran and found something not good; 2 asked wrongly; 3 could not run.
            """)
        {
            DemoCommand.Create(),
            ServeCommand.Create(),
            ImportCommand.Create(),
            TimelineCommand.Create(),
            CertificatesCommand.Create(),
            CertificateCommand.Create(),
            SweepCommand.Create(),
            VerifyCommand.Create(),
            EvidenceCommand.Create(),
            DrillCommand.Create(),
            ExportCommand.Create(),
            ReceiptCommand.Create(),
            KeyCommand.Create(),
            RotateCommand.Create(),
            ProvisionCommand.Create(),
            ReplayCommand.Create(),
            WitnessCommand.Create(),
        };
        ExamplesHelp.Add(root);
        var parsed = root.Parse(args);
        return parsed.Errors.Count > 0 && parsed.Action is not ExamplesHelp ? Task.FromResult(Complain(parsed)) : parsed.InvokeAsync();
    }

    public static Option<string> Data { get; } = new("--data")
    {
        Description = "The data folder (default: CERTFN_DATA, or the user's application data)",
        HelpName = "FOLDER",
        Recursive = false,
        DefaultValueFactory = _ => DataFolder.Default,
    };

    public static Option<string?> Url { get; } = new("--url") { Description = "The service to talk to (default: the one on the data folder)", HelpName = "URL" };

    public static Option<string> Project { get; } = new("--project") { Description = "The project", HelpName = "NAME", DefaultValueFactory = _ => "default" };

    /// <summary>Runs a verb, and turns what a person can mend into a message and an exit code.</summary>
    public static async Task<int> EndAsync(Func<Task<int>> verb)
    {
        try
        {
            return await verb().ConfigureAwait(false);
        }
        catch (MendableException e)
        {
            Terminal.Error.MarkupLineInterpolated($"[red]certfn:[/] {e.Message}");
            return e.ExitCode;
        }
        catch (OperationCanceledException)
        {
            Terminal.Error.MarkupLine("[yellow]certfn:[/] stopped");
            return ExitCode.Failed;
        }
    }

    static int Complain(ParseResult parsed)
    {
        foreach (var error in parsed.Errors)
            Terminal.Error.MarkupLineInterpolated($"[red]certfn:[/] {error.Message}");
        Terminal.Error.MarkupLineInterpolated($"See 'certfn {(parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ")}--help'.");
        return ExitCode.Usage;
    }
}
