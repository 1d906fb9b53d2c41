using System.Text;
using CertFunctions.Core.Publishing;

namespace CertFunctions.Testing.Contracts;

/// <summary>The numbered rules of <see cref="IArchive"/>.</summary>
public abstract class ArchiveContract : IAsyncLifetime
{
    static readonly byte[] Some = "some bytes"u8.ToArray(), Other = "other bytes"u8.ToArray();

    protected IArchive Archive { get; private set; } = null!;

    public async Task InitializeAsync() => Archive = await OpenAsync();

    public abstract Task DisposeAsync();

    /// <summary>The same durable archive, by an object that remembers nothing.</summary>
    protected abstract Task<IArchive> OpenAsync();

    [Fact]
    public async Task Rule_1_what_was_written_is_there_after_reopening_and_putting_it_again_is_the_same()
    {
        Assert.Equal(ArchivePut.Written, await Archive.PutAsync("acme/tile/0/000", Some, default));

        Archive = await OpenAsync();

        Assert.Equal(Some, await ReadAsync("acme/tile/0/000"));
        Assert.Equal(ArchivePut.Same, await Archive.PutAsync("acme/tile/0/000", Some, default));
    }

    [Fact]
    public async Task Rule_2_other_bytes_under_a_name_differ_and_change_nothing()
    {
        await Archive.PutAsync("acme/a", Some, default);

        Assert.All(await Task.WhenAll(Put("acme/a", Other), Put("acme/a", Some[..^1]), Put("acme/a", [.. Some, 0]), Put("acme/a", [])), put => Assert.Equal(ArchivePut.Differs, put));

        Assert.Equal(Some, await ReadAsync("acme/a"));
    }

    [Fact]
    public async Task Rule_3_of_puts_at_once_under_one_name_one_is_written()
    {
        for (var round = 0; round < 50; round++)
        {
            var name = $"acme/race/{round}";
            var puts = await Task.WhenAll(Enumerable.Range(0, 12).Select(async n => (Half: n % 2, Put: await Task.Run(() => Put(name, n % 2 == 0 ? Some : Other)))));

            var winner = Assert.Single(puts, p => p.Put == ArchivePut.Written).Half;
            Assert.Equal(winner == 0 ? Some : Other, await ReadAsync(name));
            Assert.Equal(5, puts.Count(p => p.Half == winner && p.Put == ArchivePut.Same));
            Assert.Equal(6, puts.Count(p => p.Half != winner && p.Put == ArchivePut.Differs));
        }
    }

    [Fact]
    public async Task Rule_4_a_put_that_was_cancelled_left_all_of_it_or_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var large = new byte[200_000];
        try
        {
            await Archive.PutAsync("acme/large", large, cancelled.Token);
        }
        catch (OperationCanceledException)
        {
        }

        Assert.Contains((await ReadAsync("acme/large"))?.Length, new int?[] { null, large.Length });
        Assert.Contains(await Archive.PutAsync("acme/large", large, default), new[] { ArchivePut.Written, ArchivePut.Same });
        Assert.Equal(large, await ReadAsync("acme/large"));
    }

    [Fact]
    public async Task Rule_5_reading_gives_the_very_bytes_and_null_where_nothing_is()
    {
        byte[] every = [.. Enumerable.Range(0, 70_000).Select(i => (byte)(i * 7))];
        await Archive.PutAsync("acme/every", every, default);
        await Archive.PutAsync("acme/empty", ReadOnlyMemory<byte>.Empty, default);

        Assert.Equal(every, await ReadAsync("acme/every"));
        Assert.Empty(Assert.IsType<byte[]>(await ReadAsync("acme/empty")));
        Assert.Null(await ReadAsync("acme/nothing"));
        Assert.Null(await ReadAsync("acme/every/below"));
        Assert.Null(await ReadAsync("nobody/nothing"));
    }

    [Fact]
    public async Task Rule_6_a_listing_gives_what_is_directly_in_a_folder_in_order_and_in_pages()
    {
        string[] names = ["acme/tile/0/000", "acme/tile/0/000.p/3", "acme/tile/0/000.p/12", "acme/tile/0/001", "acme/tile/0/x001/000", "acme/tile/entries/000", "acme/checkpoint/a", "zeta/a"];
        foreach (var name in names)
            await Archive.PutAsync(name, Encoding.ASCII.GetBytes(name), default);

        Assert.Equal(["acme/", "zeta/"], await Archive.ListAsync("", null, 100, default));
        Assert.Equal(["checkpoint/", "tile/"], await Archive.ListAsync("acme", null, 100, default));
        Assert.Equal(["000", "000.p/", "001", "x001/"], await Archive.ListAsync("acme/tile/0", null, 100, default));
        Assert.Equal(["12", "3"], await Archive.ListAsync("acme/tile/0/000.p", null, 100, default));
        Assert.Equal(["000", "000.p/"], await Archive.ListAsync("acme/tile/0", null, 2, default));
        Assert.Equal(["001", "x001/"], await Archive.ListAsync("acme/tile/0", "000.p/", 2, default));
        Assert.Empty(await Archive.ListAsync("acme/tile/0", "x001/", 2, default));
        Assert.Empty(await Archive.ListAsync("acme/nothing", null, 100, default));
        Assert.Empty(await Archive.ListAsync("acme/til", null, 100, default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/etc")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("a b")]
    [InlineData("~new/1")]
    [InlineData("a\0")]
    [InlineData("é")]
    public async Task What_is_no_name_is_taken_nowhere(string name)
    {
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Archive.PutAsync(name, Some, default));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => Archive.ReadAsync(name, default));
        if (name.Length > 0)
            await Assert.ThrowsAnyAsync<ArgumentException>(() => Archive.ListAsync(name, null, 10, default));
        Assert.Empty(await Archive.ListAsync("", null, 10, default));
    }

    Task<ArchivePut> Put(string name, byte[] bytes) => Archive.PutAsync(name, bytes, default);

    async Task<byte[]?> ReadAsync(string name) => (await Archive.ReadAsync(name, default))?.ToArray();
}
