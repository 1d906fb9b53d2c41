using CertFunctions.Core.Ledger;

namespace CertFunctions.Sqlite;

/// <summary>Entries that extend one ledger: compare-and-swap on its head, entries and new head in one transaction.</summary>
sealed class AppendEntries(LedgerHead expected, IReadOnlyList<ChainedEvent> entries) : WriteUnit
{
    readonly TaskCompletionSource<LedgerAppendOutcome> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    LedgerAppendOutcome? outcome;

    public Task<LedgerAppendOutcome> Done => done.Task;

    public override int Events => entries.Count;

    public override long Bytes => entries.Count * 200L;

    public override void Apply(WriteSession session)
    {
        outcome = new LedgerAppendOutcome.Conflict();
        // Every check comes before the first write, so that a conflict leaves nothing behind in the group's transaction.
        var found = Find(session);
        if (found is { } row ? row.Size != expected.Size || row.Hash != expected.Hash || AnyChained(session, row.LastEvent) : expected.Size != 0)
            return;
        var (key, lastEvent) = found is { } there ? (there.Key, there.LastEvent) : (Add(session), 0);

        foreach (var entry in entries)
        {
            if (entry.Index % LedgerHead.SegmentLength == 0)
                session.OpenSegment.Bind(1, key).Bind(2, entry.Index / LedgerHead.SegmentLength).Bind(3, entry.PreviousHash.AsSpan()).Run();
            session.InsertEntry.Bind(1, key).Bind(2, entry.Index).Bind(3, entry.Event.Handle).Bind(4, entry.LeafHash.AsSpan())
                .Bind(5, entry.Hash.AsSpan()).Bind(6, entry.Mac.AsSpan()).Bind(7, entry.KeyId).Run();
            lastEvent = Math.Max(lastEvent, entry.Event.Handle);
        }

        var last = entries[^1];
        session.MoveLedger.Bind(1, last.Index + 1).Bind(2, last.Hash.AsSpan()).Bind(3, lastEvent).Bind(4, key).Run();
        outcome = new LedgerAppendOutcome.Appended(new LedgerHead(expected.Ledger, last.Index + 1, last.Hash) { KeyId = last.KeyId });
    }

    public override void Settle() => done.SetResult(outcome!);

    public override void Fail(Exception e) => done.SetException(e);

    (long Key, long Size, Digest Hash, long LastEvent)? Find(WriteSession session)
    {
        var find = session.FindLedger.Bind(1, expected.Ledger.Value);
        try
        {
            return find.Step() ? (find.Int64(0), find.Int64(1), new Digest(find.Blob(2)), find.Int64(3)) : null;
        }
        finally
        {
            find.Reset();
        }
    }

    long Add(WriteSession session)
    {
        session.AddLedger.Bind(1, expected.Ledger.Value).Bind(2, LedgerHash.Genesis(expected.Ledger).AsSpan()).Run();
        return session.LastRowId;
    }

    bool AnyChained(WriteSession session, long lastEvent)
    {
        foreach (var entry in entries)
        {
            // Above the highest position chained nothing is; that is nearly always the case, and costs no look-up.
            if (entry.Event.Handle > lastEvent)
                continue;
            var there = session.IsChained.Bind(1, entry.Event.Handle).Step();
            session.IsChained.Reset();
            if (there)
                return true;
        }

        return false;
    }
}
