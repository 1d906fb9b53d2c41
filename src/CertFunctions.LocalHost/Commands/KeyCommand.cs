using System.CommandLine;
using CertFunctions.Core.Events;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn key</c>: the public key that checkpoints verify with, to be handed to whoever checks.</summary>
static class KeyCommand
{
    public static Command Create()
    {
        var org = new Option<string>("--org") { Description = "Whose ledger", HelpName = "ORG", DefaultValueFactory = _ => "local" };
        var command = new Command("key", "Print the key that the ledger's checkpoints verify with, as NAME+ID+KEY (C2SP signed-note); earlier keys after it") { org, Certfn.Data };
        command.SetAction((parsed, _) => Certfn.EndAsync(() => Task.FromResult(Run(new DataFolder(parsed.GetValue(Certfn.Data)!), parsed.GetValue(org)!))));
        return command;
    }

    static int Run(DataFolder folder, string org)
    {
        if (!OrgId.TryParse(org, out var ledger))
            throw new MendableException($"'{org}' is not an org's name: name one with --org.", exitCode: ExitCode.Usage);
        // Keys first: they say that this is a service's folder, before a name is made in it.
        var keys = ServiceKeys.LoadLog(folder);
        // As it is, not through a terminal's line breaking: it is one word.
        foreach (var key in keys.Known(folder.LogName(null).Origin(ledger)))
            Console.Out.WriteLine(key);
        return ExitCode.Ok;
    }
}
