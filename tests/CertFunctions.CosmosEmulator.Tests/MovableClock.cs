namespace CertFunctions.Emulation.Tests;

/// <summary>A clock that moves when it is told to.</summary>
sealed class MovableClock : TimeProvider
{
    long ticks = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);
}
