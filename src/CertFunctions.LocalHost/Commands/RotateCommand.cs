using System.CommandLine;
using System.Security.Cryptography;
using CertFunctions.Core.Notes;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Rotate;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn rotate signing|hmac</c>: a new key, brought in by an entry of the ledger that the log's key in force signs.</summary>
static class RotateCommand
{
    public static Command Create()
    {
        var kind = new Argument<string>("kind") { Description = "signing (the log's key) or hmac (the key of the entries' MACs)", HelpName = "KIND" };
        kind.AcceptOnlyFromAmong("signing", "hmac");
        var command = new Command("rotate", "Bring a new key into force, with the service stopped; what was made under the old one still verifies")
        { kind, Certfn.Data, StoreOptions.Store, StoreOptions.Connection, StoreOptions.Database };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(() => RunAsync(
            new ServeOptions { Data = new DataFolder(parsed.GetValue(Certfn.Data)!), Cosmos = StoreOptions.Cosmos(parsed) },
            parsed.GetValue(kind) == "signing" ? RotatedKey.Signing : RotatedKey.Hmac,
            cancellationToken)));
        return command;
    }

    static async Task<int> RunAsync(ServeOptions options, RotatedKey kind, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(options.Data.Keys))
            throw new MendableException($"There are no keys in {options.Data.Path}: name the data folder of a service that has been started with --data.");
        using var hold = options.Data.Take();
        var keys = ServiceKeys.LoadOrCreate(options.Data);
        await using var store = await LocalStore.OpenAsync(options, keys, cancellationToken).ConfigureAwait(false);
        using var random = RandomNumberGenerator.Create();
        // One after the other: the entry of each is signed with the key in force after the other's.
        keys = await RotateKey.FinishAsync(options, keys, store, CancellationToken.None, except: kind).ConfigureAwait(false);
        // From here on it is carried through: half-way is safe, and not where anyone wants to be.
        var id = await new RotateKey(options, keys, store, random).HandleAsync(kind, CancellationToken.None).ConfigureAwait(false);
        Terminal.Out.MarkupLineInterpolated($"{id} is in force. Keep the keys before it: what they made is checked with them.");
        if (kind == RotatedKey.Signing)
            Console.WriteLine($"Its public key, for those who check this log: {ServiceKeys.LoadLog(options.Data).Signer(options.Data.LogName(null).Origin(options.Org)).Verifier}");
        return ExitCode.Ok;
    }
}
