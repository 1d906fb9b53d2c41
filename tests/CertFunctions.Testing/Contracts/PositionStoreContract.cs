namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="Core.Siem.IPositionStore"/>.</summary>
public abstract class PositionStoreContract : StoreContract
{
    [Fact]
    public async Task Rule_1_a_saved_position_is_there_after_reopening()
    {
        await Store.Positions.SaveAsync("sink/a", "41", default);
        await Store.Positions.SaveAsync("sink/a", "42", default);

        await Store.ReopenAsync();

        Assert.Equal("42", await Store.Positions.GetAsync("sink/a", default));
    }

    [Fact]
    public async Task Rule_2_a_reader_that_never_saved_has_no_position() => Assert.Null(await Store.Positions.GetAsync("nobody", default));

    [Fact]
    public async Task Rule_3_readers_do_not_see_each_other()
    {
        await Store.Positions.SaveAsync("sink/a", "1", default);
        await Store.Positions.SaveAsync("sink/b", "2", default);

        Assert.Equal("1", await Store.Positions.GetAsync("sink/a", default));
        Assert.Equal("2", await Store.Positions.GetAsync("sink/b", default));
    }

    [Fact]
    public async Task Rule_4_a_position_moves_only_from_where_it_is()
    {
        Assert.False(await Store.Positions.TryMoveAsync("sink/a", "0", "1", default));
        Assert.Null(await Store.Positions.GetAsync("sink/a", default));
        Assert.True(await Store.Positions.TryMoveAsync("sink/a", null, "1", default));
        Assert.False(await Store.Positions.TryMoveAsync("sink/a", null, "2", default));
        Assert.True(await Store.Positions.TryMoveAsync("sink/a", "1", "2", default));
        Assert.False(await Store.Positions.TryMoveAsync("sink/a", "1", "3", default));
        await Store.Positions.SaveAsync("sink/a", "9", default);
        Assert.False(await Store.Positions.TryMoveAsync("sink/a", "2", "3", default));

        await Store.ReopenAsync();
        Assert.Equal("9", await Store.Positions.GetAsync("sink/a", default));
    }

    [Fact]
    public async Task Rule_4_of_many_that_move_from_one_position_one_is_told_true()
    {
        await Store.Positions.SaveAsync("sink/a", "0", default);

        var told = await Task.WhenAll(Enumerable.Range(1, 8).Select(n => Task.Run(() => Store.Positions.TryMoveAsync("sink/a", "0", $"{n}", default))));

        var winner = Assert.Single(told.Index(), t => t.Item).Index + 1;
        Assert.Equal($"{winner}", await Store.Positions.GetAsync("sink/a", default));
    }
}
