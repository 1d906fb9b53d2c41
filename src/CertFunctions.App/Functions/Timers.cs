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

    /// <summary>Announces certificates that end. Run twice, the second time finds each announcement made.</summary>
    [Function("Sweep")]
    public Task Sweep([TimerTrigger("%SweepSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("expiry-sweep", cancellationToken);

    /// <summary>Publishes tiles and a signed checkpoint. Run twice it publishes the same tiles, and another checkpoint of the same tree.</summary>
    [Function("PublishCheckpoints")]
    public Task PublishCheckpoints([TimerTrigger("%CheckpointSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("publish-checkpoints", cancellationToken);

    /// <summary>Looks for events that are not in the ledger in time. Run twice, the second time tells of each as the same event.</summary>
    [Function("WatchInclusion")]
    public Task WatchInclusion([TimerTrigger("%InclusionSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("watch-inclusion", cancellationToken);

    /// <summary>Verifies what was chained since the last time. Run twice, the second time finds nothing new to verify.</summary>
    [Function("CheckTail")]
    public Task CheckTail([TimerTrigger("%SelfCheckSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("check-tail", cancellationToken);

    /// <summary>Verifies the whole record once a day, some minutes at a time. Run twice, the second time goes on from where the first one ended.</summary>
    [Function("CheckLedger")]
    public Task CheckLedger([TimerTrigger("%CheckLedgerSchedule%")] TimerInfo timer, CancellationToken cancellationToken) => run.HandleAsync("check-ledger", cancellationToken);
}
