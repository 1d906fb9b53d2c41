namespace CertFunctions.Emulation;

/// <summary>What was asked of one container, or of the account, by kind. Requests a fault refused count too.</summary>
public sealed class RequestCounters
{
    readonly Lock gate = new();
    readonly Dictionary<(string Container, OperationKind Kind), CounterEntry> entries = [];

    /// <summary>All requests of a kind, in one container or in every one.</summary>
    public long Requests(OperationKind kind, string? container = null) => Sum(container, kind).Requests;

    /// <summary>All requests about documents (not metadata), in one container or in every one.</summary>
    public long DocumentRequests(string? container = null) =>
        Enum.GetValues<OperationKind>().Where(kind => kind >= OperationKind.CreateDocument && kind != OperationKind.Unsupported)
            .Sum(kind => Requests(kind, container));

    /// <summary>Request units by the model the README describes, for one kind or for all.</summary>
    public double RequestUnits(OperationKind? kind = null, string? container = null) => Sum(container, kind).RequestUnits;

    /// <summary>Single operations inside batches of a kind.</summary>
    public long BatchOperations(OperationKind kind, string? container = null) => Sum(container, kind).Operations;

    /// <summary>Requests answered with a status of 400 or above, or not at all.</summary>
    public long Failures(OperationKind? kind = null, string? container = null) => Sum(container, kind).Failures;

    /// <summary>Every counter, by container and kind; metadata of the account has an empty container.</summary>
    public IReadOnlyDictionary<(string Container, OperationKind Kind), CounterEntry> Snapshot()
    {
        lock (gate) return new Dictionary<(string, OperationKind), CounterEntry>(entries);
    }

    /// <summary>Starts over from zero.</summary>
    public void Reset()
    {
        lock (gate) entries.Clear();
    }

    internal void Add(string? container, OperationKind kind, bool failed, double requestUnits, int operations)
    {
        lock (gate)
        {
            var key = (container ?? string.Empty, kind);
            var entry = entries.GetValueOrDefault(key) ?? new CounterEntry(0, 0, 0, 0);
            entries[key] = new CounterEntry(entry.Requests + 1, entry.Failures + (failed ? 1 : 0), entry.Operations + operations, entry.RequestUnits + requestUnits);
        }
    }

    CounterEntry Sum(string? container, OperationKind? kind)
    {
        lock (gate)
        {
            var matching = entries.Where(entry => (container is null || entry.Key.Container == container) && (kind is null || entry.Key.Kind == kind))
                .Select(entry => entry.Value).ToArray();
            return new CounterEntry(
                matching.Sum(entry => entry.Requests),
                matching.Sum(entry => entry.Failures),
                matching.Sum(entry => entry.Operations),
                matching.Sum(entry => entry.RequestUnits));
        }
    }
}
