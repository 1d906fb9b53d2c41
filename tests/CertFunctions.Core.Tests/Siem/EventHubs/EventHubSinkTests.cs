using CertFunctions.Core.Ledger;
using CertFunctions.Core.Siem;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using CertFunctions.Testing.Siem;

namespace CertFunctions.Core.Tests.Siem.EventHubs;

/// <summary>The ledger into a hub that is full, small, busy, closed to us, gone half-way: in order, nothing lost, and what comes twice carries the same ledger and index.</summary>
public sealed class EventHubSinkTests
{
    static readonly IReadOnlyList<ChainedEvent> Entries = Reviews.Ledger(2500);

    readonly MemoryLedgerStore store = new();
    readonly MemoryPositions positions = new();
    readonly ManualClock clock = new(Make.Now);

    public static TheoryData<EventHubEnvelope> Envelopes => [.. Enum.GetValues<EventHubEnvelope>()];

    [Theory]
    [MemberData(nameof(Envelopes))]
    public async Task Everything_arrives_once_in_index_order_under_one_key_in_full_publications(EventHubEnvelope envelope)
    {
        var hub = new ScriptedHub(ScriptedHub.Basic);
        store.Fill(Entries);

        await ForwardAsync(Forwarder(hub, envelope));

        Assert.Equal(Enumerable.Range(0, 2500).Select(i => (long)i), hub.Indexes());
        Assert.All(hub.Arrived, p => Assert.Equal("acme", p.Key));
        Assert.Equal(0, hub.Open);
        AssertVerifies(hub);
        // Seven tenths full at least, but for the end of each thousand.
        var bytes = hub.Arrived.Sum(p => p.Messages.Sum(m => m.Body.Length + 160L));
        Assert.InRange(hub.Arrived.Count, 1, (int)(bytes / (0.7 * ScriptedHub.Basic)) + 3);
    }

    [Fact]
    public async Task Packed_messages_stay_within_their_bytes_and_need_far_fewer_units_than_one_an_entry()
    {
        var (packed, one) = (new ScriptedHub(), new ScriptedHub());
        await new EventHubSink("hub", packed, EventHubEnvelope.Packed).SendAsync(Make.Org, Entries, default);
        await new EventHubSink("hub", one, EventHubEnvelope.One).SendAsync(Make.Org, Entries, default);

        var messages = packed.Arrived.SelectMany(p => p.Messages).ToList();
        Assert.All(messages, m => Assert.InRange(m.Body.Length, 1, EventHubPacking.MessageBytes));
        Assert.Equal(2500, one.Arrived.Sum(p => p.Messages.Count));
        Assert.InRange(messages.Count, 1, 60);
    }

    [Theory]
    [MemberData(nameof(Envelopes))]
    public async Task The_largest_event_there_may_be_fits_a_message_of_the_smallest_tier(EventHubEnvelope envelope)
    {
        var big = Reviews.Recorded(Reviews.Address("s-1"), 1, $$"""{"text":"{{new string('x', Core.Events.EventParser.MaxEventBytes - 200)}}"}""");
        var hub = new ScriptedHub(ScriptedHub.Basic);

        Assert.IsType<SinkOutcome.Delivered>(await new EventHubSink("hub", hub, envelope).SendAsync(Make.Org, Reviews.Ledger([big, .. Reviews.Events(3, subject: "s-2")]), default));

        Assert.Equal([0, 1, 2, 3], hub.Indexes());
    }

    [Theory]
    [MemberData(nameof(Envelopes))]
    public async Task An_entry_too_large_alone_stops_there_is_told_and_loses_nothing_before_it(EventHubEnvelope envelope)
    {
        var big = Reviews.Recorded(Reviews.Address("s-2"), 1, $$"""{"text":"{{new string('x', 30_000)}}"}""");
        var entries = Reviews.Ledger([.. Reviews.Events(40), big, .. Reviews.Events(5, subject: "s-3")]);
        var hub = new ScriptedHub(16 * 1024);
        store.Fill(entries);
        var forward = Forwarder(hub, envelope);

        var stalled = Assert.IsType<ForwardOutcome.Stalled>(await forward.HandleAsync(Make.Org, default));
        Assert.Equal(ErrorClass.Validation, stalled.Class);
        Assert.Contains("entry 40", stalled.Reason, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromMinutes(5), stalled.RetryAfter);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (long)i), hub.Indexes());
        Assert.Equal(40, Assert.Single(forward.Statuses).Position);

        // A larger tier, and it goes on from there.
        var roomy = new ScriptedHub();
        await ForwardAsync(Forwarder(roomy, envelope));
        Assert.Equal(Enumerable.Range(40, 6).Select(i => (long)i), roomy.Indexes());
    }

    [Fact]
    public async Task A_hub_smaller_than_a_full_message_gets_smaller_messages()
    {
        var hub = new ScriptedHub(20_000);

        Assert.IsType<SinkOutcome.Delivered>(await new EventHubSink("hub", hub, EventHubEnvelope.Packed).SendAsync(Make.Org, Reviews.Ledger(300), default));

        Assert.Equal(Enumerable.Range(0, 300).Select(i => (long)i), hub.Indexes());
    }

    public static TheoryData<string, ErrorClass, int> Reasons => new()
    {
        { "ServiceBusy", ErrorClass.Transient, 10 },
        { "ServiceTimeout", ErrorClass.Network, 1 },
        { "ServiceCommunicationProblem", ErrorClass.Network, 1 },
        { "GeneralError", ErrorClass.Transient, 1 },
        { "ProducerDisconnected", ErrorClass.Transient, 1 },
        { "ClientClosed", ErrorClass.Transient, 1 },
        { "something new", ErrorClass.Transient, 1 },
        { "QuotaExceeded", ErrorClass.Permanent, 300 },
        { "ResourceNotFound", ErrorClass.Permanent, 300 },
        { "MessageSizeExceeded", ErrorClass.Validation, 300 },
        { "Unauthorized", ErrorClass.Auth, 300 },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task Each_reason_has_its_class_and_its_patience_and_once_it_is_mended_all_goes_on(string reason, ErrorClass wanted, int seconds)
    {
        var hub = new ScriptedHub { Script = n => n <= 1 ? new(new EventHubException(reason)) : null };
        store.Fill(Entries);
        var forward = Forwarder(hub, EventHubEnvelope.Packed);

        var stalled = Assert.IsType<ForwardOutcome.Stalled>(await forward.HandleAsync(Make.Org, default));
        Assert.Equal((wanted, TimeSpan.FromSeconds(seconds)), (stalled.Class, stalled.RetryAfter));
        Assert.Empty(hub.Arrived);
        Assert.Equal((0, 1), (Assert.Single(forward.Statuses).Position, Assert.Single(forward.Statuses).FailuresInARow));

        await ForwardAsync(forward);
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => (long)i), hub.Indexes());
    }

    public static TheoryData<Exception, ErrorClass> Exceptions => new()
    {
        { new UnauthorizedAccessException("claim is empty or token is invalid"), ErrorClass.Auth },
        { new TimeoutException(), ErrorClass.Network },
        { new TaskCanceledException("the client gave up"), ErrorClass.Network },
        { new IOException("broken pipe"), ErrorClass.Network },
        { new System.Net.Sockets.SocketException(111), ErrorClass.Network },
        { new InvalidOperationException("a bug"), ErrorClass.Transient },
    };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public async Task What_else_a_client_throws_is_classed_too_and_its_text_is_not_passed_on(Exception thrown, ErrorClass wanted)
    {
        var hub = new ScriptedHub { Script = _ => new(thrown) };

        var failed = Assert.IsType<SinkOutcome.Failed>(await new EventHubSink("hub", hub, EventHubEnvelope.One).SendAsync(Make.Org, Entries, default));

        Assert.Equal((wanted, 0), (failed.Class, failed.Taken));
        Assert.DoesNotContain(thrown.Message, failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_throttled_hub_took_before_is_not_sent_again()
    {
        // Every second publication is refused: with nothing remembered of the first, none would ever pass the second.
        var hub = new ScriptedHub(ScriptedHub.Basic) { Script = n => n % 2 == 0 ? new(new EventHubException("ServiceBusy")) : null };
        store.Fill(Entries);

        await ForwardAsync(Forwarder(hub, EventHubEnvelope.Packed));

        Assert.Equal(Enumerable.Range(0, 2500).Select(i => (long)i), hub.Indexes());
    }

    [Theory]
    [MemberData(nameof(Envelopes))]
    public async Task A_link_lost_after_the_send_landed_doubles_entries_with_the_same_ledger_index_and_bytes(EventHubEnvelope envelope)
    {
        var hub = new ScriptedHub(ScriptedHub.Basic) { Script = n => n == 2 ? new(new EventHubException("ServiceCommunicationProblem"), Landed: true) : null };
        store.Fill(Entries);

        await ForwardAsync(Forwarder(hub, envelope));

        var lines = hub.Lines();
        Assert.True(lines.Count > 2500, "something came twice");
        Assert.Equal(2500, lines.Distinct().Count());
        Assert.Equal(2500, hub.Indexes().Distinct().Count());
        AssertFirstArrivalsInOrder(hub);
        AssertVerifies(hub);
    }

    [Fact]
    public async Task Killed_after_each_publication_in_turn_it_goes_on_from_its_position_and_loses_nothing()
    {
        var hub = new ScriptedHub(ScriptedHub.Basic);
        store.Fill(Entries);
        for (var round = 0; ; round++)
        {
            // A process of its own each time, which dies as soon as a publication has landed: nothing is saved after it.
            var dying = new DyingPositions(positions, alive: round % 2 == 0 ? 0 : 1);
            var forward = new ForwardLedger(store, dying, new EventHubSink("hub", hub, EventHubEnvelope.Packed), clock);
            try
            {
                while (await forward.HandleAsync(Make.Org, default) is ForwardOutcome.Sent)
                {
                }

                break;
            }
            catch (IOException) when (round < 20)
            {
            }
        }

        Assert.Equal(2500, hub.Indexes().Distinct().Count());
        AssertFirstArrivalsInOrder(hub);
        AssertVerifies(hub);
    }

    [Fact]
    public async Task Asked_to_stop_between_publications_it_remembers_what_the_hub_has()
    {
        using var stop = new CancellationTokenSource();
        var hub = new ScriptedHub(ScriptedHub.Basic);
        hub.Script = n =>
        {
            if (n == 1)
                stop.Cancel();
            return null;
        };
        store.Fill(Entries);
        var forward = Forwarder(hub, EventHubEnvelope.Packed);

        Assert.IsType<ForwardOutcome.Stalled>(await forward.HandleAsync(Make.Org, stop.Token));
        var sent = hub.Indexes().Count;
        Assert.Equal(sent, Assert.Single(forward.Statuses).Position);
        await ForwardAsync(forward);

        Assert.Equal(Enumerable.Range(0, 2500).Select(i => (long)i), hub.Indexes());
    }

    [Fact]
    public async Task Asked_to_stop_before_anything_was_sent_it_throws_as_it_was_asked()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => new EventHubSink("hub", new ScriptedHub(), EventHubEnvelope.One).SendAsync(Make.Org, Entries, stop.Token));
    }

    ForwardLedger Forwarder(ScriptedHub hub, EventHubEnvelope envelope) => new(store, positions, new EventHubSink("hub", hub, envelope), clock);

    /// <summary>Until it is caught up, as hosts do it.</summary>
    static async Task ForwardAsync(ForwardLedger forward)
    {
        for (var step = 0; step < 200; step++)
        {
            if (await forward.HandleAsync(Make.Org, default) is ForwardOutcome.CaughtUp)
                return;
        }

        Assert.Fail("it does not come to an end");
    }

    /// <summary>A reader that keeps the first arrival of each index sees 0, 1, 2 …</summary>
    static void AssertFirstArrivalsInOrder(ScriptedHub hub) => Assert.Equal(Enumerable.Range(0, 2500).Select(i => (long)i), hub.Indexes().Distinct());

    static void AssertVerifies(ScriptedHub hub)
    {
        using var verify = new VerifyLines(Reviews.Keys);
        foreach (var line in hub.Lines().Distinct())
            verify.Push(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
        Assert.Equal(Verdict.Valid, verify.Complete(Reviews.HeadOf(Entries)).Verdict);
    }

    /// <summary>Positions of a process that dies at its save number <paramref name="alive"/> + 1.</summary>
    sealed class DyingPositions(MemoryPositions inner, int alive) : IPositionStore
    {
        int saves;

        public Task<string?> GetAsync(string reader, CancellationToken cancellationToken) => inner.GetAsync(reader, cancellationToken);

        public Task SaveAsync(string reader, string position, CancellationToken cancellationToken) =>
            saves++ == alive ? throw new IOException("the process is gone") : inner.SaveAsync(reader, position, cancellationToken);

        public Task<bool> TryMoveAsync(string reader, string? expected, string position, CancellationToken cancellationToken) =>
            saves++ == alive ? throw new IOException("the process is gone") : inner.TryMoveAsync(reader, expected, position, cancellationToken);
    }
}
