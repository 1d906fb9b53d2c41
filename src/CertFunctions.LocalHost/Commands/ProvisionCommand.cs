using System.CommandLine;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn provision</c>: the database and containers that <c>--store cosmos</c> needs.</summary>
static class ProvisionCommand
{
    public static Command Create()
    {
        var command = new Command("provision", "Create the Cosmos DB database and containers, or bring them up to date; running it again changes nothing") { StoreOptions.Connection, StoreOptions.Database };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            foreach (var done in await ProvisionAsync(StoreOptions.Account(parsed), cancellationToken).ConfigureAwait(false))
                Terminal.Out.MarkupLineInterpolated($"{done}");
            return ExitCode.Ok;
        }));
        return command;
    }

    public static async Task<IReadOnlyList<string>> ProvisionAsync(CosmosSettings settings, CancellationToken cancellationToken)
    {
        try
        {
            return await CosmosProvisioning.ProvisionAsync(settings, cancellationToken).ConfigureAwait(false);
        }
        catch (CosmosStoreException e)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }
}
