using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace CertFunctions.Core.Telemetry;

/// <summary>
/// What the service measures of itself (R45), each instrument once, here. Values of labels come from short lists (outcomes, job names, routes as they are
/// declared, sinks by name): never an org, a subject, a path or a message, so that the number of series does not grow with use. Without a listener a call costs
/// a check. <c>docs/telemetry.md</c> lists them.
/// </summary>
public static class Instruments
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "CertFunctions";

    static readonly Meter Meter = new(Name);

    /// <summary>Submitted events, by <c>outcome</c>: recorded, duplicate, conflict, busy, full, refused.</summary>
    public static readonly Counter<long> Ingested = Meter.CreateCounter<long>("certfn.events.ingested", "{event}", "Submitted events, by what became of them");

    /// <summary>Events that became entries of a ledger.</summary>
    public static readonly Counter<long> Chained = Meter.CreateCounter<long>("certfn.events.chained", "{event}", "Events that became entries of a ledger");

    /// <summary>Seconds from recording an event to its entry: of each batch the oldest.</summary>
    public static readonly Histogram<double> ChainDelay = Meter.CreateHistogram<double>("certfn.chain.delay", "s", "From recording an event to its ledger entry, the oldest of each batch");

    /// <summary>Appends to ledgers, by <c>outcome</c>: appended, conflict, failed.</summary>
    public static readonly Counter<long> LedgerAppends = Meter.CreateCounter<long>("certfn.ledger.appends", "{append}", "Appends to ledgers, by outcome");

    /// <summary>1 while the last check of our own ledgers found them whole, 0 when it did not. Set by whoever checks.</summary>
    public static readonly Gauge<int> LedgerHealth = Meter.CreateGauge<int>("certfn.ledger.health", "1", "1 while the last self-check found the ledgers whole, otherwise 0");

    /// <summary>Batches of a feed, by <c>feed</c> (events, ledger) and <c>outcome</c> (done, failed).</summary>
    public static readonly Counter<long> FeedBatches = Meter.CreateCounter<long>("certfn.feed.batches", "{batch}", "Batches a change feed delivered, by outcome");

    /// <summary>Documents that could not be chained and were put away.</summary>
    public static readonly Counter<long> Quarantined = Meter.CreateCounter<long>("certfn.feed.quarantined", "{document}", "Documents that could not be chained and were put into quarantine");

    /// <summary>Events the feed had passed over and the reconciler chained. Above zero means that a batch was lost once.</summary>
    public static readonly Counter<long> Reconciled = Meter.CreateCounter<long>("certfn.reconcile.found", "{event}", "Events that the change feed had passed over");

    /// <summary>Entries a sink took, by <c>sink</c>.</summary>
    public static readonly Counter<long> Forwarded = Meter.CreateCounter<long>("certfn.sink.entries", "{entry}", "Ledger entries that a sink took");

    /// <summary>Batches a sink would not take, by <c>sink</c> and <c>error_class</c> (network, auth, io_transient, io_permanent, validation).</summary>
    public static readonly Counter<long> SinkFailures = Meter.CreateCounter<long>("certfn.sink.failures", "{batch}", "Batches that a sink did not take, by class of error");

    /// <summary>Runs of timers, by <c>job</c> and <c>outcome</c> (done, failed, cancelled).</summary>
    public static readonly Counter<long> JobRuns = Meter.CreateCounter<long>("certfn.job.runs", "{run}", "Runs of timed jobs, by outcome");

    /// <summary>Seconds a run of a timer took, by <c>job</c>.</summary>
    public static readonly Histogram<double> JobDuration = Meter.CreateHistogram<double>("certfn.job.duration", "s", "How long a timed job took");

    /// <summary>Announcements of sweeps, by event <c>type</c>.</summary>
    public static readonly Counter<long> Announced = Meter.CreateCounter<long>("certfn.sweep.announced", "{event}", "Events that a sweep recorded");

    /// <summary>Seconds from a request to the end of its answer, by <c>method</c>, <c>route</c> (as declared) and <c>status</c>.</summary>
    public static readonly Histogram<double> HttpDuration = Meter.CreateHistogram<double>("certfn.http.request.duration", "s", "From a request to the end of its answer");

    /// <summary>Requests under way, by <c>method</c> and <c>route</c>.</summary>
    public static readonly UpDownCounter<long> HttpActive = Meter.CreateUpDownCounter<long>("certfn.http.requests.active", "{request}", "Requests under way");

    /// <summary>Checks that found a ledger broken, by <c>scope</c> (tail, whole).</summary>
    public static readonly Counter<long> LedgerBreaks = Meter.CreateCounter<long>("certfn.ledger.breaks", "{break}", "Checks that found a ledger broken");

    /// <summary>Events found missing from the ledger after their time.</summary>
    public static readonly Counter<long> LedgerOverdue = Meter.CreateCounter<long>("certfn.ledger.overdue", "{event}", "Events found missing from the ledger after their time");

    /// <summary>Entries the service has verified of its own ledgers, by <c>scope</c>.</summary>
    public static readonly Counter<long> LedgerChecked = Meter.CreateCounter<long>("certfn.ledger.checked", "{entry}", "Entries the service has verified of its own ledgers");

    /// <summary>Seconds since the newest checkpoint of the ledger that is worst off was signed, at the end of each run of publishing.</summary>
    public static readonly Gauge<double> CheckpointAge = Meter.CreateGauge<double>("certfn.checkpoint.age", "s", "Age of the newest checkpoint, of all ledgers the oldest");

    /// <summary>Checkpoints a witness did not cosign, by <c>witness</c> (as configured) and <c>reason</c>: unreachable, refused, ahead.</summary>
    public static readonly Counter<long> WitnessFailures = Meter.CreateCounter<long>("certfn.witness.failures", "{checkpoint}", "Checkpoints that a witness did not cosign, by reason");

    static Instruments() => Meter.CreateObservableGauge("certfn.sink.lag", SinkLag.Observe, "s", "Age of the oldest entry that a sink does not have yet; 0 when it has all");

    /// <summary>A label.</summary>
    public static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    /// <summary>Counts what a sweep announced.</summary>
    public static void Swept(Expiry.SweepReport report)
    {
        foreach (var (type, count) in report.Announced)
            Announced.Add(count, Label("type", type));
    }

    /// <summary>Handles a batch of a feed, counted. What it throws is thrown on: the feed will deliver the batch again.</summary>
    public static async Task BatchAsync(string feed, Func<Task> handle)
    {
        var outcome = "failed";
        try
        {
            await handle().ConfigureAwait(false);
            outcome = "done";
        }
        finally
        {
            FeedBatches.Add(1, Label("feed", feed), Label("outcome", outcome));
        }
    }

    /// <summary>Runs a timed job, counted and timed. What it throws is thrown on.</summary>
    public static async Task RunAsync(Timers.ITimedJob job, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (name, started, outcome) = (Label("job", job.Name), clock.GetTimestamp(), "failed");
        using var activity = Traces.Source.StartActivity(job.Name);
        try
        {
            await job.RunAsync(cancellationToken).ConfigureAwait(false);
            outcome = "done";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            outcome = "cancelled";
            throw;
        }
        catch (Exception e)
        {
            activity?.SetStatus(ActivityStatusCode.Error, e.Message);
            throw;
        }
        finally
        {
            JobRuns.Add(1, name, Label("outcome", outcome));
            JobDuration.Record(clock.GetElapsedTime(started).TotalSeconds, name);
        }
    }
}
