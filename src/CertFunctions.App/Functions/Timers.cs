using CertFunctions.Core.Timers;
using Microsoft.Azure.Functions.Worker;

namespace CertFunctions.App.Functions;

/// <summary>
/// The timers, one function for each <see cref="ITimedJob"/> that the composition adds. The platform runs a timer on one instance at a time; a job itself sees to it
/// that two at once do no harm.
/// </summary>
public sealed class Timers(RunJob run)
{
    /// <summary>Chains what the feed passed over. Run twice, the second time finds all of it chained.</summary>
    [Function("Reconcile")]
    public Task Reconcile([TimerTrigger("%ReconcileSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("reconcile", cancellationToken);

    /// <summary>Brings every sink up to every ledger. Run twice, the second time finds them caught up.</summary>
    [Function("Forward")]
    public Task Forward([TimerTrigger("%ForwardSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("forward", cancellationToken);
}
