using System.Collections.Frozen;
using CertFunctions.Core.Telemetry;

namespace CertFunctions.Core.Timers;

/// <summary>Runs a job by its name, counted and timed, for a host whose timers only know names.</summary>
public sealed class RunJob(IEnumerable<ITimedJob> jobs, TimeProvider clock)
{
    readonly FrozenDictionary<string, ITimedJob> jobs = jobs.ToFrozenDictionary(j => j.Name);

    public Task HandleAsync(string name, CancellationToken cancellationToken) => Instruments.RunAsync(jobs[name], clock, cancellationToken);
}
