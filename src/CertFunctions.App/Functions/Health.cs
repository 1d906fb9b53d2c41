using CertFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace CertFunctions.App.Functions;

/// <summary>What the platform asks, one function for each of <see cref="Probes.All"/>.</summary>
public sealed class Health(Probes probes)
{
    const string Healthz = "healthz";
    const string Readyz = "readyz";

    /// <summary>Called twice it answers twice.</summary>
    [Function("Health")]
    public Task<IResult> GetHealth([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Healthz)] HttpRequest request) => probes.HandleAsync(request, Healthz);

    /// <summary>Called twice it asks the store twice.</summary>
    [Function("Ready")]
    public Task<IResult> GetReady([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Readyz)] HttpRequest request) => probes.HandleAsync(request, Readyz);
}
