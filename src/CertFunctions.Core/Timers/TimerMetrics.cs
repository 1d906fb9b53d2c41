using System.Diagnostics.Metrics;

namespace CertFunctions.Core.Timers;

/// <summary>What is measured of timed jobs, under the meter <c>CertFunctions</c>. Labels are bounded: the jobs' names, and <c>success</c> or <c>failure</c>.</summary>
static class TimerMetrics
{
    static readonly Meter Meter = new("CertFunctions");
    static readonly Counter<long> Runs = Meter.CreateCounter<long>("certfn.timer.runs", "{run}", "Runs of a timed job that ended");
    static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("certfn.timer.run.duration", "s", "How long a run of a timed job took");

    public static void Ended(TimerRun run)
    {
        var job = KeyValuePair.Create<string, object?>("job", run.Job);
        var outcome = KeyValuePair.Create<string, object?>("outcome", run.Succeeded ? "success" : "failure");
        Runs.Add(1, job, outcome);
        Duration.Record(run.Took.TotalSeconds, job, outcome);
    }
}
