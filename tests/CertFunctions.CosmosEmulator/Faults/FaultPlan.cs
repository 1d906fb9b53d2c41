namespace CertFunctions.Emulation;

/// <summary>The faults in force. They are tried in the order they were added, and the first that applies is taken.</summary>
public sealed class FaultPlan
{
    /// <summary>As the number of times: every time, until the rule is disposed of.</summary>
    public const int Always = int.MaxValue;

    readonly Lock gate = new();
    readonly List<FaultRule> rules = [];

    /// <summary>Refuses the next requests that match. Nothing is applied.</summary>
    /// <param name="times">How many requests, or <see cref="Always"/>.</param>
    /// <param name="status">408, 429, 449, 503 or another status.</param>
    /// <param name="when">Which requests; every one, when left out.</param>
    /// <param name="subStatus">The <c>x-ms-substatus</c>; for 429 it is 3200 when left out.</param>
    /// <param name="retryAfter">The <c>x-ms-retry-after-ms</c>; for 429 it is 5 ms when left out.</param>
    public FaultRule Fail(int times, int status, Func<EmulatorRequest, bool>? when = null, int? subStatus = null, TimeSpan? retryAfter = null) => Add(
        new FaultEffect.Refuse(
            status,
            subStatus ?? (status == 429 ? Protocol.SubStatus.RequestRateTooLarge : 0),
            retryAfter ?? (status == 429 ? TimeSpan.FromMilliseconds(5) : null)),
        times,
        when);

    /// <summary>Applies the next requests that match and breaks their connections: landed, but the answer is lost.</summary>
    public FaultRule LoseAnswer(int times, Func<EmulatorRequest, bool>? when = null) => Add(new FaultEffect.BreakAfter(), times, when);

    /// <summary>Breaks the connections of the next requests that match; nothing is applied.</summary>
    public FaultRule Disconnect(int times, Func<EmulatorRequest, bool>? when = null) => Add(new FaultEffect.BreakBefore(), times, when);

    /// <summary>Makes the next requests that match wait before they are applied.</summary>
    public FaultRule Delay(int times, TimeSpan by, Func<EmulatorRequest, bool>? when = null) => Add(new FaultEffect.Delay(by), times, when);

    /// <summary>Makes the next requests that match wait, before they are applied, until the rule is disposed of.</summary>
    public FaultRule Hold(int times, Func<EmulatorRequest, bool>? when = null) => Add(new FaultEffect.Hold(), times, when);

    /// <summary>Ends every fault.</summary>
    public void Clear()
    {
        lock (gate)
        {
            foreach (var rule in rules) rule.Dispose();
            rules.Clear();
        }
    }

    internal FaultRule? Take(EmulatorRequest request)
    {
        lock (gate) return rules.Find(rule => rule.Take(request));
    }

    FaultRule Add(FaultEffect effect, int times, Func<EmulatorRequest, bool>? when)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        var rule = new FaultRule(effect, times, when ?? (_ => true));
        lock (gate) rules.Add(rule);
        return rule;
    }
}
