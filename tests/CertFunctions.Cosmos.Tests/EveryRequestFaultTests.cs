using CertFunctions.Core.Events;
using CertFunctions.Core.Ingest;
using CertFunctions.Emulation;
using CertFunctions.Testing;

namespace CertFunctions.Cosmos.Tests;

/// <summary>Each request of a scenario goes wrong in turn, in each way a request can; whoever asked asks again, and in the end everything is whole.</summary>
public sealed class EveryRequestFaultTests : IAsyncLifetime
{
    readonly List<RecordedEvent> acknowledged = [];
    CosmosUnderTest store = null!;
    int run;

    public async Task InitializeAsync() => store = await CosmosUnderTest.OpenAsync(2);

    public async Task DisposeAsync() => await store.DisposeAsync();

    public static TheoryData<string> Faults => [.. Effects.Keys];

    static readonly Dictionary<string, Func<FaultPlan, Func<EmulatorRequest, bool>, FaultRule>> Effects = new()
    {
        ["429 once"] = (plan, when) => plan.Fail(1, 429, when, retryAfter: TimeSpan.FromMilliseconds(20)),
        ["429 from there on"] = (plan, when) => plan.Fail(FaultPlan.Always, 429, when, retryAfter: TimeSpan.FromMilliseconds(1)),
        ["408"] = (plan, when) => plan.Fail(1, 408, when),
        ["449"] = (plan, when) => plan.Fail(1, 449, when),
        ["503"] = (plan, when) => plan.Fail(1, 503, when),
        ["connection broken before"] = (plan, when) => plan.Disconnect(1, when),
        ["answer lost"] = (plan, when) => plan.LoseAnswer(1, when),
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_an_append_fails_nothing_is_lost_and_nothing_doubled(string fault)
    {
        Assert.InRange(await EachRequestAsync(fault, () => AppendAsync(1)), 2, 10);
        Assert.InRange(await EachRequestAsync(fault, () => AppendAsync(99)), 2, 10);
        Assert.InRange(await EachRequestAsync(fault, () => AppendAsync(110)), 3, 10);
        await Whole.AssertOnceChainedAsync(store, acknowledged);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_chaining_fails_nothing_is_lost_and_nothing_doubled(string fault)
    {
        Assert.InRange(await EachRequestAsync(fault, () => ChainAsync(3)), 3, 12);
        Assert.InRange(await EachRequestAsync(fault, () => ChainAsync(105)), 4, 12);
        await Whole.AssertAsync(store, acknowledged);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_a_ledgers_first_append_fails_the_ledger_is_whole_and_listed(string fault)
    {
        var requests = await EachRequestAsync(fault, async () =>
        {
            var org = OrgId.Parse($"org-{run}");
            var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(2, "c1", "e", org));
            acknowledged.AddRange(events);
            return () => AnsweredAsync(async () =>
            {
                await Whole.Extend(store).HandleAsync(events, default);
                return true;
            });
        });

        Assert.InRange(requests, 3, 12);
        Assert.Equal(acknowledged.Select(e => e.Address.Org).Distinct().Count(), (await store.Ledger.ListAsync(default)).Count);
        await Whole.AssertAsync(store, acknowledged);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_a_position_fails_what_was_saved_is_read(string fault)
    {
        await EachRequestAsync(fault, () => Task.FromResult<Func<Task>>(async () =>
        {
            var position = $"position {run}";
            await AnsweredAsync(async () =>
            {
                await store.Positions.SaveAsync("reader", position, default);
                return true;
            });
            Assert.Equal(position, await AnsweredAsync(() => store.Positions.GetAsync("reader", default)));
        }));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_of_catching_up_fails_the_answer_is_right(string fault)
    {
        var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(6, "c1", "e"));
        acknowledged.AddRange(events);
        await Whole.Extend(store).HandleAsync([.. events.Take(4)], default);

        await EachRequestAsync(fault, () => Task.FromResult<Func<Task>>(async () =>
        {
            var standing = await AnsweredAsync(() => store.Ledger.CatchUpAsync(Make.Org, events, default));
            Assert.Equal((4L, 2), (standing.Head.Size, standing.Unchained.Count));
        }));

        await Whole.AssertOnceChainedAsync(store, acknowledged);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_store_that_is_throttled_for_good_is_busy_and_wrote_nothing(int request)
    {
        // The client has met the container before: what it learns of a container once is no part of this.
        acknowledged.AddRange(await Whole.SubmitAsync(store.Events, Whole.Stamped(1, "c2", "e")));
        var events = Whole.Stamped(99, "c1", "e");
        var seen = 0;
        using (var rule = store.Emulator.Faults.Fail(FaultPlan.Always, 429, _ => Interlocked.Increment(ref seen) >= request, retryAfter: TimeSpan.FromMilliseconds(1)))
        {
            Assert.All(await store.Events.AppendAsync(events, default), o => Assert.IsType<AppendOutcome.Busy>(o));
            Assert.Equal(10, rule.Hits);
        }

        var outcomes = await store.Events.AppendAsync(events, default);
        acknowledged.AddRange(outcomes.Select(o => Assert.IsType<AppendOutcome.Appended>(o).Event));
        await Whole.AssertOnceChainedAsync(store, acknowledged);
    }

    [Fact]
    public async Task What_was_written_before_the_store_was_throttled_is_not_called_busy()
    {
        var events = Whole.Stamped(3, "c1", "e");
        using var lost = store.Emulator.Faults.LoseAnswer(1, r => r.Kind == OperationKind.TransactionalBatch);
        using (var throttled = store.Emulator.Faults.Fail(FaultPlan.Always, 429, r => r.Kind == OperationKind.TransactionalBatch && lost.Hits == 1, retryAfter: TimeSpan.FromMilliseconds(1)))
        {
            Assert.All(await store.Events.AppendAsync(events, default), o => Assert.IsType<AppendOutcome.Duplicate>(o));
            // The SDK did not send it again by itself: that it was throttled for good therefore means that nothing was written.
            Assert.Equal(0, throttled.Hits);
        }

        await Whole.AssertOnceChainedAsync(store, await Whole.SubmitAsync(store.Events, events));
    }

    /// <summary>A subject's append; what it ends in is acknowledged.</summary>
    Task<Func<Task>> AppendAsync(int count)
    {
        var events = Whole.Stamped(count, $"c{run}", $"e{run}");
        return Task.FromResult<Func<Task>>(async () => acknowledged.AddRange(await Whole.SubmitAsync(store.Events, events)));
    }

    async Task<Func<Task>> ChainAsync(int count)
    {
        var events = await Whole.SubmitAsync(store.Events, Whole.Stamped(count, $"c{run}", $"e{run}"));
        acknowledged.AddRange(events);
        return () => AnsweredAsync(async () =>
        {
            await Whole.Extend(store).HandleAsync(events, default);
            return true;
        });
    }

    /// <summary>Each run of the scenario with names of its own.</summary>
    Task<int> EachRequestAsync(string fault, Func<Task<Func<Task>>> prepare) => EachRequest.FailsAsync(store, Effects[fault], _ =>
    {
        run++;
        return prepare();
    });

    static async Task<T> AnsweredAsync<T>(Func<Task<T>> step)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await step();
            }
            catch (CosmosUnavailableException) when (attempt < 20)
            {
            }
        }
    }
}
