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
}
