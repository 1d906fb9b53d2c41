namespace CertFunctions.Testing;

/// <summary>A clock that stands still until a test moves it. Its timers are the system's: nothing under test waits on it.</summary>
public sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    long ticks = now.UtcTicks;

    public static ManualClock Default => new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    /// <summary>Sets it, forward or back.</summary>
    public void SetUtcNow(DateTimeOffset time) => Interlocked.Exchange(ref ticks, time.UtcTicks);

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
