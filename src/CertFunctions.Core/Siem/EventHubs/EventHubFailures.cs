using System.Net.Sockets;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Siem.EventHubs;

/// <summary>
/// What to do about a failure to send. The client library has tried a few times by then. Everything is tried again, since the ledger must go out and nobody
/// tells us when a hub is mended; the class decides how soon, and whether somebody is called.
/// </summary>
static class EventHubFailures
{
    /// <summary>What the service asks for when it is busy.</summary>
    static readonly TimeSpan Busy = TimeSpan.FromSeconds(10);

    public static SinkOutcome.Failed Of(Exception e) => e switch
    {
        EventHubException fault => Of(fault.Reason),
        UnauthorizedAccessException => Of(EventHubException.Unauthorized),
        // The client gave up waiting, by itself: nobody asked us to stop.
        TimeoutException or OperationCanceledException => Of("ServiceTimeout"),
        IOException or SocketException => Of("ServiceCommunicationProblem"),
        _ => new SinkOutcome.Failed($"sending to the hub failed ({e.GetType().Name})") { Class = ErrorClass.Transient },
    };

    /// <summary>An entry is at most 76 KiB, less than every tier takes; so this is a hub whose limit was lowered.</summary>
    public static SinkOutcome.Failed TooLarge(ChainedEvent entry) =>
        new($"the hub takes no message as large as entry {entry.Index} ({entry.Event.Leaf.Length + entry.Event.Personal.Length} bytes of event): use a tier that takes 256 KB a message") { Class = ErrorClass.Validation };

    static SinkOutcome.Failed Of(string reason) => reason switch
    {
        "ServiceBusy" => new("the hub is busy: more throughput units, if it stays so") { Class = ErrorClass.Transient, RetryAfter = Busy },
        "ServiceTimeout" => new("the hub did not answer in time") { Class = ErrorClass.Network },
        "ServiceCommunicationProblem" => new("the hub cannot be reached: check its name and the network") { Class = ErrorClass.Network },
        "QuotaExceeded" => new("the namespace's quota is used up: raise it") { Class = ErrorClass.Permanent },
        "ResourceNotFound" => new("there is no such hub: check the namespace and EventHubName") { Class = ErrorClass.Permanent },
        "MessageSizeExceeded" => new("the hub takes no publication as large as it said") { Class = ErrorClass.Validation },
        EventHubException.Unauthorized => new("the hub does not let us in: give the app's identity the role Azure Event Hubs Data Sender, or mend the connection string") { Class = ErrorClass.Auth },
        // GeneralError, ClientClosed, ProducerDisconnected, InvalidClientState, and what later versions may say.
        _ => new($"the hub's client stopped with {reason}") { Class = ErrorClass.Transient },
    };
}
