using CertFunctions.Core.Certificates;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Testing.Faults;

/// <summary>The ports a pipeline writes through, each write subject to a plan.</summary>
public sealed class FaultyEventStore(IEventStore inner, FaultPlan plan) : IEventStore
{
    public Task<IReadOnlyList<AppendOutcome>> AppendAsync(IReadOnlyList<StampedEvent> events, CancellationToken cancellationToken) =>
        plan.RunAsync("append events", () => inner.AppendAsync(events, cancellationToken));

    public Task<TimelineSlice> ReadTimelineAsync(TimelineQuery query, long? fromSeq, int limit, CancellationToken cancellationToken) =>
        inner.ReadTimelineAsync(query, fromSeq, limit, cancellationToken);
}

public sealed class FaultyCertificateStore(ICertificateStore inner, FaultPlan plan) : ICertificateStore
{
    public Task<CertificateHead?> ReadAsync(SubjectAddress address, CancellationToken cancellationToken) => inner.ReadAsync(address, cancellationToken);

    public Task<CertificatePage> ListAsync(CertificateQuery query, CertificatePlace? from, int limit, CancellationToken cancellationToken) => inner.ListAsync(query, from, limit, cancellationToken);

    public Task<CertificateCounts> CountAsync(OrgId org, ProjectId project, DateTimeOffset now, IReadOnlyList<int> withinDays, CancellationToken cancellationToken) =>
        inner.CountAsync(org, project, now, withinDays, cancellationToken);

    public Task<HeadsPage> ReadDueAsync(DateTimeOffset now, string? position, int limit, CancellationToken cancellationToken) => inner.ReadDueAsync(now, position, limit, cancellationToken);

    public Task<IReadOnlyList<CertificateHead?>> FindSupersederAsync(IReadOnlyList<CertificateHead> heads, DateTimeOffset now, CancellationToken cancellationToken) =>
        inner.FindSupersederAsync(heads, now, cancellationToken);

    public Task<bool> RescheduleAsync(SubjectAddress address, long expectedSeq, DateTimeOffset? due, CancellationToken cancellationToken) =>
        plan.RunAsync("reschedule", () => inner.RescheduleAsync(address, expectedSeq, due, cancellationToken));

    public Task<HeadsPage> ScanAsync(string? position, int limit, CancellationToken cancellationToken) => inner.ScanAsync(position, limit, cancellationToken);
}

public sealed class FaultyLedgerStore(ILedgerStore inner, FaultPlan plan) : ILedgerStore
{
    public int MaxAppend => inner.MaxAppend;

    public Task<LedgerStanding> CatchUpAsync(OrgId ledger, IReadOnlyList<RecordedEvent> candidates, CancellationToken cancellationToken) =>
        inner.CatchUpAsync(ledger, candidates, cancellationToken);

    public Task<LedgerAppendOutcome> AppendAsync(LedgerHead expected, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) =>
        plan.RunAsync("append entries", () => inner.AppendAsync(expected, entries, cancellationToken));

    public Task<IReadOnlyList<ChainedEvent>> ReadAsync(OrgId ledger, long from, int limit, CancellationToken cancellationToken) =>
        inner.ReadAsync(ledger, from, limit, cancellationToken);

    public Task<EventStanding> FindAsync(SubjectAddress address, EventId id, CancellationToken cancellationToken) => inner.FindAsync(address, id, cancellationToken);

    public Task<IReadOnlyList<OrgId>> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);
}

public sealed class FaultyPositionStore(IPositionStore inner, FaultPlan plan) : IPositionStore
{
    public Task<string?> GetAsync(string reader, CancellationToken cancellationToken) => inner.GetAsync(reader, cancellationToken);

    public Task SaveAsync(string reader, string position, CancellationToken cancellationToken) => plan.RunAsync($"save position of {reader}", async () =>
    {
        await inner.SaveAsync(reader, position, cancellationToken);
        return true;
    });

    public Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken) =>
        plan.RunAsync($"save position of {reader}", () => inner.TryMoveAsync(reader, expected, position, cancellationToken));
}

public sealed class FaultySink(ISink inner, FaultPlan plan) : ISink
{
    public string Name => inner.Name;

    public Task<SinkOutcome> SendAsync(OrgId ledger, IReadOnlyList<ChainedEvent> entries, CancellationToken cancellationToken) =>
        plan.RunAsync("send to sink", () => inner.SendAsync(ledger, entries, cancellationToken));
}
