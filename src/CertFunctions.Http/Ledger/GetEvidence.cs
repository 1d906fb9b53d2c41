using System.Diagnostics;
using CertFunctions.Core.Events;
using CertFunctions.Core.Evidence;
using CertFunctions.Http.Access;
using CertFunctions.Http.Wire;
using Microsoft.AspNetCore.Http;

namespace CertFunctions.Http.Ledger;

/// <summary>
/// <c>GET …/certificates/{id}/evidence</c> (R36): the subject's events with their proofs to the newest checkpoint, as one file that anyone verifies without us.
/// Streamed: what goes wrong after the first byte breaks the answer off, and such a file is incomplete to whoever verifies it.
/// </summary>
public sealed class GetEvidence(Door door, WriteEvidence write)
{
    /// <summary>It holds personal parts as a timeline does, and proofs as the ledger does.</summary>
    const Access.Access Needed = Access.Access.Read | Access.Access.Audit;

    public Task<IResult> HandleAsync(HttpContext http, string project, string kind, string subjectId) => door.EnterAsync(http, Needed, project, async (caller, id) =>
    {
        if (!Subject.TryParse(kind, subjectId, out var subject))
            return SubjectProblem.Of(kind);
        return await write.PlanAsync(new SubjectAddress(caller.Org, id, subject), http.RequestAborted).ConfigureAwait(false) switch
        {
            EvidencePlan.Ready ready => new Bundle(write, ready),
            EvidencePlan.NothingPublished => Problem.NotPublished,
            EvidencePlan.NoSubject => Problem.NoSuchSubject,
            _ => throw new UnreachableException(),
        };
    });

    sealed class Bundle(WriteEvidence write, EvidencePlan.Ready plan) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = "application/x-ndjson";
            httpContext.Response.Headers.CacheControl = "no-store";
            return write.WriteAsync(plan, httpContext.Response.Body, httpContext.RequestAborted);
        }
    }
}
