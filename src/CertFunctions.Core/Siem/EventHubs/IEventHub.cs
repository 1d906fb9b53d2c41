namespace CertFunctions.Core.Siem.EventHubs;

/// <summary>
/// A hub to send to, as narrow as <see cref="EventHubSink"/> needs it: what it decides is decided there, and an adapter only hands over. The contract, by number:
/// <list type="number">
/// <item>What is in one publication goes to the one partition of its key, and arrives together, in order, or not at all.</item>
/// <item>When sending returns, the hub has it durably. When it throws, nothing is known.</item>
/// <item>What the service says of itself is thrown as <see cref="EventHubException"/>.</item>
/// </list>
/// </summary>
public interface IEventHub
{
    /// <summary>An empty publication for a partition key.</summary>
    ValueTask<IEventHubPublication> BeginAsync(string partitionKey, CancellationToken cancellationToken);
}

/// <summary>Messages on their way together.</summary>
public interface IEventHubPublication : IDisposable
{
    /// <summary>Puts a message behind those that are there; false where it does not fit. What does not fit into an empty publication never will.</summary>
    bool TryAdd(EventHubMessage message);

    /// <summary>Sends what is there: at least one message, and once only.</summary>
    Task SendAsync(CancellationToken cancellationToken);
}

/// <summary>
/// One message: <paramref name="Count"/> entries of <paramref name="Ledger"/> from <paramref name="FirstIndex"/> on, which also stand beside the body as the
/// properties <c>ledger</c>, <c>first_index</c> and <c>count</c>.
/// </summary>
public sealed record EventHubMessage(string Ledger, long FirstIndex, int Count, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <summary>Ledger and first index. A batch that comes again may be cut otherwise: entries are known by their own index, not by this.</summary>
    public string Id => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Ledger}/{FirstIndex}");
}

/// <summary>What the service said went wrong: <paramref name="reason"/> as its client library names it, such as <c>ServiceBusy</c>.</summary>
public sealed class EventHubException(string reason, Exception? inner = null) : Exception($"Event Hubs: {reason}", inner)
{
    /// <summary>We may not: no token, or no role.</summary>
    public const string Unauthorized = "Unauthorized";

    public string Reason { get; } = reason;
}
