using System.Collections.Frozen;

namespace CertFunctions.Core.Events;

/// <summary>How loud an event is. Ordered; the wire names are the lower-case ones, and syslog's numbers are in <c>docs/event-catalogue.md</c> (R39).</summary>
public enum Severity
{
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

/// <summary>How what the event tells of ended (R22).</summary>
public enum EventStatus
{
    Success,
    Failure,
    Denied,
}

/// <summary>What kind of actor did it (R22).</summary>
public enum ActorType
{
    User,
    ServiceAccount,
    ApiKey,
    System,
}

/// <summary>The wire's spelling of each word, both ways, without reflection.</summary>
public static class Vocabulary
{
    static readonly FrozenDictionary<string, Severity> Severities = Enum.GetValues<Severity>().ToFrozenDictionary(Wire);
    static readonly FrozenDictionary<string, EventStatus> Statuses = Enum.GetValues<EventStatus>().ToFrozenDictionary(Wire);
    static readonly FrozenDictionary<string, ActorType> ActorTypes = Enum.GetValues<ActorType>().ToFrozenDictionary(Wire);

    public static string SeverityNames { get; } = string.Join(", ", Enum.GetValues<Severity>().Select(Wire));

    public static string StatusNames { get; } = string.Join(", ", Enum.GetValues<EventStatus>().Select(Wire));

    public static string ActorTypeNames { get; } = string.Join(", ", Enum.GetValues<ActorType>().Select(Wire));

    public static string Wire(this Severity severity) => severity switch
    {
        Severity.Debug => "debug",
        Severity.Info => "info",
        Severity.Warn => "warn",
        Severity.Error => "error",
        Severity.Critical => "critical",
        _ => throw new ArgumentOutOfRangeException(nameof(severity)),
    };

    public static string Wire(this EventStatus status) => status switch
    {
        EventStatus.Success => "success",
        EventStatus.Failure => "failure",
        EventStatus.Denied => "denied",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    public static string Wire(this ActorType type) => type switch
    {
        ActorType.User => "user",
        ActorType.ServiceAccount => "service_account",
        ActorType.ApiKey => "api_key",
        ActorType.System => "system",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    public static bool TryParse(string? text, out Severity severity) => Severities.TryGetValue(text ?? "", out severity);

    public static bool TryParse(string? text, out EventStatus status) => Statuses.TryGetValue(text ?? "", out status);

    public static bool TryParse(string? text, out ActorType type) => ActorTypes.TryGetValue(text ?? "", out type);
}
