using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;

namespace CertFunctions.Core.Expiry;

/// <summary>
/// Something a sweep has to say of one certificate. Its id follows from the validity and what is said of it, so it is said once for ever; what is left of the
/// time, which differs from sweep to sweep, is no part of the id.
/// </summary>
public abstract record ExpiryAnnouncement
{
    ExpiryAnnouncement()
    {
    }

    /// <summary>Wire name of the event.</summary>
    public abstract string Type { get; }

    /// <summary>Identity of the event among those of its subject.</summary>
    public abstract EventId Id { get; }

    /// <summary>Since when it could have been said.</summary>
    public required DateTimeOffset Due { get; init; }

    /// <summary>Why it is said, as a sentence for people.</summary>
    public abstract string Why { get; }

    /// <summary>The validity ends within a threshold.</summary>
    public sealed record ExpiringSoon(CertificateValidity Validity, int Threshold) : ExpiryAnnouncement
    {
        public override string Type => "cert.expiring_soon";

        public override EventId Id => Of("expiring", Key(Validity), Number(Threshold));

        public override string Why => $"it ends at {Rfc3339.Format(Validity.NotAfter)}, and its threshold of {Threshold} days was reached at {Rfc3339.Format(Due)}";

        protected override void WriteData(Utf8JsonWriter json, DateTimeOffset now)
        {
            var left = Validity.NotAfter - now;
            json.WriteNumber("days_remaining"u8, (long)left.TotalDays);
            json.WriteNumber("threshold"u8, Threshold);
            json.WriteNumber("seconds_remaining"u8, (long)left.TotalSeconds);
            WriteValidity(json, Validity);
        }
    }

    /// <summary>The validity ended.</summary>
    public sealed record Expired(CertificateValidity Validity) : ExpiryAnnouncement
    {
        public override string Type => "cert.expired";

        public override EventId Id => Of("expired", Key(Validity));

        public override string Why => $"it ended at {Rfc3339.Format(Validity.NotAfter)}";

        protected override void WriteData(Utf8JsonWriter json, DateTimeOffset now)
        {
            json.WriteNumber("expired_for"u8, (long)(now - Validity.NotAfter).TotalSeconds);
            WriteValidity(json, Validity);
        }
    }

    /// <summary>Renewing it fails in the last window before its end.</summary>
    public sealed record RenewalStalled(CertificateValidity Validity, int Failures) : ExpiryAnnouncement
    {
        public override string Type => "cert.renewal_stalled";

        public override EventId Id => Of("stalled", Key(Validity));

        public override string Why => $"its renewal failed at {Rfc3339.Format(Due)}, and it ends at {Rfc3339.Format(Validity.NotAfter)}";

        protected override void WriteData(Utf8JsonWriter json, DateTimeOffset now)
        {
            json.WriteNumber("failures"u8, Failures);
            json.WriteNumber("seconds_remaining"u8, (long)(Validity.NotAfter - now).TotalSeconds);
            WriteValidity(json, Validity);
        }
    }

    /// <summary>Another certificate covers it, so what would have been said is not: <paramref name="Instead"/>.</summary>
    public sealed record Suppressed(CertificateValidity Validity, ExpiryAnnouncement Instead, string SupersededBy) : ExpiryAnnouncement
    {
        public override string Type => "cert.expiry_suppressed";

        public override EventId Id => EventId.Parse($"suppressed-{Instead.Id.Value}");

        public override string Why => $"{Instead.Type} is not said: {SupersededBy} covers its names for longer";

        protected override void WriteData(Utf8JsonWriter json, DateTimeOffset now)
        {
            json.WriteString("announcement"u8, Instead.Type["cert.".Length..]);
            if (Instead is ExpiringSoon soon)
                json.WriteNumber("threshold"u8, soon.Threshold);
            json.WriteString("reason"u8, "superseded"u8);
            json.WriteString("superseded_by"u8, SupersededBy);
            WriteValidity(json, Validity);
        }
    }

    /// <summary>A validity that was warned of has a successor.</summary>
    public sealed record Cleared(OwedClearance Owed, CertificateValidity Now) : ExpiryAnnouncement
    {
        public override string Type => "cert.expiry_cleared";

        public override EventId Id => Of("cleared", Key(Owed.Fingerprint, Owed.NotAfter));

        public override string Why => $"it was warned of the end at {Rfc3339.Format(Owed.NotAfter)}, and it is renewed";

        protected override void WriteData(Utf8JsonWriter json, DateTimeOffset now)
        {
            json.WriteString("fingerprint"u8, Owed.Fingerprint);
            json.WriteString("not_after"u8, Rfc3339.Format(Owed.NotAfter));
            json.WriteString("new_fingerprint"u8, Now.Fingerprint);
            json.WriteString("new_not_after"u8, Rfc3339.Format(Now.NotAfter));
        }
    }

    /// <summary>A request waits at a Microsoft CA for longer than <see cref="ExpiryPolicy.PendingFor"/> (R17).</summary>
    public sealed record PendingTimeout(PendingRequest Request) : ExpiryAnnouncement
    {
        public override string Type => "cert.msca_pending_timeout";

        // Of the time as well: a CA counts its requests anew after a restore.
        public override EventId Id => Of("msca-timeout", Hash($"{Request.RequestId}\n{Rfc3339.Format(Request.Since)}"));

        public override string Why => $"its request {Request.RequestId} waits since {Rfc3339.Format(Request.Since)}";

        protected override void WriteData(Utf8JsonWriter json, DateTimeOffset now) => json.WriteString("request_id"u8, Request.RequestId);
    }

    /// <summary>The announcement as an event, to be appended right after <paramref name="seq"/>: not at all where something happened to the certificate meanwhile.</summary>
    public StampedEvent Stamp(SubjectAddress address, long seq, DateTimeOffset now, RandomNumberGenerator random) =>
        OwnEvent.Of(address, Type, Id, now, random, json => WriteData(json, now)).Following(seq);

    /// <summary>The members of the event's payload.</summary>
    protected abstract void WriteData(Utf8JsonWriter json, DateTimeOffset now);

    /// <summary>A validity in 32 hex digits: the first half of SHA-256(fingerprint ‖ LF ‖ not_after).</summary>
    static string Key(CertificateValidity validity) => Key(validity.Fingerprint, validity.NotAfter);

    static string Key(string fingerprint, DateTimeOffset notAfter) => Hash($"{fingerprint}\n{Rfc3339.Format(notAfter)}");

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    static EventId Of(params ReadOnlySpan<string> parts) => EventId.Parse(string.Join('-', parts));

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    static void WriteValidity(Utf8JsonWriter json, CertificateValidity validity)
    {
        json.WriteString("fingerprint"u8, validity.Fingerprint);
        json.WriteString("not_after"u8, Rfc3339.Format(validity.NotAfter));
    }
}
