using System.Collections.Frozen;
using System.Text.Json.Serialization;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Certificates;

/// <summary>Where a certificate stands. The wire's names are in <see cref="CertificateStatuses"/>.</summary>
[JsonConverter(typeof(CertificateStatusJson))]
public enum CertificateStatus
{
    /// <summary>Nothing was told that decides it: only downloads, say.</summary>
    Unknown,
    Requested,
    Approved,

    /// <summary>A first issuance waits at a Microsoft CA. A renewal that waits leaves the status and has <see cref="CertificateState.Pending"/>.</summary>
    Pending,
    Active,

    /// <summary>Valid, and the last attempt to renew it failed.</summary>
    RenewalFailed,
    Revoked,
    Expired,

    /// <summary>Another certificate of the project covers its names for longer.</summary>
    Superseded,

    /// <summary>It left the inventory.</summary>
    Deleted,
}

/// <summary>The wire's spelling of each status, both ways.</summary>
public static class CertificateStatuses
{
    static readonly FrozenDictionary<string, CertificateStatus> All = Enum.GetValues<CertificateStatus>().ToFrozenDictionary(Wire);

    public static string Names { get; } = string.Join(", ", Enum.GetValues<CertificateStatus>().Select(Wire));

    public static string Wire(this CertificateStatus status) => status switch
    {
        CertificateStatus.Unknown => "unknown",
        CertificateStatus.Requested => "requested",
        CertificateStatus.Approved => "approved",
        CertificateStatus.Pending => "pending",
        CertificateStatus.Active => "active",
        CertificateStatus.RenewalFailed => "renewal_failed",
        CertificateStatus.Revoked => "revoked",
        CertificateStatus.Expired => "expired",
        CertificateStatus.Superseded => "superseded",
        CertificateStatus.Deleted => "deleted",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    public static bool TryParse(string? text, out CertificateStatus status) => All.TryGetValue(text ?? "", out status);
}

sealed class CertificateStatusJson : JsonConverter<CertificateStatus>
{
    public override CertificateStatus Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) =>
        CertificateStatuses.TryParse(reader.GetString(), out var status) ? status : throw new System.Text.Json.JsonException("not a certificate's status");

    public override void Write(System.Text.Json.Utf8JsonWriter writer, CertificateStatus value, System.Text.Json.JsonSerializerOptions options) => writer.WriteStringValue(value.Wire());
}

/// <summary>Times as every other document here has them.</summary>
sealed class TimeJson : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref System.Text.Json.Utf8JsonReader reader, Type typeToConvert, System.Text.Json.JsonSerializerOptions options) =>
        Rfc3339.TryParse(reader.GetString(), out var time) ? time : throw new System.Text.Json.JsonException("not a time");

    public override void Write(System.Text.Json.Utf8JsonWriter writer, DateTimeOffset value, System.Text.Json.JsonSerializerOptions options)
    {
        Span<byte> utf8 = stackalloc byte[Rfc3339.Longest];
        writer.WriteStringValue(utf8[..Rfc3339.Format(value, utf8)]);
    }
}
