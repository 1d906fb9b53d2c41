using Azure.Identity;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Http.Hosting;

namespace CertFunctions.App.Siem;

/// <summary>A hub, over the SDK's one producer. What is sent, when, and what follows from a failure is decided in <see cref="EventHubSink"/>.</summary>
sealed class EventHub(EventHubProducerClient producer) : IEventHub, IAsyncDisposable
{
    /// <summary>With the app's identity; with a connection string where there is one (an emulator).</summary>
    public static EventHub Connect(EventHubSettings settings) => new(settings.ConnectionString is { } connection
        ? new EventHubProducerClient(connection, settings.Name)
        : new EventHubProducerClient(settings.FullyQualifiedNamespace!, settings.Name, new DefaultAzureCredential()));

    public async ValueTask<IEventHubPublication> BeginAsync(string partitionKey, CancellationToken cancellationToken) =>
        new Publication(producer, await ToldAsync(() => producer.CreateBatchAsync(new CreateBatchOptions { PartitionKey = partitionKey }, cancellationToken).AsTask()));

    public ValueTask DisposeAsync() => producer.DisposeAsync();

    /// <summary>Says in Core's words what the SDK says in its own.</summary>
    static async Task<T> ToldAsync<T>(Func<Task<T>> request)
    {
        try
        {
            return await request();
        }
        catch (EventHubsException e)
        {
            throw new EventHubException(e.Reason.ToString(), e);
        }
        catch (AuthenticationFailedException e)
        {
            throw new EventHubException(EventHubException.Unauthorized, e);
        }
    }

    sealed class Publication(EventHubProducerClient producer, EventDataBatch batch) : IEventHubPublication
    {
        public bool TryAdd(EventHubMessage message) => batch.TryAdd(new EventData(message.Body)
        {
            MessageId = message.Id,
            ContentType = message.ContentType,
            Properties = { ["ledger"] = message.Ledger, ["first_index"] = message.FirstIndex, ["count"] = message.Count },
        });

        public Task SendAsync(CancellationToken cancellationToken) => ToldAsync(async () =>
        {
            await producer.SendAsync(batch, cancellationToken);
            return true;
        });

        public void Dispose() => batch.Dispose();
    }
}
