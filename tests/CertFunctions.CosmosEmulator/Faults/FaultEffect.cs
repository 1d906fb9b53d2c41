namespace CertFunctions.Emulation;

/// <summary>What a fault does to a request.</summary>
abstract record FaultEffect
{
    /// <summary>Answers with an error; nothing is applied.</summary>
    public sealed record Refuse(int Status, int SubStatus, TimeSpan? RetryAfter) : FaultEffect;

    /// <summary>Breaks the connection before anything is applied.</summary>
    public sealed record BreakBefore : FaultEffect;

    /// <summary>Applies the request, then breaks the connection instead of answering.</summary>
    public sealed record BreakAfter : FaultEffect;

    /// <summary>Waits, then goes on.</summary>
    public sealed record Delay(TimeSpan For) : FaultEffect;

    /// <summary>Waits until the rule is disposed of, then goes on.</summary>
    public sealed record Hold : FaultEffect;
}
