using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timers;

namespace CertFunctions.Core.Expiry;

/// <summary>The sweep on a timer: due times are brought to the policies first, then what is due is said, and <c>expiry.swept</c> tells of the run in the operator's org.</summary>
/// <param name="replan">Brings due times to the policies.</param>
/// <param name="sweep">Says what is due.</param>
/// <param name="events">Where the run's summary goes.</param>
/// <param name="operatorOrg">Whose ledger it goes to.</param>
/// <param name="every">From one run to the next.</param>
/// <param name="random">For the summary's salt.</param>
/// <param name="swept">Told of each run, for metrics.</param>
public sealed class ExpirySweepJob(ReplanExpiry replan, SweepExpiry sweep, IEventStore events, OrgId operatorOrg, TimeSpan every, RandomNumberGenerator random, Action<SweepReport>? swept = null)
    : ITimedJob
{
    public string Name => "expiry-sweep";

    public TimeSpan Every => every;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var replanned = await replan.HandleAsync(cancellationToken).ConfigureAwait(false);
        var report = await sweep.HandleAsync(cancellationToken).ConfigureAwait(false);
        swept?.Invoke(report);
        await TellAsync(report, replanned).ConfigureAwait(false);
    }

    /// <summary>If we die before this, the run's work stands and only its summary is missing.</summary>
    async Task TellAsync(SweepReport report, long replanned)
    {
        var address = new SubjectAddress(operatorOrg, OwnEvent.Project, Subject.Parse("timer", Name));
        // Two sweeps that began in the same instant leave one summary.
        var id = EventId.Parse($"swept-{report.At.UtcTicks.ToString(CultureInfo.InvariantCulture)}");
        await events.AppendAsync([OwnEvent.Of(address, "expiry.swept", id, report.At, random, json =>
        {
            report.Write(json);
            json.WriteNumber("late_by"u8, (long)report.LateBy.TotalSeconds);
            json.WriteNumber("replanned"u8, replanned);
        })], CancellationToken.None).ConfigureAwait(false);
    }
}
