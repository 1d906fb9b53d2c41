using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace CertFunctions.App;

/// <summary><c>GET /api/healthz</c>: the worker answers. Run twice it answers twice.</summary>
public sealed class HealthFunction
{
    [Function("Health")]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "healthz")] HttpRequest request) => Results.Text("ok\n");
}
