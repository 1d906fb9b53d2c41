using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Core.Timeline;

namespace CertFunctions.Core.Certificates;

/// <summary>
/// A certificate's state now, at a seq and at a time, and what changed between two of these (R29). Now is one read; the past is made from the events, page by
/// page, so that a long history costs time and not memory.
/// </summary>
public sealed class ReadCertificate(ICertificateStore certificates, IEventStore events)
{
    const int PageEvents = 500;

    /// <summary>The state at a point; null where the certificate had no events then.</summary>
    public async Task<CertificateAt?> HandleAsync(SubjectAddress address, CertificatePoint point, CancellationToken cancellationToken)
    {
        switch (point)
        {
            case CertificatePoint.Now:
                return await certificates.ReadAsync(address, cancellationToken).ConfigureAwait(false) is { } head ? new CertificateAt(head.Seq, head.State) : null;
            case CertificatePoint.Seq seq:
                return await FoldAsync(address, seq.Value, null, cancellationToken).ConfigureAwait(false);
            case CertificatePoint.Time time:
                return await FoldAsync(address, long.MaxValue, time.Value, cancellationToken).ConfigureAwait(false);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>What changed from one point to another; null where the certificate had no events at either. A point before its first event is the empty state.</summary>
    public async Task<CertificateChanges?> DiffAsync(SubjectAddress address, CertificatePoint from, CertificatePoint to, CancellationToken cancellationToken)
    {
        var before = await HandleAsync(address, from, cancellationToken).ConfigureAwait(false);
        var after = await HandleAsync(address, to, cancellationToken).ConfigureAwait(false);
        if (before is null && after is null)
            return null;
        before ??= CertificateAt.Beginning;
        after ??= CertificateAt.Beginning;
        return new CertificateChanges(before, after, CertificateDiff.Between(before.State, after.State));
    }

    /// <summary>The fold of the longest run of events from the first on that are at or before the seq and were recorded at or before the time.</summary>
    async Task<CertificateAt?> FoldAsync(SubjectAddress address, long seq, DateTimeOffset? time, CancellationToken cancellationToken)
    {
        var query = new TimelineQuery { Address = address, Order = TimelineOrder.OldestFirst };
        var at = CertificateAt.Beginning;
        for (long? from = null; ;)
        {
            var slice = await events.ReadTimelineAsync(query, from, PageEvents, cancellationToken).ConfigureAwait(false);
            foreach (var e in slice.Events)
            {
                var change = CertificateChange.Of(e) ?? throw new ArgumentException($"{address} is no certificate", nameof(address));
                if (e.Seq > seq || change.RecordedAt > time)
                    return at.Seq == 0 ? null : at;
                at = new CertificateAt(e.Seq, at.State.Apply(change));
            }

            if (slice.ContinueFrom is null)
                return at.Seq == 0 ? null : at;
            from = slice.ContinueFrom;
        }
    }
}

/// <summary>A point in a certificate's history.</summary>
public abstract record CertificatePoint
{
    CertificatePoint()
    {
    }

    public sealed record Now : CertificatePoint;

    /// <summary>After the event of that seq, or the last before it.</summary>
    public sealed record Seq(long Value) : CertificatePoint;

    /// <summary>After the last event of the longest run from the first on that was recorded at or before that time.</summary>
    public sealed record Time(DateTimeOffset Value) : CertificatePoint;
}

/// <summary>A state, and the seq of the last event in it.</summary>
public sealed record CertificateAt(long Seq, CertificateState State)
{
    public static readonly CertificateAt Beginning = new(0, CertificateState.None);
}

/// <summary>Two states and what differs between them.</summary>
public sealed record CertificateChanges(CertificateAt Before, CertificateAt After, IReadOnlyList<CertificateDifference> Differences);
