using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>Creates what is missing and checks what is there, by <see cref="CosmosLayout"/>. Running it again changes nothing.</summary>
public static class CosmosProvisioning
{
    /// <summary>Creates the database and its containers where they are missing, and brings index policies and expiry to what they must be. Names what it did.</summary>
    public static async Task<IReadOnlyList<string>> ProvisionAsync(CosmosSettings settings, CancellationToken cancellationToken)
    {
        using var client = CosmosStore.Connect(settings);
        return await TellingAsync(settings, async () =>
        {
            var done = new List<string>();
            var created = await client.CreateDatabaseIfNotExistsAsync(settings.Database, cancellationToken: cancellationToken).ConfigureAwait(false);
            done.Add($"database {settings.Database}: {(created.StatusCode == HttpStatusCode.Created ? "created" : "there")}");
            foreach (var wanted in CosmosLayout.Containers)
                done.Add($"container {wanted.Id}: {await ProvisionAsync(created.Database, wanted, cancellationToken).ConfigureAwait(false)}");
            return done;
        }).ConfigureAwait(false);
    }

    /// <summary>Deletes the database with all that is in it.</summary>
    public static async Task DeleteAsync(CosmosSettings settings, CancellationToken cancellationToken)
    {
        using var client = CosmosStore.Connect(settings);
        await TellingAsync(settings, () => client.GetDatabase(settings.Database).DeleteAsync(cancellationToken: cancellationToken)).ConfigureAwait(false);
    }

    static async Task<string> ProvisionAsync(Database database, ContainerProperties wanted, CancellationToken cancellationToken)
    {
        var container = database.GetContainer(wanted.Id);
        ContainerProperties actual;
        try
        {
            actual = (await container.ReadContainerAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).Resource;
        }
        catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            await database.CreateContainerIfNotExistsAsync(wanted, cancellationToken: cancellationToken).ConfigureAwait(false);
            return "created";
        }

        if (CosmosLayout.Difference(actual, wanted) is not { } difference)
            return "there";
        if (!difference.EndsWith("run 'certfn provision'", StringComparison.Ordinal))
            throw new CosmosStoreException($"The container {wanted.Id} of {database.Id} cannot be used: {difference}");
        actual.IndexingPolicy = wanted.IndexingPolicy;
        actual.DefaultTimeToLive = wanted.DefaultTimeToLive;
        await container.ReplaceContainerAsync(actual, cancellationToken: cancellationToken).ConfigureAwait(false);
        return "brought up to date";
    }

    /// <summary>Throws where a container is missing or not as it must be.</summary>
    internal static Task CheckAsync(Database database, CosmosSettings settings, CancellationToken cancellationToken) => TellingAsync(settings, async () =>
    {
        await database.ReadAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var wanted in CosmosLayout.Containers)
        {
            ContainerProperties actual;
            try
            {
                actual = (await database.GetContainer(wanted.Id).ReadContainerAsync(cancellationToken: cancellationToken).ConfigureAwait(false)).Resource;
            }
            catch (CosmosException e) when (e.StatusCode == HttpStatusCode.NotFound)
            {
                throw new CosmosStoreException($"The database {database.Id} lacks the container {wanted.Id}: run 'certfn provision'", e);
            }

            if (CosmosLayout.Difference(actual, wanted) is { } difference)
                throw new CosmosStoreException($"The container {wanted.Id} of {database.Id} cannot be used: {difference}");
        }

        return true;
    });

    static async Task<T> TellingAsync<T>(CosmosSettings settings, Func<Task<T>> work)
    {
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (CosmosException e)
        {
            throw new CosmosStoreException(Explain(e, settings), e);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or Azure.Identity.AuthenticationFailedException)
        {
            throw new CosmosStoreException(Unreachable(settings), e);
        }
    }

    static string Explain(CosmosException e, CosmosSettings settings) => e.StatusCode switch
    {
        HttpStatusCode.Unauthorized => $"The Cosmos DB account at {Endpoint(settings)} does not take this key: check AccountKey",
        HttpStatusCode.Forbidden => $"The Cosmos DB account at {Endpoint(settings)} refuses this identity: give it the data contributor role on {settings.Database}, and check the account's firewall",
        HttpStatusCode.NotFound => $"The database {settings.Database} at {Endpoint(settings)} is not there: run 'certfn provision'",
        HttpStatusCode.TooManyRequests => $"The Cosmos DB account at {Endpoint(settings)} is throttling: try again, or give {settings.Database} more throughput",
        _ => e.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.RequestTimeout or 0 ? Unreachable(settings) : $"The Cosmos DB account at {Endpoint(settings)} answered {(int)e.StatusCode}: {e.ResponseBody}",
    };

    static string Unreachable(CosmosSettings settings)
    {
        var endpoint = Endpoint(settings);
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || !uri.IsLoopback)
            return $"No Cosmos DB account answers at {endpoint}: check the endpoint and the network";
        var port = settings.Connection == CosmosSettings.EmulatorConnection ? "" : $" -- --port {uri.Port}";
        return $"No Cosmos emulator answers on {uri.Authority}: start it with 'dotnet run --project tests/CertFunctions.CosmosEmulator{port}', or name an account with --cosmos";
    }

    /// <summary>The endpoint alone: a connection string holds a key, wherever in it someone put that, and a message must not.</summary>
    static string Endpoint(CosmosSettings settings)
    {
        const string Name = "AccountEndpoint=";
        var part = settings.Connection.Split(';').Select(p => p.Trim()).FirstOrDefault(p => p.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        return Uri.TryCreate(part is null ? settings.Connection : part[Name.Length..], UriKind.Absolute, out var uri) && uri.Authority.Length > 0 ? $"{uri.Scheme}://{uri.Authority}" : "the endpoint named";
    }
}
