namespace CertFunctions.Core.Tests.Support;

/// <summary>A clock that stands still until it is told to move.</summary>
sealed class ManualClock(DateTimeOffset now) : TimeProvider
{
    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;
}
