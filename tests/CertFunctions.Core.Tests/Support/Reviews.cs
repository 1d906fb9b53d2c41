using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Support;

/// <summary>Reviews, the shortest events that are right, and the ledger over them, under the second of its keys.</summary>
static class Reviews
{
    public static readonly LedgerKeys Keys = new("k2", new Dictionary<string, byte[]> { ["k1"] = Make.Bytes(32, 1), ["k2"] = Make.Bytes(32, 2) });

    static readonly SeededRandom Random = new();

    public static SubjectAddress Address(string id, OrgId? org = null) => new(org ?? Make.Org, Make.Project, Subject.Parse("review", id));

    public static StampedEvent Stamped(SubjectAddress address, string id, string data = "{}")
    {
        var submitted = Make.Submitted($$"""{"id":"{{id}}","type":"ext.acme.reviewed","subject":{"kind":"{{address.Subject.Kind}}","id":"{{JsonEncodedText.Encode(address.Subject.Id)}}"},"actor":{"type":"user","id":"u-1","name":"Ann"},"data":{{data}}}""");
        return StampedEvent.Stamp(submitted, address.Org, address.Project, null, Make.Now, Random);
    }

    public static RecordedEvent Recorded(SubjectAddress address, long seq, string data = "{}")
    {
        var stamped = Stamped(address, $"e-{seq}", data);
        return stamped.Record(seq, stamped.Leaf(seq));
    }

    /// <summary>Events of one subject, seqs from 1.</summary>
    public static IReadOnlyList<RecordedEvent> Events(int count, OrgId? org = null, string subject = "s-1") =>
        [.. Enumerable.Range(1, count).Select(seq => Recorded(Address(subject, org), seq, $$$"""{"n":{{{seq}}},"personal":{"who":"p{{{seq}}}"}}"""))];

    public static IReadOnlyList<ChainedEvent> Ledger(IReadOnlyList<RecordedEvent> events, LedgerKeys? keys = null) => Make.Chain(events, keys ?? Keys);

    public static IReadOnlyList<ChainedEvent> Ledger(int count) => Ledger(Events(count));

    public static LedgerHead HeadOf(IReadOnlyList<ChainedEvent> entries, OrgId? org = null) =>
        entries.Count == 0 ? LedgerHead.Empty(org ?? Make.Org) : new LedgerHead(entries[0].Event.Address.Org, entries.Count, entries[^1].Hash);
}
