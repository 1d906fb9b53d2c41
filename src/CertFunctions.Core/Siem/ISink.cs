using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem;

/// <summary>
/// One destination of the ledger: a SIEM, a file. The contract, by number:
/// <list type="number">
/// <item><see cref="SinkOutcome.Delivered"/> means the destination has all of the batch as durably as it ever will.</item>
/// <item>Entries come in index order, and a batch may come again, wholly or from some entry on: then the destination gets them again or knows them by (ledger, index).</item>
/// <item>Anything else means nothing is promised of the batch but what <see cref="SinkOutcome.Failed.Taken"/> says; the rest will come again.</item>
/// </list>
/// </summary>
public interface ISink
{
    /// <summary>Its name in settings, positions and status; unique, and kept for ever, as the position hangs on it.</summary>
    string Name { get; }

    /// <summary>Why it cannot be sent again what it had, and what to do instead, as a sentence; null where it can.</summary>
    string? NoReplay => null;

    Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken);
}

/// <summary>What became of a batch handed to a sink.</summary>
public abstract record SinkOutcome
{
    SinkOutcome()
    {
    }

    public sealed record Delivered : SinkOutcome;

    /// <summary>Not now; <paramref name="Reason"/> is for the operator and holds no secret.</summary>
    public sealed record Failed(string Reason) : SinkOutcome
    {
        /// <summary>So many entries at the front of the batch the destination has all the same; they need not come again.</summary>
        public int Taken { get; init; }

        public ErrorClass Class { get; init; } = ErrorClass.Transient;

        /// <summary>How long the destination asks to be left alone; null where it does not say.</summary>
        public TimeSpan? RetryAfter { get; init; }
    }
}

/// <summary>What kind of trouble it is (R46): the first two pass by themselves, the others wait for somebody.</summary>
public enum ErrorClass
{
    /// <summary><c>network</c>: nobody answered, or the line broke.</summary>
    Network,

    /// <summary><c>io_transient</c>: an answer that asks for patience.</summary>
    Transient,

    /// <summary><c>auth</c>: we may not.</summary>
    Auth,

    /// <summary><c>io_permanent</c>: it will be the same next time.</summary>
    Permanent,

    /// <summary><c>validation</c>: what we sent is not taken.</summary>
    Validation,
}

/// <summary>How classes of trouble are spelled in labels, and what they mean for trying again.</summary>
public static class ErrorClasses
{
    /// <summary>As R46 spells it.</summary>
    public static string Wire(this ErrorClass error) => error switch
    {
        ErrorClass.Network => "network",
        ErrorClass.Transient => "io_transient",
        ErrorClass.Auth => "auth",
        ErrorClass.Permanent => "io_permanent",
        ErrorClass.Validation => "validation",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Whether it takes a person to mend it. It is tried again all the same, since nobody tells us when it is mended; only rarely.</summary>
    public static bool NeedsSomebody(this ErrorClass error) => error is ErrorClass.Auth or ErrorClass.Permanent or ErrorClass.Validation;
}
