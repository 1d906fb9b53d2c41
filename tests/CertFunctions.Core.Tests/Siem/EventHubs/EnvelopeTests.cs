using System.Buffers;
using System.Text;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;
using CertFunctions.Testing.Siem;

namespace CertFunctions.Core.Tests.Siem.EventHubs;

/// <summary>The three envelopes, to the byte, as the page on SIEMs has them.</summary>
public sealed class EnvelopeTests
{
    static readonly IReadOnlyList<ChainedEvent> Three = Reviews.Ledger(3);

    [Fact]
    public async Task One_is_the_line_without_its_line_feed()
    {
        var messages = await SendAsync(EventHubEnvelope.One);

        Assert.Equal([Line(0), Line(1), Line(2)], messages.Select(Text));
        Assert.All(messages, m => Assert.Equal((1, "application/json"), (m.Count, m.ContentType)));
        Assert.Equal([0, 1, 2], messages.Select(m => m.FirstIndex));
        Assert.Equal(["acme/0", "acme/1", "acme/2"], messages.Select(m => m.Id));
    }

    [Fact]
    public async Task Packed_is_line_after_line_each_with_its_line_feed()
    {
        var message = Assert.Single(await SendAsync(EventHubEnvelope.Packed));

        Assert.Equal($"{Line(0)}\n{Line(1)}\n{Line(2)}\n", Text(message));
        Assert.Equal(("acme", 0, 3, "application/x-ndjson"), (message.Ledger, message.FirstIndex, message.Count, message.ContentType));
    }

    [Fact]
    public async Task Records_is_an_object_with_one_array_and_no_blank()
    {
        var message = Assert.Single(await SendAsync(EventHubEnvelope.Records));

        Assert.Equal($"{{\"records\":[{Line(0)},{Line(1)},{Line(2)}]}}", Text(message));
        Assert.Equal((3, "application/json"), (message.Count, message.ContentType));
    }

    [Theory]
    [InlineData(EventHubEnvelope.One)]
    [InlineData(EventHubEnvelope.Packed)]
    [InlineData(EventHubEnvelope.Records)]
    public async Task An_entry_without_backlog_goes_alone_and_is_one_JSON_document(EventHubEnvelope envelope)
    {
        var hub = new ScriptedHub();
        await new EventHubSink("hub", hub, envelope).SendAsync(Make.Org, [Three[0]], default);

        var message = Assert.Single(Assert.Single(hub.Arrived).Messages);
        using var document = System.Text.Json.JsonDocument.Parse(message.Body);
        Assert.Equal(Line(0), Assert.Single(ScriptedHub.LinesOf(message)));
    }

    static async Task<IReadOnlyList<EventHubMessage>> SendAsync(EventHubEnvelope envelope)
    {
        var hub = new ScriptedHub();
        Assert.IsType<SinkOutcome.Delivered>(await new EventHubSink("hub", hub, envelope).SendAsync(Make.Org, Three, default));
        Assert.Equal("acme", Assert.Single(hub.Arrived).Key);
        return hub.Arrived[0].Messages;
    }

    static string Line(int index)
    {
        var line = new ArrayBufferWriter<byte>();
        LedgerLine.Write(Three[index], line);
        return Encoding.UTF8.GetString(line.WrittenSpan).TrimEnd('\n');
    }

    static string Text(EventHubMessage message) => Encoding.UTF8.GetString(message.Body.Span);
}
