namespace CertFunctions.Core.Timers;

/// <summary>
/// Something to be done again and again: a sweep, a checkpoint, a check of our own record. A host's timer runs it; several hosts may run it at once, and then
/// the job itself sees to it that no harm is done (the timer only spares the work).
/// </summary>
public interface ITimedJob
{
    /// <summary>Its name in settings, leases and metrics: lower-case words joined by <c>-</c>, kept for ever.</summary>
    string Name { get; }

    /// <summary>From the beginning of one run to the beginning of the next.</summary>
    TimeSpan Every { get; }

    /// <summary>One run. Whatever it throws is logged and counted, and the next run comes in its time.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
