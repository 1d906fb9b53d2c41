using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Testing;

/// <summary>Events and keys as tests need them: right unless a test says otherwise.</summary>
public static class Make
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly OrgId Org = OrgId.Parse("acme");

    public static readonly ProjectId Project = ProjectId.Parse("web");

    static readonly SeededRandom Random = new(7);

    public static LedgerKeys Keys { get; } = new("k1", new Dictionary<string, byte[]> { ["k1"] = SHA256.HashData("a test key"u8) });

    public static SubjectAddress Certificate(string id, OrgId? org = null, ProjectId? project = null) =>
        new(org ?? Org, project ?? Project, Subject.Parse(Subject.Certificate, id));

    /// <summary>A valid event as a producer sends it.</summary>
    public static string Json(string subject = "c1", string? id = null, string type = "cert.downloaded", string data = """{"format":"pem","ip":"192.0.2.7"}""", string? occurredAt = null)
    {
        var members = new List<string>
        {
            $"\"type\":{JsonSerializer.Serialize(type)}",
            $$"""
            "subject":{"kind":"certificate","id":{{JsonSerializer.Serialize(subject)}}}
            """,
            """
            "actor":{"type":"user","id":"u-17","name":"Ada L."}
            """,
            $"\"data\":{data}",
        };
        if (id is not null)
            members.Add($"\"id\":{JsonSerializer.Serialize(id)}");
        if (occurredAt is not null)
            members.Add($"\"occurred_at\":\"{occurredAt}\"");
        return "{" + string.Join(',', members) + "}";
    }

    public static ParsedEvent Parse(string json, DateTimeOffset? now = null)
    {
        using var document = JsonDocument.Parse(json);
        return EventParser.Parse(document.RootElement, null, now ?? Now);
    }

    public static SubmittedEvent Submitted(string json) => Parse(json) switch
    {
        ParsedEvent.Accepted accepted => accepted.Event,
        ParsedEvent.Refused refused => throw new ArgumentException(string.Join("; ", refused.Errors.Select(e => $"{e.Field} {e.Mend}"))),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static StampedEvent Stamped(string subject = "c1", string? id = null, OrgId? org = null, ProjectId? project = null, string type = "cert.downloaded",
        string data = """{"format":"pem","ip":"192.0.2.7"}""", DateTimeOffset? occurredAt = null, DateTimeOffset? now = null) =>
        StampedEvent.Stamp(Submitted(Json(subject, id, type, data, occurredAt is { } at ? Rfc3339.Format(at) : null)), org ?? Org, project ?? Project, null, now ?? Now, Random);

    public static RecordedEvent Recorded(string subject, long seq, OrgId? org = null)
    {
        var stamped = Stamped(subject, $"{subject}-{seq}", org);
        return stamped.Record(seq, stamped.Leaf(seq), Interlocked.Increment(ref handles));
    }

    static long handles;

    /// <summary>The entries of events, as a ledger that began with them would hold them, linked here step by step as the format page says.</summary>
    public static IReadOnlyList<ChainedEvent> Chain(IEnumerable<RecordedEvent> events, LedgerKeys? keys = null)
    {
        var entries = new List<ChainedEvent>();
        foreach (var e in events)
        {
            var previous = entries.Count == 0 ? LedgerHash.Genesis(e.Address.Org) : entries[^1].Hash;
            var leafHash = LedgerHash.Leaf(e.Leaf.Span);
            var hash = LedgerHash.Entry(entries.Count, previous, leafHash);
            entries.Add(new ChainedEvent { Index = entries.Count, PreviousHash = previous, LeafHash = leafHash, Hash = hash, Mac = (keys ?? Keys).Mac(hash), KeyId = (keys ?? Keys).CurrentId, Event = e });
        }

        return entries;
    }

    public static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlyMemory<byte> utf8) => Encoding.UTF8.GetString(utf8.Span);

    /// <summary>Bytes that differ from one to the next.</summary>
    public static byte[] Bytes(int count, byte first) => [.. Enumerable.Range(0, count).Select(i => (byte)(first + 7 * i))];
}
