using CertFunctions.Http.Certificates;
using CertFunctions.Http.Ingest;
using CertFunctions.Http.Ledger;
using CertFunctions.Http.Siem;
using CertFunctions.Http.Timeline;
using CertFunctions.Http.Timers;

namespace CertFunctions.Http.Tests.Support;

/// <summary>The calls there are, without a service behind them: what a test of the table, not of a call, needs.</summary>
static class EndpointTable
{
    public static IReadOnlyList<Endpoint> All { get; } = new Endpoints(
        new PostEvents(null!, null!, null!, null!),
        new GetTimeline(null!, null!),
        new GetCertificates(null!, null!, null!),
        new GetCertificate(null!, null!, null!),
        new GetProof(null!, null!, null!, null!),
        new GetLedgerEntries(null!, null!),
        new GetLedgerHealth(null!, null!),
        new GetPublished(null!, null!, null!),
        new GetEvidence(null!, null!),
        new GetSinks(null!, null!, null!),
        new ReplayOneSink(null!, null!),
        new GetTimers(null!, null!)).All;
}
