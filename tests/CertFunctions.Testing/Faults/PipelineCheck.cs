using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Timeline;
using CertFunctions.Core.Verification;
using CertFunctions.Testing.Contracts;

namespace CertFunctions.Testing.Faults;

/// <summary>
/// The one checker of a pipeline at rest: every acknowledged event stands exactly once under the seq it was answered with, seqs are gap-free, the
/// ledger holds each event once and verifies, and the SIEM's file holds every index in order and verifies too.
/// </summary>
public static class PipelineCheck
{
    public static async Task AssertWholeAsync(StoreUnderTest store, string siemFile, IReadOnlyCollection<(EventId Id, SubjectAddress Address, long Seq)> acknowledged, OrgId? org = null)
    {
        var ledger = org ?? Make.Org;
        var recorded = new Dictionary<(SubjectAddress, EventId), long>();
        foreach (var subject in acknowledged.Select(a => a.Address).Distinct())
        {
            var events = await TimelineAsync(store, subject);
            Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Seq));
            foreach (var e in events)
                Assert.True(recorded.TryAdd((subject, e.Id), e.Seq), $"{e.Id} of {subject} stands twice");
        }

        Assert.All(acknowledged, a => Assert.Equal(a.Seq, recorded[(a.Address, a.Id)]));
        Assert.Equal(acknowledged.Select(a => (a.Address, a.Id)).Distinct().Count(), recorded.Count);

        var entries = await EntriesAsync(store, ledger);
        Assert.Equal(recorded.Count, entries.Count);
        Assert.Equal(recorded.Keys.ToHashSet(), entries.Select(e => (e.Event.Address, e.Event.Id)).ToHashSet());
        using (var verifier = new LedgerVerifier(ledger, Make.Keys))
        {
            foreach (var entry in entries)
                verifier.Push(Row(entry));
            var (head, _) = await store.Ledger.CatchUpAsync(ledger, [], default);
            Assert.Equal(Verdict.Valid, verifier.Complete(head).Verdict);
        }

        using var lines = new VerifyLines(Make.Keys);
        lines.Push(await File.ReadAllBytesAsync(siemFile));
        var report = lines.Complete(null);
        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.Equal(entries.Count, report.Entries);
    }

    static async Task<IReadOnlyList<RecordedEvent>> TimelineAsync(StoreUnderTest store, SubjectAddress subject)
    {
        var all = new List<RecordedEvent>();
        var query = new TimelineQuery { Address = subject, Order = TimelineOrder.OldestFirst };
        for (long? from = null; ;)
        {
            var slice = await store.Events.ReadTimelineAsync(query, from, 500, default);
            all.AddRange(slice.Events);
            if ((from = slice.ContinueFrom) is null)
                return all;
        }
    }

    static async Task<IReadOnlyList<ChainedEvent>> EntriesAsync(StoreUnderTest store, OrgId ledger)
    {
        var all = new List<ChainedEvent>();
        while (await store.Ledger.ReadAsync(ledger, all.Count, 1000, default) is { Count: > 0 } entries)
            all.AddRange(entries);
        return all;
    }

    static LedgerRow Row(ChainedEvent e) => new()
    {
        Index = e.Index,
        PreviousHash = e.PreviousHash.AsSpan().ToArray(),
        LeafHash = e.LeafHash.AsSpan().ToArray(),
        Hash = e.Hash.AsSpan().ToArray(),
        Mac = e.Mac.AsSpan().ToArray(),
        KeyId = e.KeyId,
        Leaf = e.Event.Leaf.Span,
        Salt = e.Event.Salt.Span,
        Personal = e.Event.Personal.Span,
    };
}
