using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Benchmarks;

/// <summary>The events that everything here is measured with: three types as producers send them, leaves of 600 to 800 bytes, ids of 36 characters.</summary>
static class Workload
{
    public static readonly OrgId Org = OrgId.Parse("local");

    public static readonly ProjectId Project = ProjectId.Parse("default");

    /// <summary>The key of every ledger here, as a data folder's <c>keys/hmac-1.key</c> holds it.</summary>
    public static readonly byte[] Key = SHA256.HashData("benchmark"u8);

    public static LedgerKeys Keys { get; } = new("hmac-1", new Dictionary<string, byte[]> { ["hmac-1"] = Key });

    static readonly RandomNumberGenerator Random = RandomNumberGenerator.Create();

    static readonly string[] Types =
    [
        """
        "type":"cert.renewed","data":{"trigger":"scheduler","fingerprint":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","not_before":"2026-03-01T00:00:00Z","not_after":"2026-05-30T00:00:00Z","issuer":"CN=Example Issuing CA 3, O=Example","key_algorithm":"EC P-256"}
        """,
        """
        "type":"cert.distributed","data":{"distribution_id":"dist-20260301-001","module":"nginx","targets_succeeded":["web-01.example.com","web-02.example.com","web-03.example.com"]}
        """,
        """
        "type":"cert.downloaded","data":{"format":"pem","actor":"ada@example.com","ip":"192.0.2.7"}
        """,
    ];

    static readonly SubmittedEvent[] Templates = [.. Enumerable.Range(0, Types.Length).Select(i => Submitted(Json("c", "e", i)))];

    /// <summary>An event as its producer sends it.</summary>
    public static string Json(string subject, string id, int kind) =>
        $$$"""{"id":"{{{id}}}","subject":{"kind":"certificate","id":"{{{subject}}}"},"actor":{"type":"user","id":"u-17","name":"Ada Lovelace"},"occurred_at":"2026-03-01T11:59:58.25Z",{{{Types[kind % Types.Length].Trim()}}}}""";

    /// <summary>A number as an id of a UUID's length.</summary>
    public static string Id(long number) => "00000000-0000-7000-8000-" + number.ToString("x12", CultureInfo.InvariantCulture);

    public static string Certificate(long number) => "cert-" + number.ToString("d8", CultureInfo.InvariantCulture);

    public static StampedEvent Stamped(string subject, long number) =>
        StampedEvent.Stamp(Templates[number % Templates.Length] with { Id = EventId.Parse(Id(number)), Subject = Subject.Parse(Subject.Certificate, subject) }, Org, Project, null, DateTimeOffset.UtcNow, Random);

    public static ParsedEvent Parse(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return EventParser.Parse(document.RootElement, null, DateTimeOffset.UtcNow);
    }

    static SubmittedEvent Submitted(string json) => Parse(System.Text.Encoding.UTF8.GetBytes(json)) switch
    {
        ParsedEvent.Accepted accepted => accepted.Event,
        ParsedEvent.Refused refused => throw new InvalidOperationException(string.Join("; ", refused.Errors.Select(e => $"{e.Field} {e.Mend}"))),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
