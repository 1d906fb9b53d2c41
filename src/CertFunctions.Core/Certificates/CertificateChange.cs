using System.Collections.Frozen;
using System.Text.Json;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Certificates;

/// <summary>What kind of thing an event does to a certificate's state. Types that do nothing of their own are <see cref="Other"/>.</summary>
public enum CertificateChangeKind
{
    Other,
    Requested,
    Approved,
    Issued,
    Renewed,
    RenewalFailed,
    RenewalInfo,
    RenewalStalled,
    ExpiringSoon,
    Expired,
    ExpirySuppressed,
    ExpiryCleared,
    Revoked,
    Deleted,
    Distributed,
    DistributionFailed,
    DistributionRolledBack,
    PendingBegan,
    PendingEnded,
    PendingTimedOut,
}

/// <summary>
/// The few fields of one event that a certificate's state is made of. Read once, when the event is stamped, and again from its leaf when a state is made anew;
/// both read the same <c>data</c>. Fields an event does not have, or that are not what the catalogue has, are null: a stored leaf is never refused here.
/// </summary>
public sealed record CertificateChange
{
    static readonly FrozenDictionary<string, CertificateChangeKind> Kinds = new Dictionary<string, CertificateChangeKind>
    {
        ["cert.requested"] = CertificateChangeKind.Requested,
        ["cert.approved"] = CertificateChangeKind.Approved,
        ["cert.issued"] = CertificateChangeKind.Issued,
        ["cert.renewed"] = CertificateChangeKind.Renewed,
        ["cert.renewal_failed"] = CertificateChangeKind.RenewalFailed,
        ["cert.renewal_info"] = CertificateChangeKind.RenewalInfo,
        ["cert.renewal_stalled"] = CertificateChangeKind.RenewalStalled,
        ["cert.expiring_soon"] = CertificateChangeKind.ExpiringSoon,
        ["cert.expired"] = CertificateChangeKind.Expired,
        ["cert.expiry_suppressed"] = CertificateChangeKind.ExpirySuppressed,
        ["cert.expiry_cleared"] = CertificateChangeKind.ExpiryCleared,
        ["cert.revoked"] = CertificateChangeKind.Revoked,
        ["cert.ocsp_revoked"] = CertificateChangeKind.Revoked,
        ["cert.deleted"] = CertificateChangeKind.Deleted,
        ["cert.distributed"] = CertificateChangeKind.Distributed,
        ["cert.distribution_failed"] = CertificateChangeKind.DistributionFailed,
        ["cert.distribution_rolled_back"] = CertificateChangeKind.DistributionRolledBack,
        ["cert.msca_pending"] = CertificateChangeKind.PendingBegan,
        ["cert.msca_approved"] = CertificateChangeKind.PendingEnded,
        ["cert.msca_pending_timeout"] = CertificateChangeKind.PendingTimedOut,
    }.ToFrozenDictionary();

    public required CertificateChangeKind Kind { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    public string? Fingerprint { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    public string? Issuer { get; init; }

    public string? Subject { get; init; }

    /// <summary>Null where the event does not speak of names.</summary>
    public CertificateNames? Names { get; init; }

    public DateTimeOffset? WindowStart { get; init; }

    public DateTimeOffset? WindowEnd { get; init; }

    public string? Trigger { get; init; }

    public long? Attempt { get; init; }

    public string? ErrorClass { get; init; }

    public DateTimeOffset? NextRetryAt { get; init; }

    public string? RequestId { get; init; }

    public string? DistributionId { get; init; }

    /// <summary>The distribution's module.</summary>
    public string? Module { get; init; }

    /// <summary>Days.</summary>
    public int? Threshold { get; init; }

    /// <summary>What was suppressed: the last word of a type's name.</summary>
    public string? Announcement { get; init; }

    public string? SupersededBy { get; init; }

    /// <summary>When it happened, as far as we believe the producer's clock: nothing happened after it was recorded.</summary>
    public DateTimeOffset Effective => OccurredAt < RecordedAt ? OccurredAt : RecordedAt;

    /// <summary>The change an event makes to the state of its subject; null where that is no certificate.</summary>
    /// <param name="subject">Whom it is about.</param>
    /// <param name="type">Wire name.</param>
    /// <param name="data">The payload, a JSON object.</param>
    /// <param name="occurredAt">As printed in the leaf.</param>
    /// <param name="recordedAt">As printed in the leaf.</param>
    public static CertificateChange? Of(Subject subject, string type, ReadOnlySpan<byte> data, DateTimeOffset occurredAt, DateTimeOffset recordedAt)
    {
        if (subject.Kind != Events.Subject.Certificate)
            return null;
        var kind = Kinds.GetValueOrDefault(type);
        if (kind is CertificateChangeKind.Other or CertificateChangeKind.Approved or CertificateChangeKind.Deleted)
            return new CertificateChange { Kind = kind, OccurredAt = occurredAt, RecordedAt = recordedAt };
        return Fields.Read(data).Change(kind, occurredAt, recordedAt);
    }

    /// <summary>The change a recorded event made; null where its subject is no certificate.</summary>
    public static CertificateChange? Of(RecordedEvent recorded)
    {
        if (recorded.Address.Subject.Kind != Events.Subject.Certificate)
            return null;
        var reader = new Utf8JsonReader(recorded.Leaf.Span);
        string? type = null, occurredAt = null, recordedAt = null;
        ReadOnlySpan<byte> data = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8) && reader.Read())
                type = reader.GetString();
            else if (reader.ValueTextEquals("occurred_at"u8) && reader.Read())
                occurredAt = reader.GetString();
            else if (reader.ValueTextEquals("recorded_at"u8) && reader.Read())
                recordedAt = reader.GetString();
            else if (reader.ValueTextEquals("data"u8) && reader.Read())
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                data = recorded.Leaf.Span[start..(int)reader.BytesConsumed];
            }
            else
                reader.Skip();
        }

        return type is not null && Rfc3339.TryParse(occurredAt, out var occurred) && Rfc3339.TryParse(recordedAt, out var written)
            ? Of(recorded.Address.Subject, type, data, occurred, written)
            : throw new InvalidDataException($"the leaf of {recorded.Id} of {recorded.Address} is not one");
    }

    /// <summary>The members of a payload that count, as they stand in it.</summary>
    struct Fields
    {
        string? fingerprint, notBefore, notAfter, issuer, subject, windowStart, windowEnd, renewalWindowStart, renewalWindowEnd, trigger, errorClass, nextRetryAt,
            requestId, distributionId, module, announcement, supersededBy;
        long? attempt, threshold;
        List<string>? names;

        public static Fields Read(ReadOnlySpan<byte> data)
        {
            var fields = default(Fields);
            var reader = new Utf8JsonReader(data);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return fields;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                fields.Take(ref reader);
            return fields;
        }

        void Take(ref Utf8JsonReader reader)
        {
            if (reader.ValueTextEquals("fingerprint"u8))
                fingerprint = Text(ref reader);
            else if (reader.ValueTextEquals("not_before"u8))
                notBefore = Text(ref reader);
            else if (reader.ValueTextEquals("not_after"u8))
                notAfter = Text(ref reader);
            else if (reader.ValueTextEquals("issuer"u8))
                issuer = Text(ref reader);
            else if (reader.ValueTextEquals("subject"u8))
                subject = Text(ref reader);
            else if (reader.ValueTextEquals("subject_alt_names"u8))
                names = Texts(ref reader);
            else if (reader.ValueTextEquals("window_start"u8))
                windowStart = Text(ref reader);
            else if (reader.ValueTextEquals("window_end"u8))
                windowEnd = Text(ref reader);
            else if (reader.ValueTextEquals("renewal_window_start"u8))
                renewalWindowStart = Text(ref reader);
            else if (reader.ValueTextEquals("renewal_window_end"u8))
                renewalWindowEnd = Text(ref reader);
            else if (reader.ValueTextEquals("trigger"u8))
                trigger = Text(ref reader);
            else if (reader.ValueTextEquals("attempt"u8))
                attempt = Number(ref reader);
            else if (reader.ValueTextEquals("error_class"u8))
                errorClass = Text(ref reader);
            else if (reader.ValueTextEquals("next_retry_at"u8))
                nextRetryAt = Text(ref reader);
            else if (reader.ValueTextEquals("request_id"u8))
                requestId = Text(ref reader);
            else if (reader.ValueTextEquals("distribution_id"u8))
                distributionId = Text(ref reader);
            else if (reader.ValueTextEquals("module"u8))
                module = Text(ref reader);
            else if (reader.ValueTextEquals("threshold"u8))
                threshold = Number(ref reader);
            else if (reader.ValueTextEquals("announcement"u8))
                announcement = Text(ref reader);
            else if (reader.ValueTextEquals("superseded_by"u8))
                supersededBy = Text(ref reader);
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        public readonly CertificateChange Change(CertificateChangeKind kind, DateTimeOffset occurredAt, DateTimeOffset recordedAt) => new()
        {
            Kind = kind,
            OccurredAt = occurredAt,
            RecordedAt = recordedAt,
            Fingerprint = fingerprint?.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant(),
            NotBefore = Time(notBefore),
            NotAfter = Time(notAfter),
            Issuer = issuer,
            Subject = subject,
            Names = kind is CertificateChangeKind.Issued or CertificateChangeKind.Renewed ? NamesOf() : null,
            WindowStart = Time(windowStart ?? renewalWindowStart),
            WindowEnd = Time(windowEnd ?? renewalWindowEnd),
            Trigger = trigger,
            Attempt = attempt,
            ErrorClass = errorClass,
            NextRetryAt = Time(nextRetryAt),
            RequestId = requestId,
            DistributionId = distributionId,
            Module = module,
            Threshold = threshold is >= 0 and <= int.MaxValue ? (int)threshold : null,
            Announcement = announcement,
            SupersededBy = supersededBy,
        };

        /// <summary>The alternative names; where there are none, the subject's common name.</summary>
        readonly CertificateNames? NamesOf()
        {
            if (names is { Count: > 0 })
                return CertificateNames.Of(names);
            return subject is not null && CommonName(subject) is { } name ? CertificateNames.Of([name]) : null;
        }

        static DateTimeOffset? Time(string? text) => Rfc3339.TryParse(text, out var time) ? time : null;

        /// <summary>A text; a whole number as its digits, for an identifier may be one.</summary>
        static string? Text(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
                return reader.GetString();
            if (reader.TokenType == JsonTokenType.Number)
                return System.Text.Encoding.ASCII.GetString(reader.ValueSpan);
            reader.Skip();
            return null;
        }

        static long? Number(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
                return number;
            reader.Skip();
            return null;
        }

        static List<string>? Texts(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                return null;
            }

            var texts = new List<string>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.String)
                    texts.Add(reader.GetString()!);
                else
                    reader.Skip();
            }

            return texts;
        }
    }

    /// <summary>The first common name of a distinguished name as RFC 4514 or OpenSSL's one line print it; null where it has none.</summary>
    internal static string? CommonName(string distinguishedName)
    {
        for (var at = 0; at < distinguishedName.Length;)
        {
            var end = at;
            while (end < distinguishedName.Length && distinguishedName[end] is not (',' or '+' or ';' or '/'))
                end += distinguishedName[end] == '\\' ? 2 : 1;
            end = Math.Min(end, distinguishedName.Length);
            var part = distinguishedName.AsSpan(at, end - at).Trim();
            if (part.StartsWith("CN", StringComparison.OrdinalIgnoreCase))
            {
                var value = part[2..].TrimStart();
                if (value.StartsWith("=") && value[1..].Trim() is { IsEmpty: false } name)
                    return name.ToString();
            }

            at = end + 1;
        }

        return null;
    }
}
