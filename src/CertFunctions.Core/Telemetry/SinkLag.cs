using System.Diagnostics.Metrics;
using CertFunctions.Core.Siem;

namespace CertFunctions.Core.Telemetry;

/// <summary>
/// How far each sink is behind: the age of the oldest entry it does not have, over all ledgers this process forwards. It grows while a sink is stalled, without
/// anybody trying. Forwarders are held weakly: one that is gone is no longer asked.
/// </summary>
static class SinkLag
{
    static readonly List<WeakReference<ForwardLedger>> Watched = [];

    public static void Watch(ForwardLedger forwarder)
    {
        lock (Watched)
        {
            Watched.RemoveAll(w => !w.TryGetTarget(out _));
            Watched.Add(new WeakReference<ForwardLedger>(forwarder));
        }
    }

    public static IEnumerable<Measurement<double>> Observe()
    {
        var lags = new Dictionary<string, double>();
        lock (Watched)
        {
            foreach (var watched in Watched)
            {
                if (watched.TryGetTarget(out var forwarder) && forwarder.Lag() is { } lag)
                    lags[forwarder.Sink.Name] = Math.Max(lag.TotalSeconds, lags.GetValueOrDefault(forwarder.Sink.Name));
            }
        }

        return lags.Select(l => new Measurement<double>(l.Value, Instruments.Label("sink", l.Key)));
    }
}
