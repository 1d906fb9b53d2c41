using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using CertFunctions.Core.Certificates;

namespace CertFunctions.Core.Events;

/// <summary>
/// An event with everything but its seq: authorised, addressed, timed and salted, its leaf printed except for one number. Stage between
/// submitted and recorded, made outside the store's writer so that the writer has little to do.
/// </summary>
public sealed class StampedEvent
{
    /// <summary>Version of the leaf format, its member <c>v</c>.</summary>
    public const int LeafVersion = 1;

    public const int SaltBytes = 32;

    readonly byte[] beforeSeq;
    readonly byte[] afterSeq;

    StampedEvent(byte[] beforeSeq, byte[] afterSeq) => (this.beforeSeq, this.afterSeq) = (beforeSeq, afterSeq);

    public required SubjectAddress Address { get; init; }

    public required EventId Id { get; init; }

    public required SubmittedEvent Submitted { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>32 random bytes; with <see cref="SubmittedEvent.Personal"/> they make the commitment in the leaf.</summary>
    public required ReadOnlyMemory<byte> Salt { get; init; }

    /// <summary>What it does to the state of the certificate it is about; null where it is about none. Read here, so that the store's writer need not.</summary>
    public CertificateChange? Change { get; private init; }

    /// <summary>The seq its subject's head must have for it to be appended, 0 for no events yet; null where any will do.</summary>
    public long? Follows { get; private init; }

    /// <summary>Bytes this event takes in a store, near enough to bound a queue with.</summary>
    public int Weight => beforeSeq.Length + afterSeq.Length + Submitted.Personal.Length + SaltBytes;

    /// <summary>Stamps an event. <paramref name="traceparent"/> is the W3C trace context it came under, already checked.</summary>
    public static StampedEvent Stamp(SubmittedEvent submitted, OrgId org, ProjectId project, string? traceparent, DateTimeOffset now, RandomNumberGenerator random)
    {
        // The record's clock has the grain of what it prints, so that what is compared later is what was printed.
        var recordedAt = now.ToUniversalTime();
        var occurredAt = submitted.OccurredAt ?? recordedAt;
        var salt = new byte[SaltBytes];
        random.GetBytes(salt);
        var id = submitted.Id ?? NewId(recordedAt, random);

        var before = new ArrayBufferWriter<byte>(320 + submitted.Data.Length);
        Member(before, "{\"actor\":{\"type\":"u8, submitted.ActorType.Wire());
        before.Write("}"u8);
        if (submitted.CorrelationId is { } correlationId)
            Member(before, ",\"correlation_id\":"u8, correlationId);
        before.Write(",\"data\":"u8);
        before.Write(submitted.Data.Span);
        Member(before, ",\"id\":"u8, id.Value);
        Member(before, ",\"module\":"u8, submitted.Type.Module);
        Member(before, ",\"occurred_at\":"u8, Rfc3339.Format(occurredAt));
        Member(before, ",\"org_id\":"u8, org.Value);
        Member(before, ",\"personal\":"u8, Convert.ToHexStringLower(PersonalPart.Commit(salt, submitted.Personal.Span)));
        Member(before, ",\"project_id\":"u8, project.Value);
        Member(before, ",\"recorded_at\":"u8, Rfc3339.Format(recordedAt));
        before.Write(",\"seq\":"u8);

        var after = new ArrayBufferWriter<byte>(256);
        Member(after, ",\"severity\":"u8, submitted.Severity.Wire());
        Member(after, ",\"status\":"u8, submitted.Status.Wire());
        Member(after, ",\"subject\":{\"id\":"u8, submitted.Subject.Id);
        Member(after, ",\"kind\":"u8, submitted.Subject.Kind);
        after.Write("}"u8);
        if (submitted.SubmittedType is { } submittedType)
            Member(after, ",\"submitted_type\":"u8, submittedType);
        if (traceparent is not null)
            Member(after, ",\"traceparent\":"u8, traceparent);
        Member(after, ",\"type\":"u8, submitted.Type.Name);
        after.Write(",\"v\":1}"u8);

        return new StampedEvent(before.WrittenSpan.ToArray(), after.WrittenSpan.ToArray())
        {
            Address = new SubjectAddress(org, project, submitted.Subject),
            Id = id,
            Submitted = submitted,
            OccurredAt = occurredAt,
            RecordedAt = recordedAt,
            Salt = salt,
            Change = CertificateChange.Of(submitted.Subject, submitted.Type.Name, submitted.Data.Span, occurredAt, recordedAt),
        };
    }

    /// <summary>The same event, to be appended only right after that seq of its subject.</summary>
    public StampedEvent Following(long seq) => new(beforeSeq, afterSeq)
    {
        Address = Address,
        Id = Id,
        Submitted = Submitted,
        OccurredAt = OccurredAt,
        RecordedAt = RecordedAt,
        Salt = Salt,
        Change = Change,
        Follows = seq,
    };

    /// <summary>The leaf, whole: RFC 8785 JSON, built once for the seq the store gave and never printed again.</summary>
    public byte[] Leaf(long seq)
    {
        Span<byte> digits = stackalloc byte[20];
        seq.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        var leaf = new byte[beforeSeq.Length + length + afterSeq.Length];
        beforeSeq.CopyTo(leaf, 0);
        digits[..length].CopyTo(leaf.AsSpan(beforeSeq.Length));
        afterSeq.CopyTo(leaf, beforeSeq.Length + length);
        return leaf;
    }

    /// <summary>The event as it stands once the store has given it <paramref name="seq"/>.</summary>
    public RecordedEvent Record(long seq, ReadOnlyMemory<byte> leaf, long handle = 0) => new()
    {
        Address = Address,
        Id = Id,
        Seq = seq,
        Leaf = leaf,
        Salt = Salt,
        Personal = Submitted.Personal,
        Handle = handle,
    };

    static void Member(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> opening, string text)
    {
        output.Write(opening);
        CanonicalJson.WriteString(text, output);
    }

    /// <summary>UUIDv7 (RFC 9562, 5.7), so that ids made here sort by time.</summary>
    static EventId NewId(DateTimeOffset now, RandomNumberGenerator random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.GetBytes(bytes);
        Span<byte> milliseconds = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(milliseconds, now.ToUnixTimeMilliseconds());
        milliseconds[2..].CopyTo(bytes);
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return EventId.Parse(new Guid(bytes, bigEndian: true).ToString());
    }
}

/// <summary>
/// The personal part of an event and the commitment to it: SHA-256(salt ‖ part). The leaf holds the commitment, the store holds salt and part;
/// erasing those leaves every proof as it was, and without the 32-byte salt the commitment cannot be guessed back.
/// </summary>
public static class PersonalPart
{
    public static byte[] Commit(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> personal)
    {
        Span<byte> digest = stackalloc byte[32];
        Commit(salt, personal, digest);
        return digest.ToArray();
    }

    public static void Commit(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> personal, Span<byte> digest)
    {
        var length = salt.Length + personal.Length;
        byte[]? rented = null;
        var buffer = length <= 1024 ? stackalloc byte[1024] : (rented = ArrayPool<byte>.Shared.Rent(length));
        salt.CopyTo(buffer);
        personal.CopyTo(buffer[salt.Length..]);
        SHA256.HashData(buffer[..length], digest);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
    }
}
