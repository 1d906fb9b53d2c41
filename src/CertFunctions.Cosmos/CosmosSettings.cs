using CertFunctions.Core.Expiry;

namespace CertFunctions.Cosmos;

/// <summary>Which account and database, and how to get in.</summary>
public sealed record CosmosSettings
{
    /// <summary>Connection string of the project's own emulator at its default port, with the key every Cosmos emulator is known by.</summary>
    public const string EmulatorConnection =
        "AccountEndpoint=http://127.0.0.1:8081/;AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==;";

    /// <summary>Either a connection string (<c>AccountEndpoint=…;AccountKey=…;</c>), or an account's endpoint alone, which is then entered with the process's Entra identity.</summary>
    public required string Connection { get; init; }

    /// <summary>The database. 1 to 255 characters.</summary>
    public string Database { get; init; } = "certfunctions";

    /// <summary>Whether a host makes what is missing of the database before it starts: for an emulator, which begins empty each time. Elsewhere whoever deploys does.</summary>
    public bool ProvisionAtStart { get; init; }

    /// <summary>By which certificates' due times are computed as their events come. The same for every service on a database; <see cref="ReplanExpiry"/> sees to what others computed.</summary>
    public ExpiryPolicies Policies { get; init; } = ExpiryPolicies.Default;
}

/// <summary>A store that cannot be used as it is, with what to do about it. The message is for a person.</summary>
public sealed class CosmosStoreException(string message, Exception? inner = null) : Exception(message, inner);
