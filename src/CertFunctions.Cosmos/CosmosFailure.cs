using System.Net;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>The store did not answer, or not in time. Whether a write took effect is not known; whoever asked asks again, and finds out.</summary>
sealed class CosmosUnavailableException(string message, Exception? inner = null) : IOException(message, inner);

static class CosmosFailure
{
    /// <summary>Runs a request; what the service says of itself becomes an exception the ports' callers know.</summary>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> request)
    {
        try
        {
            return await request().ConfigureAwait(false);
        }
        catch (CosmosException e)
        {
            throw Unavailable(e.StatusCode, e);
        }
        catch (HttpRequestException e)
        {
            throw Unavailable(0, e);
        }
    }

    public static CosmosUnavailableException Unavailable(HttpStatusCode status, Exception? inner = null) => new($"Cosmos DB answered {(int)status}", inner);
}
