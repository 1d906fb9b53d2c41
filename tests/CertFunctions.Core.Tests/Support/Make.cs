using System.Text;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Tests.Support;

/// <summary>Events and ledgers for tests, the shortest that are right.</summary>
static class Make
{
    public static readonly OrgId Acme = OrgId.Parse("acme");

    public static readonly ProjectId Web = ProjectId.Parse("web");

    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly LedgerKeys Keys = new("k2", new Dictionary<string, byte[]> { ["k1"] = Bytes(32, 1), ["k2"] = Bytes(32, 2) });

    static readonly CountedBytes Random = new();

    public static byte[] Bytes(int count, byte first) => [.. Enumerable.Range(0, count).Select(i => (byte)(first + 7 * i))];

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    public static SubjectAddress Address(string id, OrgId? org = null) => new(org ?? Acme, Web, Subject.Parse("review", id));

    public static StampedEvent Stamped(SubjectAddress address, string id, string data = "{}")
    {
        var json = Json($$"""{"id":"{{id}}","type":"ext.acme.reviewed","subject":{"kind":"{{address.Subject.Kind}}","id":"{{JsonEncodedText.Encode(address.Subject.Id)}}"},"actor":{"type":"user","id":"u-1","name":"Ann"},"data":{{data}}}""");
        var accepted = Assert.IsType<ParsedEvent.Accepted>(EventParser.Parse(json, null, Noon));
        return StampedEvent.Stamp(accepted.Event, address.Org, address.Project, null, Noon, Random);
    }

    public static RecordedEvent Recorded(SubjectAddress address, long seq, string data = "{}")
    {
        var stamped = Stamped(address, $"e-{seq}", data);
        return stamped.Record(seq, stamped.Leaf(seq));
    }

    /// <summary>Events of one subject, seqs from 1.</summary>
    public static IReadOnlyList<RecordedEvent> Events(int count, OrgId? org = null, string subject = "s-1") =>
        [.. Enumerable.Range(1, count).Select(seq => Recorded(Address(subject, org), seq, $$$"""{"n":{{{seq}}},"personal":{"who":"p{{{seq}}}"}}"""))];

    /// <summary>A ledger over those events, linked here step by step as the format page says.</summary>
    public static IReadOnlyList<ChainedEvent> Ledger(IReadOnlyList<RecordedEvent> events, LedgerKeys? keys = null)
    {
        keys ??= Keys;
        var entries = new List<ChainedEvent>();
        for (var i = 0; i < events.Count; i++)
        {
            var previous = i == 0 ? LedgerHash.Genesis(events[0].Address.Org) : entries[i - 1].Hash;
            var leafHash = LedgerHash.Leaf(events[i].Leaf.Span);
            var hash = LedgerHash.Entry(i, previous, leafHash);
            entries.Add(new ChainedEvent { Index = i, PreviousHash = previous, LeafHash = leafHash, Hash = hash, Mac = keys.Mac(hash), KeyId = keys.CurrentId, Event = events[i] });
        }

        return entries;
    }

    public static IReadOnlyList<ChainedEvent> Ledger(int count) => Ledger(Events(count));

    public static LedgerHead HeadOf(IReadOnlyList<ChainedEvent> entries, OrgId? org = null) =>
        entries.Count == 0 ? LedgerHead.Empty(org ?? Acme) : new LedgerHead(entries[0].Event.Address.Org, entries.Count, entries[^1].Hash);

    public static string Utf8(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);
}
