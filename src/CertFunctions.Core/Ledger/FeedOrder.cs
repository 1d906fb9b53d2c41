using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ledger;

/// <summary>A feed may repeat itself and mix the items of one transaction; this is how it is put right.</summary>
public static class FeedOrder
{
    /// <summary>Each event once, and a subject's in the order of their seqs: a feed may repeat itself and mix the items of one transaction.</summary>
    public static IReadOnlyList<RecordedEvent> Of(IEnumerable<RecordedEvent> events)
    {
        var list = new List<RecordedEvent>();
        var seen = new HashSet<(SubjectAddress, long)>();
        var last = new Dictionary<SubjectAddress, long>();
        var sorted = true;
        foreach (var e in events)
        {
            if (!seen.Add((e.Address, e.Seq)))
                continue;
            sorted &= !last.TryGetValue(e.Address, out var before) || before < e.Seq;
            last[e.Address] = e.Seq;
            list.Add(e);
        }

        if (sorted)
            return list;
        // Each subject keeps the places it has in the batch; only its own events change places among themselves.
        var queues = list.GroupBy(e => e.Address).ToDictionary(g => g.Key, g => new Queue<RecordedEvent>(g.OrderBy(e => e.Seq)));
        return [.. list.Select(e => queues[e.Address].Dequeue())];
    }
}
