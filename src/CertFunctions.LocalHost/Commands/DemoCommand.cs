using System.CommandLine;
using CertFunctions.LocalHost.Demo;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn demo</c>: all of it, with this machine's own certificates, in half a minute.</summary>
static class DemoCommand
{
    public static Command Create()
    {
        var certs = new Option<string?>("--certs") { Description = "A folder of certificates (default: the CAs this machine trusts)", HelpName = "FOLDER" };
        var keep = new Option<bool>("--keep") { Description = "Stay up afterwards, to look around" };
        var command = new Command("demo", "Start the pipeline on a free port, record real certificates, verify the ledger, then tamper with a copy") { certs, keep, StoreOptions.Store, StoreOptions.Connection, StoreOptions.Database };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(() => new RunDemo(parsed.GetValue(certs), parsed.GetValue(keep), StoreOptions.Cosmos(parsed)).RunAsync(cancellationToken)));
        return command;
    }
}
