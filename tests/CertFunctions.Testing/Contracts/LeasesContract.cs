using CertFunctions.Core.Timers;

namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="ILeases"/>.</summary>
public abstract class LeasesContract : StoreContract
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    /// <summary>The clock the store is opened with.</summary>
    protected ManualClock Clock { get; } = ManualClock.Default;

    ILeases Leases => Store.Leases;

    [Fact]
    public async Task Rule_1_a_name_has_one_holder()
    {
        Assert.True(await TakeAsync("a"));
        Assert.False(await TakeAsync("b"));
        await Store.ReopenAsync();
        Assert.False(await TakeAsync("b"));
    }

    [Fact]
    public async Task Rule_1_of_many_that_try_at_once_one_is_told_true()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"contended-{round}";
            var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Leases.TryTakeAsync(name, $"holder-{i}", Minute, default))));
            Assert.Single(taken, true);
            var winner = $"holder-{Array.IndexOf(taken, true)}";
            Assert.True(await Leases.RenewAsync(name, winner, Minute, default));
        }
    }

    [Fact]
    public async Task Rule_2_a_lease_of_one_that_died_runs_out()
    {
        Assert.True(await TakeAsync("a"));
        Clock.Advance(Minute - TimeSpan.FromTicks(1));
        Assert.False(await TakeAsync("b"));
        Clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(await TakeAsync("b"));
        Assert.False(await TakeAsync("a"));
    }

    [Fact]
    public async Task Rule_2_of_many_that_want_one_that_ran_out_one_is_told_true()
    {
        Assert.True(await TakeAsync("dead"));
        Clock.Advance(Minute);
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => TakeAsync($"holder-{i}"))));
        Assert.Single(taken, true);
    }

    [Fact]
    public async Task Rule_3_a_holder_prolongs_its_lease_by_taking_or_renewing_it()
    {
        Assert.True(await TakeAsync("a"));
        Clock.Advance(Minute / 2);
        Assert.True(await TakeAsync("a"));
        Clock.Advance(Minute / 2);
        Assert.True(await Leases.RenewAsync("job", "a", Minute, default));
        Clock.Advance(Minute / 2);
        Assert.False(await TakeAsync("b"));
        Clock.Advance(Minute / 2);
        Assert.True(await TakeAsync("b"));
    }

    [Fact]
    public async Task Rule_3_what_is_not_held_cannot_be_renewed()
    {
        Assert.False(await Leases.RenewAsync("job", "a", Minute, default));
        Assert.True(await TakeAsync("a"));
        Assert.False(await Leases.RenewAsync("job", "b", Minute, default));
        Clock.Advance(Minute);
        Assert.False(await Leases.RenewAsync("job", "a", Minute, default));
        Assert.True(await TakeAsync("b"));
        Assert.False(await Leases.RenewAsync("job", "a", Minute, default));
    }

    [Fact]
    public async Task Rule_4_a_lease_given_back_may_be_taken_at_once_and_only_its_holder_gives_it_back()
    {
        Assert.True(await TakeAsync("a"));
        await Leases.ReleaseAsync("job", "b", default);
        Assert.False(await TakeAsync("b"));
        await Leases.ReleaseAsync("job", "a", default);
        Assert.False(await Leases.RenewAsync("job", "a", Minute, default));
        Assert.True(await TakeAsync("b"));
        await Leases.ReleaseAsync("job", "a", default);
        Assert.True(await Leases.RenewAsync("job", "b", Minute, default));
        await Leases.ReleaseAsync("never taken", "a", default);
        Assert.True(await Leases.TryTakeAsync("never taken", "b", Minute, default));
    }

    [Fact]
    public async Task Rule_5_names_do_not_see_each_other()
    {
        Assert.True(await Leases.TryTakeAsync("timer/a", "a", Minute, default));
        Assert.True(await Leases.TryTakeAsync("timer/b", "b", Minute, default));
        Assert.Null(await Store.Positions.GetAsync("timer/a", default));
    }

    [Fact]
    public async Task Rule_6_a_clock_that_was_set_back_locks_nobody_out()
    {
        Clock.Advance(TimeSpan.FromDays(1));
        Assert.True(await TakeAsync("a"));
        Clock.Advance(TimeSpan.FromDays(-1));
        Assert.True(await TakeAsync("b"));
        // A clock that differs a little is no such clock.
        Clock.Advance(-Minute / 2);
        Assert.False(await TakeAsync("a"));
    }

    Task<bool> TakeAsync(string holder) => Leases.TryTakeAsync("job", holder, Minute, default);
}
