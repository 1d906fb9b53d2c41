using System.CommandLine;
using CertFunctions.Cosmos;
using CertFunctions.LocalHost.Data;

namespace CertFunctions.LocalHost.Commands;

/// <summary>Which store a verb works on: <c>--store</c>, <c>--cosmos</c> and <c>--database</c>.</summary>
static class StoreOptions
{
    public static Option<string> Store { get; } = Named();

    public static Option<string?> Connection { get; } = new("--cosmos")
    {
        Description = "The Cosmos DB account: a connection string, or an endpoint to enter with your Entra identity (default: CERTFN_COSMOS, or the emulator on 127.0.0.1:8081)",
        HelpName = "CONNECTION",
    };

    public static Option<string> Database { get; } = new("--database") { Description = "The database in that account", HelpName = "NAME", DefaultValueFactory = _ => "certfunctions" };

    /// <summary>The Cosmos DB account named, or null for the data folder.</summary>
    public static CosmosSettings? Cosmos(ParseResult parsed) => parsed.GetValue(Store) switch
    {
        "cosmos" => Account(parsed),
        _ when parsed.GetValue(Connection) is not null => throw new MendableException("--cosmos goes with --store cosmos: add it, or leave --cosmos out.", exitCode: ExitCode.Usage),
        _ => null,
    };

    public static CosmosSettings Account(ParseResult parsed) => new()
    {
        // The variable is the better place for a key: a command line is seen by everyone on the machine.
        Connection = parsed.GetValue(Connection) ?? (Environment.GetEnvironmentVariable("CERTFN_COSMOS") is { Length: > 0 } named ? named : CosmosSettings.EmulatorConnection),
        Database = parsed.GetValue(Database)!,
    };

    static Option<string> Named()
    {
        var store = new Option<string>("--store") { Description = "Where the record is kept: sqlite (the data folder) or cosmos", HelpName = "STORE", DefaultValueFactory = _ => "sqlite" };
        store.AcceptOnlyFromAmong("sqlite", "cosmos");
        return store;
    }
}
