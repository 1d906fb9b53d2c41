using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using Microsoft.Azure.Cosmos;

namespace CertFunctions.Cosmos;

/// <summary>
/// The appends of one subject in this process, one batch at a time: whatever waits while a batch is under way goes into the next together. Other
/// processes append to the same subject as they like; the head's etag decides between us.
/// </summary>
sealed class SubjectLane(Container container, CertificateHeads heads, SubjectAddress address, Action<SubjectLane> closed)
{
    /// <summary>Events that wait at most: one call of the largest size. What comes beyond it is told to come again.</summary>
    const int MaxWaiting = IngestEvents.MaxBatch;

    readonly Lock gate = new();
    readonly List<Request> waiting = [];
    int waitingEvents;
    bool running, ended;

    /// <summary>Takes the events into the lane; false when the lane has ended.</summary>
    public bool TryEnqueue(IReadOnlyList<StampedEvent> events, out Task<IReadOnlyList<AppendOutcome>> done)
    {
        var request = new Request(events);
        done = request.Done.Task;
        lock (gate)
        {
            if (ended)
                return false;
            if (waiting.Count > 0 && waitingEvents + events.Count > MaxWaiting)
            {
                request.Done.SetResult([.. events.Select(_ => new AppendOutcome.Busy(SubjectAppender.RetryAfter))]);
                return true;
            }

            waiting.Add(request);
            waitingEvents += events.Count;
            if (running)
                return true;
            running = true;
        }

        _ = Task.Run(RunAsync);
        return true;
    }

    async Task RunAsync()
    {
        var appender = new SubjectAppender(container, heads, address);
        while (true)
        {
            List<Request> requests;
            lock (gate)
            {
                if (waiting.Count == 0)
                {
                    ended = true;
                    break;
                }

                requests = [.. waiting];
                waiting.Clear();
                waitingEvents = 0;
            }

            await AppendAsync(appender, requests).ConfigureAwait(false);
        }

        closed(this);
    }

    static async Task AppendAsync(SubjectAppender appender, List<Request> requests)
    {
        try
        {
            var outcomes = await appender.AppendAsync([.. requests.SelectMany(r => r.Events)]).ConfigureAwait(false);
            var at = 0;
            foreach (var request in requests)
            {
                request.Done.SetResult(outcomes.Slice(at, request.Events.Count));
                at += request.Events.Count;
            }
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to those who asked; the lane goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            foreach (var request in requests)
                request.Done.TrySetException(e);
        }
    }

    sealed record Request(IReadOnlyList<StampedEvent> Events)
    {
        public TaskCompletionSource<IReadOnlyList<AppendOutcome>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
