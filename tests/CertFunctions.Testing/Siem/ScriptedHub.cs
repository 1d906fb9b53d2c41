using System.Text;
using System.Text.Json;
using CertFunctions.Core.Siem.EventHubs;

namespace CertFunctions.Testing.Siem;

/// <summary>
/// A hub in memory that goes wrong when told to. It holds whoever sends to the contract: a publication is sent once, never empty, for one key, and let go of.
/// </summary>
public sealed class ScriptedHub(int limit = ScriptedHub.Standard) : IEventHub
{
    /// <summary>Bytes of a publication, of the tiers from Standard up and of Basic.</summary>
    public const int Standard = 1024 * 1024, Basic = 256 * 1024;

    /// <summary>What a message takes beside its body, near enough.</summary>
    const int MessageOverhead = 160;

    readonly Lock gate = new();
    int sends, open;

    /// <summary>What arrived, publication by publication.</summary>
    public List<Publication> Arrived { get; } = [];

    /// <summary>What goes wrong with the send of this number, from 1 on; null for nothing.</summary>
    public Func<int, Trouble?> Script { get; set; } = _ => null;

    public int Sends => sends;

    /// <summary>Publications that were begun and not let go of.</summary>
    public int Open => open;

    /// <summary>The lines that arrived, in order of arrival, whatever the envelope.</summary>
    public IReadOnlyList<string> Lines(string? ledger = null)
    {
        lock (gate)
            return [.. Arrived.Where(p => ledger is null || p.Key == ledger).SelectMany(p => p.Messages).SelectMany(LinesOf)];
    }

    /// <summary>The lines of a message.</summary>
    public static IEnumerable<string> LinesOf(EventHubMessage message)
    {
        var text = Encoding.UTF8.GetString(message.Body.Span);
        if (text.StartsWith("{\"records\":", StringComparison.Ordinal))
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.GetProperty("records").EnumerateArray().Select(r => r.GetRawText())];
        }

        return text.TrimEnd('\n').Split('\n');
    }

    /// <summary>The indexes that arrived.</summary>
    public IReadOnlyList<long> Indexes(string? ledger = null) => [.. Lines(ledger).Select(l =>
    {
        using var document = JsonDocument.Parse(l);
        return document.RootElement.GetProperty("index").GetInt64();
    })];

    public ValueTask<IEventHubPublication> BeginAsync(string partitionKey, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Increment(ref open);
        return ValueTask.FromResult<IEventHubPublication>(new Pending(this, partitionKey));
    }

    void Send(string key, List<EventHubMessage> messages)
    {
        lock (gate)
        {
            var trouble = Script(++sends);
            if (trouble is null or { Landed: true })
                Arrived.Add(new Publication(key, messages));
            if (trouble is not null)
                throw trouble.Exception;
        }
    }

    /// <summary>What goes wrong, and whether the publication arrived all the same.</summary>
    public sealed record Trouble(Exception Exception, bool Landed = false);

    public sealed record Publication(string Key, IReadOnlyList<EventHubMessage> Messages);

    sealed class Pending(ScriptedHub hub, string key) : IEventHubPublication
    {
        readonly List<EventHubMessage> messages = [];
        int bytes;
        bool sent, disposed;

        public bool TryAdd(EventHubMessage message)
        {
            Assert.False(sent || disposed);
            if (bytes + message.Body.Length + MessageOverhead > hub.Limit)
                return false;
            bytes += message.Body.Length + MessageOverhead;
            messages.Add(message);
            return true;
        }

        public Task SendAsync(CancellationToken cancellationToken)
        {
            Assert.False(sent || disposed);
            Assert.NotEmpty(messages);
            sent = true;
            cancellationToken.ThrowIfCancellationRequested();
            hub.Send(key, messages);
            return Task.CompletedTask;
        }

        public void Dispose()
        {
            if (!disposed)
                Interlocked.Decrement(ref hub.open);
            disposed = true;
        }
    }

    int Limit => limit;
}
