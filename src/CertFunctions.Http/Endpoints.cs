using System.Collections.Frozen;
using CertFunctions.Core.Events;
using CertFunctions.Http.Certificates;
using CertFunctions.Http.Ingest;
using CertFunctions.Http.Ledger;
using CertFunctions.Http.Siem;
using CertFunctions.Http.Timeline;
using CertFunctions.Http.Timers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CertFunctions.Http;

/// <summary>One call of the API: what a host must map, and nothing about how it does.</summary>
public sealed record Endpoint(string Method, string Route, Func<HttpContext, Task<IResult>> Handle);

/// <summary>The API, as one table that both hosts map. Paths and calls are in <c>docs/api.md</c>.</summary>
public sealed class Endpoints(
    PostEvents postEvents,
    GetTimeline getTimeline,
    GetCertificates getCertificates,
    GetCertificate getCertificate,
    GetProof getProof,
    GetLedgerEntries getLedger,
    GetLedgerHealth getHealth,
    GetPublished getPublished,
    GetEvidence getEvidence,
    GetSinks getSinks,
    ReplayOneSink replaySink,
    GetTimers getTimers)
{
    public const string Base = "/api/v1";

    public IReadOnlyList<Endpoint> All { get; } =
    [
        new("POST", "/projects/{project}/events", http => postEvents.HandleAsync(http, Value(http, "project"))),
        new("POST", "/projects/{project}/certificates/{id}/events", http => postEvents.HandleAsync(http, Value(http, "project"), Subject.Certificate, Value(http, "id"))),
        new("POST", "/projects/{project}/subjects/{kind}/{id}/events", http => postEvents.HandleAsync(http, Value(http, "project"), Value(http, "kind"), Value(http, "id"))),
        new("GET", "/projects/{project}/certificates/{id}/events", http => getTimeline.HandleAsync(http, Value(http, "project"), Subject.Certificate, Value(http, "id"))),
        new("GET", "/projects/{project}/subjects/{kind}/{id}/events", http => getTimeline.HandleAsync(http, Value(http, "project"), Value(http, "kind"), Value(http, "id"))),
        new("GET", "/projects/{project}/certificates", http => getCertificates.HandleAsync(http, Value(http, "project"))),
        new("GET", "/projects/{project}/certificates/{id}", http => getCertificate.HandleAsync(http, Value(http, "project"), Value(http, "id"))),
        new("GET", "/projects/{project}/certificates/{id}/diff", http => getCertificate.HandleDiffAsync(http, Value(http, "project"), Value(http, "id"))),
        new("GET", "/ledger/head", getLedger.HandleHeadAsync),
        new("GET", "/ledger/entries", getLedger.HandleAsync),
        new("GET", "/ledger/health", getHealth.HandleAsync),
        new("GET", "/projects/{project}/certificates/{id}/events/{eventId}/proof",
            http => getProof.HandleInclusionAsync(http, Value(http, "project"), Subject.Certificate, Value(http, "id"), Value(http, "eventId"))),
        new("GET", "/projects/{project}/subjects/{kind}/{id}/events/{eventId}/proof",
            http => getProof.HandleInclusionAsync(http, Value(http, "project"), Value(http, "kind"), Value(http, "id"), Value(http, "eventId"))),
        new("GET", "/projects/{project}/certificates/{id}/evidence", http => getEvidence.HandleAsync(http, Value(http, "project"), Subject.Certificate, Value(http, "id"))),
        new("GET", "/projects/{project}/subjects/{kind}/{id}/evidence", http => getEvidence.HandleAsync(http, Value(http, "project"), Value(http, "kind"), Value(http, "id"))),
        new("GET", "/ledger/checkpoint", getPublished.HandleCheckpointAsync),
        new("GET", "/ledger/tile/{*path}", http => getPublished.HandleTileAsync(http, Value(http, "path"))),
        new("GET", "/ledger/consistency", getProof.HandleConsistencyAsync),
        new("GET", "/siem/sinks", getSinks.HandleAsync),
        new("POST", "/siem/sinks/{name}/replay", http => replaySink.HandleAsync(http, Value(http, "name"))),
        new("GET", "/timers", getTimers.HandleAsync),
    ];

    FrozenDictionary<(string, string), Endpoint>? byRoute;

    /// <summary>
    /// Answers a call by its route, for a host that declares each route itself: <paramref name="route"/> without its opening slash, as it is declared there.
    /// </summary>
    public Task<IResult> HandleAsync(HttpRequest request, string route)
    {
        byRoute ??= All.ToFrozenDictionary(e => (e.Method, $"{Base[1..]}{e.Route}"));
        return MeasuredResult.OfAsync(byRoute[(request.Method, route)], request.HttpContext);
    }

    /// <summary>Maps every call on an ASP.NET Core host.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var endpoint in All)
        {
            RequestDelegate handle = async http => await (await MeasuredResult.OfAsync(endpoint, http).ConfigureAwait(false)).ExecuteAsync(http).ConfigureAwait(false);
            routes.MapMethods(Base + endpoint.Route, [endpoint.Method], handle);
        }
    }

    /// <summary>
    /// A value of the path, decoded. Servers leave an encoded slash as it stands; here it becomes the slash it means, which no id may hold, rather
    /// than three characters that another id could hold too.
    /// </summary>
    static string Value(HttpContext http, string name)
    {
        var value = http.Request.RouteValues[name] as string ?? "";
        return value.Contains("%2F", StringComparison.OrdinalIgnoreCase) && HasEncodedSlash(http) ? value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) : value;
    }

    static bool HasEncodedSlash(HttpContext http) =>
        http.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0].Contains("%2F", StringComparison.OrdinalIgnoreCase) == true;
}
