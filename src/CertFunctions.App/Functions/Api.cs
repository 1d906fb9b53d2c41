using CertFunctions.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace CertFunctions.App.Functions;

/// <summary>
/// The calls of the API, one function for each route and method of <see cref="Endpoints.All"/>. The credential is checked inside the endpoint, as in the local
/// host, so the platform asks for none.
/// </summary>
public sealed class Api(Endpoints endpoints)
{
    const string ProjectEvents = "api/v1/projects/{project}/events";
    const string CertificateEvents = "api/v1/projects/{project}/certificates/{id}/events";
    const string SubjectEvents = "api/v1/projects/{project}/subjects/{kind}/{id}/events";
    const string Certificates = "api/v1/projects/{project}/certificates";
    const string Certificate = "api/v1/projects/{project}/certificates/{id}";
    const string CertificateDiff = "api/v1/projects/{project}/certificates/{id}/diff";
    const string CertificateProof = "api/v1/projects/{project}/certificates/{id}/events/{eventId}/proof";
    const string SubjectProof = "api/v1/projects/{project}/subjects/{kind}/{id}/events/{eventId}/proof";
    const string CertificateEvidence = "api/v1/projects/{project}/certificates/{id}/evidence";
    const string SubjectEvidence = "api/v1/projects/{project}/subjects/{kind}/{id}/evidence";
    const string LedgerHead = "api/v1/ledger/head";
    const string LedgerEntries = "api/v1/ledger/entries";
    const string LedgerHealth = "api/v1/ledger/health";
    const string LedgerCheckpoint = "api/v1/ledger/checkpoint";
    const string LedgerTile = "api/v1/ledger/tile/{*path}";
    const string LedgerConsistency = "api/v1/ledger/consistency";
    const string Sinks = "api/v1/siem/sinks";
    const string Timers = "api/v1/timers";

    /// <summary>Called twice with the same events it stores them once, and answers the second time that they were there.</summary>
    [Function("PostProjectEvents")]
    public Task<IResult> PostProjectEvents([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = ProjectEvents)] HttpRequest request) => endpoints.HandleAsync(request, ProjectEvents);

    /// <summary>Called twice with the same events it stores them once, and answers the second time that they were there.</summary>
    [Function("PostCertificateEvents")]
    public Task<IResult> PostCertificateEvents([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = CertificateEvents)] HttpRequest request) => endpoints.HandleAsync(request, CertificateEvents);

    /// <summary>Called twice with the same events it stores them once, and answers the second time that they were there.</summary>
    [Function("PostSubjectEvents")]
    public Task<IResult> PostSubjectEvents([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = SubjectEvents)] HttpRequest request) => endpoints.HandleAsync(request, SubjectEvents);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetCertificateEvents")]
    public Task<IResult> GetCertificateEvents([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = CertificateEvents)] HttpRequest request) => endpoints.HandleAsync(request, CertificateEvents);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetSubjectEvents")]
    public Task<IResult> GetSubjectEvents([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = SubjectEvents)] HttpRequest request) => endpoints.HandleAsync(request, SubjectEvents);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetCertificates")]
    public Task<IResult> GetCertificates([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Certificates)] HttpRequest request) => endpoints.HandleAsync(request, Certificates);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetCertificate")]
    public Task<IResult> GetCertificate([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Certificate)] HttpRequest request) => endpoints.HandleAsync(request, Certificate);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetCertificateDiff")]
    public Task<IResult> GetCertificateDiff([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = CertificateDiff)] HttpRequest request) => endpoints.HandleAsync(request, CertificateDiff);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetLedgerHead")]
    public Task<IResult> GetLedgerHead([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = LedgerHead)] HttpRequest request) => endpoints.HandleAsync(request, LedgerHead);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetLedgerEntries")]
    public Task<IResult> GetLedgerEntries([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = LedgerEntries)] HttpRequest request) => endpoints.HandleAsync(request, LedgerEntries);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetSinks")]
    public Task<IResult> GetSinks([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Sinks)] HttpRequest request) => endpoints.HandleAsync(request, Sinks);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetLedgerHealth")]
    public Task<IResult> GetLedgerHealth([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = LedgerHealth)] HttpRequest request) => endpoints.HandleAsync(request, LedgerHealth);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetTimers")]
    public Task<IResult> GetTimers([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = Timers)] HttpRequest request) => endpoints.HandleAsync(request, Timers);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetCertificateProof")]
    public Task<IResult> GetCertificateProof([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = CertificateProof)] HttpRequest request) => endpoints.HandleAsync(request, CertificateProof);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetSubjectProof")]
    public Task<IResult> GetSubjectProof([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = SubjectProof)] HttpRequest request) => endpoints.HandleAsync(request, SubjectProof);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetCertificateEvidence")]
    public Task<IResult> GetCertificateEvidence([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = CertificateEvidence)] HttpRequest request) => endpoints.HandleAsync(request, CertificateEvidence);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetSubjectEvidence")]
    public Task<IResult> GetSubjectEvidence([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = SubjectEvidence)] HttpRequest request) => endpoints.HandleAsync(request, SubjectEvidence);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetLedgerCheckpoint")]
    public Task<IResult> GetLedgerCheckpoint([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = LedgerCheckpoint)] HttpRequest request) => endpoints.HandleAsync(request, LedgerCheckpoint);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetLedgerTile")]
    public Task<IResult> GetLedgerTile([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = LedgerTile)] HttpRequest request) => endpoints.HandleAsync(request, LedgerTile);

    /// <summary>Called twice it reads twice.</summary>
    [Function("GetLedgerConsistency")]
    public Task<IResult> GetLedgerConsistency([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = LedgerConsistency)] HttpRequest request) => endpoints.HandleAsync(request, LedgerConsistency);
}
