namespace CertFunctions.Emulation;

/// <summary>
/// One fault: what it happens to, how often, and what happens. Removing it (or disposing it) stops it; requests it holds
/// are let go.
/// </summary>
public sealed class FaultRule : IDisposable
{
    readonly Lock gate = new();
    readonly Func<EmulatorRequest, bool> when;
    readonly TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<(int Hits, TaskCompletionSource Reached)> waiting = [];
    int remaining;
    int hits;

    internal FaultRule(FaultEffect effect, int times, Func<EmulatorRequest, bool> when)
    {
        Effect = effect;
        remaining = times;
        this.when = when;
    }

    /// <summary>How many requests this has happened to.</summary>
    public int Hits
    {
        get { lock (gate) return hits; }
    }

    internal FaultEffect Effect { get; }

    internal Task Released => released.Task;

    /// <summary>Completes once the fault has happened this many times.</summary>
    public Task HitAsync(int count = 1)
    {
        lock (gate)
        {
            if (hits >= count) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add((count, reached));
            return reached.Task;
        }
    }

    /// <summary>Ends the fault and lets go of what it holds.</summary>
    public void Dispose()
    {
        lock (gate) remaining = 0;
        released.TrySetResult();
    }

    internal bool Take(EmulatorRequest request)
    {
        lock (gate)
        {
            if (remaining <= 0 || !when(request)) return false;
            if (remaining != int.MaxValue) remaining--;
            hits++;
            foreach (var (count, reached) in waiting)
                if (hits >= count)
                    reached.TrySetResult();

            return true;
        }
    }
}
