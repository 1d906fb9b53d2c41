using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CertFunctions.Core.Certificates;

/// <summary>
/// What a certificate's events, in the order of their seqs, come to (R29). Immutable; <see cref="CertificateFold"/> makes the next of one and an event, and
/// says what each event does. Stores keep it in its JSON form (<see cref="ToJson()"/>) with the subject's head.
/// </summary>
public sealed record CertificateState
{
    /// <summary>Version of the JSON form and of the fold behind it, its member <c>v</c>: what was written under another is made anew from the events.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Before the first event.</summary>
    public static readonly CertificateState None = new();

    [JsonInclude]
    internal int V { get; init; } = CurrentVersion;

    /// <summary>As of the last event. What a reader is shown at a time is <see cref="StatusAt"/>.</summary>
    public CertificateStatus Status { get; init; }

    /// <summary>Which certificate it is now, and for how long; null before it was issued.</summary>
    public CertificateValidity? Validity { get; init; }

    public string? Issuer { get; init; }

    public string? Subject { get; init; }

    /// <summary>The names it is for, lower-case: subject alternative names, or the subject's common name where there are none.</summary>
    public CertificateNames Names { get; init => field = value ?? CertificateNames.None; } = CertificateNames.None;

    public RenewalNote? LastRenewal { get; init; }

    /// <summary>Failed renewals in a row since the current validity began.</summary>
    public int Failures { get; init; }

    /// <summary>The last of <see cref="Failures"/>.</summary>
    public FailureNote? LastFailure { get; init; }

    /// <summary>The last distribution of the current validity.</summary>
    public DistributionNote? Distribution { get; init; }

    /// <summary>The request that waits at a Microsoft CA.</summary>
    public PendingRequest? Pending { get; init; }

    /// <summary>When the CA suggests to renew (RFC 9773); of the current validity.</summary>
    public RenewalWindow? Window { get; init; }

    /// <summary>What was said of the current validity's end.</summary>
    public ExpirySaid Said { get; init => field = value ?? ExpirySaid.Nothing; } = ExpirySaid.Nothing;

    /// <summary>The certificate that covers this one, while <see cref="Status"/> is superseded: its id as a subject of the project.</summary>
    public string? SupersededBy { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>A validity that was warned of and is no more the current one, until <c>cert.expiry_cleared</c> says so.</summary>
    public OwedClearance? Owed { get; init; }

    /// <summary>Events that occurred before the one that set the validity that was current when they came.</summary>
    public int Late { get; init; }

    /// <summary>Events whose time of occurrence lies more than <see cref="CertificateFold.Skew"/> ahead of the time they were recorded.</summary>
    public int Skewed { get; init; }

    /// <summary>Whether the last event was one of <see cref="Late"/>.</summary>
    public bool LastLate { get; init; }

    /// <summary>Whether the last event was one of <see cref="Skewed"/>.</summary>
    public bool LastSkewed { get; init; }

    /// <summary>The status as a reader at that time is shown it: what is past its end reads as expired, whether or not a sweep has said so.</summary>
    public CertificateStatus StatusAt(DateTimeOffset now) =>
        Status is CertificateStatus.Active or CertificateStatus.RenewalFailed && Validity is { } validity && validity.NotAfter <= now ? CertificateStatus.Expired : Status;

    /// <summary>The state as UTF-8 JSON, version <see cref="CurrentVersion"/>: equal states give equal bytes.</summary>
    public void ToJson(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        JsonSerializer.Serialize(json, this, CertificateJson.Default.CertificateState);
    }

    /// <summary>The state as UTF-8 JSON.</summary>
    public byte[] ToJson()
    {
        var bytes = new ArrayBufferWriter<byte>(512);
        ToJson(bytes);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="ToJson()"/> wrote; false for bytes of another version or none, whose state has to be made from the events.</summary>
    public static bool TryRead(ReadOnlySpan<byte> json, out CertificateState state)
    {
        state = None;
        if (json.IsEmpty)
            return false;
        try
        {
            if (JsonSerializer.Deserialize(json, CertificateJson.Default.CertificateState) is not { V: CurrentVersion } read)
                return false;
            state = read;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

/// <summary>One certificate's validity. Two are the same validity where fingerprint and end agree, whatever became of it in between.</summary>
/// <param name="Fingerprint">40 or 64 lower-case hex digits.</param>
/// <param name="NotBefore">First instant it is valid.</param>
/// <param name="NotAfter">From this instant on it counts as expired.</param>
/// <param name="Since">When the event that set it occurred: its time of occurrence, or of recording where that is earlier.</param>
public sealed record CertificateValidity(string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset Since)
{
    /// <summary>Whether that is this validity.</summary>
    public bool Is(string fingerprint, DateTimeOffset notAfter) => Fingerprint == fingerprint && NotAfter == notAfter;
}

/// <summary>A renewal that succeeded, and what set it off.</summary>
public sealed record RenewalNote(DateTimeOffset At, string? Trigger);

/// <summary>A renewal that failed.</summary>
public sealed record FailureNote(DateTimeOffset At, long? Attempt, string? ErrorClass, DateTimeOffset? NextRetryAt);

/// <summary>A distribution. <paramref name="Outcome"/> is succeeded, failed or rolled_back.</summary>
public sealed record DistributionNote(string? Id, string? Module, string Outcome, DateTimeOffset At);

/// <summary>A request that a Microsoft CA holds. <paramref name="TimedOut"/>: <c>cert.msca_pending_timeout</c> was said of it.</summary>
public sealed record PendingRequest(string RequestId, DateTimeOffset Since, bool TimedOut = false);

/// <summary>The window in which the CA suggests to renew: RFC 9773, suggestedWindow.</summary>
public sealed record RenewalWindow(DateTimeOffset Start, DateTimeOffset End);

/// <summary>A validity whose warning is still open, and since when it need not be: the time its successor began.</summary>
public sealed record OwedClearance(string Fingerprint, DateTimeOffset NotAfter, DateTimeOffset Since);

/// <summary>What was said of one validity's end. A threshold that was said settles every longer one as well.</summary>
/// <param name="Announced">The tightest threshold announced, in days.</param>
/// <param name="Suppressed">The tightest threshold whose announcement was suppressed, in days.</param>
/// <param name="Stalled">That its renewal stalls was said, or suppressed.</param>
/// <param name="Expired">That it expired was said, or suppressed.</param>
/// <param name="Warned">Anything of it was announced, so that a renewal has something to clear.</param>
public sealed record ExpirySaid(int? Announced = null, int? Suppressed = null, bool Stalled = false, bool Expired = false, bool Warned = false)
{
    public static readonly ExpirySaid Nothing = new();

    /// <summary>Whether nothing more is to be said at this threshold.</summary>
    public bool Settles(int threshold) => threshold >= Math.Min(Announced ?? int.MaxValue, Suppressed ?? int.MaxValue);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(TimeJson)])]
[JsonSerializable(typeof(CertificateState))]
sealed partial class CertificateJson : JsonSerializerContext;
