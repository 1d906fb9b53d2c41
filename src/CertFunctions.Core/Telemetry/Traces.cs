using System.Diagnostics;
using System.Text;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Telemetry;

/// <summary>
/// The trace of an event: ingest, chaining and forwarding are one trace, since the event carries the W3C context it was ingested under (its leaf's
/// <c>traceparent</c>) to whoever handles it next. A batch is an activity of its own; each event in it that is sampled gets one in its own trace, linked to the batch's.
/// </summary>
public static class Traces
{
    public static readonly ActivitySource Source = new(Instruments.Name);

    /// <summary>
    /// Notes a step that was done for these events, from <paramref name="started"/> until now, in each event's own trace. Costs a check when nobody listens; an event
    /// without a context, or one that its producer did not sample, costs a search in its leaf.
    /// </summary>
    public static void Done(string step, IEnumerable<RecordedEvent> events, DateTimeOffset? started, params ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (!Source.HasListeners())
            return;
        var batch = Activity.Current?.Context ?? default;
        ActivityLink[]? links = batch != default ? [new ActivityLink(batch)] : null;
        foreach (var e in events)
        {
            if (ContextOf(e.Leaf.Span) is not { } context || !context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
                continue;
            using var activity = Source.CreateActivity(step, ActivityKind.Internal, context, links: links);
            if (activity is null)
                continue;
            if (started is { } from)
                activity.SetStartTime(from.UtcDateTime);
            activity.SetTag("certfn.org", e.Address.Org.Value).SetTag("certfn.project", e.Address.Project.Value);
            if (e.Address.Subject.Kind == Subject.Certificate)
                activity.SetTag("certfn.certificate", e.Address.Subject.Id);
            foreach (var (name, value) in tags)
                activity.SetTag(name, value);
            activity.Start();
        }
    }

    /// <summary>The context an event was ingested under; null where its leaf has none.</summary>
    public static ActivityContext? ContextOf(ReadOnlySpan<byte> leaf) =>
        Member(leaf, ",\"traceparent\":\""u8, TraceparentLength) is { } text && ActivityContext.TryParse(text, null, isRemote: true, out var context) ? context : null;

    /// <summary>When an event was recorded, as its leaf says; null where it does not.</summary>
    public static DateTimeOffset? RecordedAt(ReadOnlySpan<byte> leaf)
    {
        var start = leaf.LastIndexOf(",\"recorded_at\":\""u8);
        if (start < 0)
            return null;
        var value = leaf[(start + ",\"recorded_at\":\""u8.Length)..];
        var end = value.IndexOf((byte)'"');
        return end > 0 && Rfc3339.TryParse(Encoding.ASCII.GetString(value[..end]), out var time) ? time : null;
    }

    const int TraceparentLength = 55;

    /// <summary>
    /// A member that follows the leaf's last object of free content, found from the end: a quote inside a string stands there with its backslash, so no text
    /// can look like the member's name.
    /// </summary>
    static string? Member(ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> opening, int length)
    {
        var start = leaf.LastIndexOf(opening);
        return start >= 0 && leaf.Length > start + opening.Length + length && leaf[start + opening.Length + length] == (byte)'"'
            ? Encoding.ASCII.GetString(leaf.Slice(start + opening.Length, length))
            : null;
    }
}
