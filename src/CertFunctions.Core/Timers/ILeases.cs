namespace CertFunctions.Core.Timers;

/// <summary>
/// Which of several processes does a thing that one is enough for. The contract, by number; every store passes the same suite:
/// <list type="number">
/// <item>A name has one holder at most. Taking is compare-and-swap: of two that try at once, one is told true.</item>
/// <item>A lease runs until the time it was taken or renewed, plus its time to live, by the taker's clock. After that anyone may take it: who died gives way.</item>
/// <item>Who holds a lease may take it again, which renews it. Renewing is refused once someone else has it, or nobody.</item>
/// <item>Releasing lets the next one in at once. It does nothing to a lease that someone else holds.</item>
/// <item>Names do not see each other.</item>
/// <item>A lease that would run further ahead than twice the time to live asked for was made by a clock that has been set back since: it counts as run out.</item>
/// </list>
/// Clocks of different machines differ, and a holder may sleep through its time: a lease spares work, and never protects anything. What it guards must bear
/// being done twice.
/// </summary>
public interface ILeases
{
    /// <summary>Takes the lease for <paramref name="holder"/> from now until <paramref name="timeToLive"/> from now; false while someone else has it.</summary>
    Task<bool> TryTakeAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Prolongs a lease that <paramref name="holder"/> has; false when it has it no longer.</summary>
    Task<bool> RenewAsync(string name, string holder, TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Gives the lease back.</summary>
    Task ReleaseAsync(string name, string holder, CancellationToken cancellationToken);
}

/// <summary>A lease as a store keeps it, and the rules that all stores share.</summary>
public readonly record struct Lease(string Holder, DateTimeOffset Until)
{
    /// <summary>Whether <paramref name="holder"/> may take the name this lease is on.</summary>
    public bool MayTake(string holder, DateTimeOffset now, TimeSpan timeToLive) => Holder == holder || Until <= now || Until > now + 2 * timeToLive;

    /// <summary>Whether <paramref name="holder"/> still has it.</summary>
    public bool IsHeldBy(string holder, DateTimeOffset now) => Holder == holder && Until > now;
}
