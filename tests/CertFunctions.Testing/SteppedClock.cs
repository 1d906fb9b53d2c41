namespace CertFunctions.Testing;

/// <summary>A clock that moves when a test moves it, and whose timers go off as it passes them: for what waits, and is not to be waited for.</summary>
public sealed class SteppedClock(DateTimeOffset now) : TimeProvider
{
    readonly Lock gate = new();
    readonly List<Timer> waiting = [];
    DateTimeOffset now = now;
    long elapsed;

    public static SteppedClock Default => new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    /// <summary>Timers that have not gone off.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
            return now;
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (gate)
            return elapsed;
    }

    /// <summary>Lets time pass: what waits for it goes off, in its order.</summary>
    public void Advance(TimeSpan by)
    {
        List<Timer> due;
        lock (gate)
        {
            now += by;
            elapsed += by.Ticks;
            due = [.. waiting.Where(t => t.At <= elapsed).OrderBy(t => t.At)];
            waiting.RemoveAll(due.Contains);
        }

        foreach (var timer in due)
            timer.GoOff();
    }

    /// <summary>Sets the clock, as an operator does: no time passes, and nothing goes off.</summary>
    public void Set(TimeSpan by)
    {
        lock (gate)
            now += by;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
            throw new NotSupportedException("timers of this clock go off once");
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    sealed class Timer(SteppedClock clock, Action goOff) : ITimer
    {
        public long At { get; private set; }

        public void GoOff() => goOff();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.waiting.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                At = clock.elapsed + dueTime.Ticks;
                clock.waiting.Add(this);
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
                clock.waiting.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
