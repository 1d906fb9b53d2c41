using System.Diagnostics;

namespace CertFunctions.Testing;

/// <summary>Waits on a condition, never on a time: the deadline only bounds how long a failing test takes.</summary>
public static class Eventually
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (deadline ?? TimeSpan.FromSeconds(90)))
                throw new TimeoutException($"it did not come to pass: {what}");
            await Task.Delay(Poll);
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null) => TrueAsync(() => Task.FromResult(condition()), what, deadline);
}
