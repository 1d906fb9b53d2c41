using CertFunctions.Core.Ledger;
using CertFunctions.Core.Witness;
using CertFunctions.Testing;
using Microsoft.Data.Sqlite;

namespace CertFunctions.Sqlite.Tests.Witness;

/// <summary>The numbered rules of <see cref="IWitnessState"/>, on a real file.</summary>
public sealed class WitnessStateTests : IDisposable
{
    readonly TempFolder folder = new();

    string File => folder.File("witness.db");

    [Fact]
    public async Task Rule_1_a_step_is_there_after_reopening()
    {
        using (var state = SqliteWitnessState.Open(File))
        {
            Assert.Null(await state.FindAsync("a", default));
            Assert.True(await state.AdvanceAsync("a", null, At(5), default));
            Assert.True(await state.AdvanceAsync("a", At(5), At(9), default));
        }

        using var again = SqliteWitnessState.Open(File);
        var found = await again.FindAsync("a", default);
        Assert.Equal((9, Root(9, 0)), (found!.Size, found.Root));
        Assert.Equal("note 9"u8.ToArray(), found.Note.ToArray());
    }

    [Fact]
    public async Task Rule_2_a_step_from_elsewhere_does_not_go_through()
    {
        using var state = SqliteWitnessState.Open(File);
        Assert.False(await state.AdvanceAsync("a", At(3), At(5), default));
        Assert.True(await state.AdvanceAsync("a", null, At(5), default));
        Assert.False(await state.AdvanceAsync("a", null, At(6), default));
        Assert.False(await state.AdvanceAsync("a", At(4), At(6), default));
        Assert.False(await state.AdvanceAsync("a", At(5) with { Root = Root(5, 1) }, At(6), default));
        Assert.Equal(5, (await state.FindAsync("a", default))!.Size);
    }

    [Fact]
    public async Task Rule_2_of_steps_at_once_one_goes_through_also_from_two_processes()
    {
        using var one = SqliteWitnessState.Open(File);
        using var two = SqliteWitnessState.Open(File);
        for (var round = 0; round < 20; round++)
        {
            var from = round == 0 ? null : await one.FindAsync("a", default);
            var steps = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? one : two).AdvanceAsync("a", from, At(round + 1, i), default))));
            Assert.Single(steps, s => s);
        }
    }

    [Fact]
    public async Task Rule_4_no_size_gets_a_second_root_and_none_falls_whoever_asks()
    {
        using var state = SqliteWitnessState.Open(File);
        await state.AdvanceAsync("a", null, At(5), default);

        await Assert.ThrowsAsync<SqliteException>(() => state.AdvanceAsync("a", At(5), At(4), default));
        await Assert.ThrowsAsync<SqliteException>(() => state.AdvanceAsync("a", At(5), At(5, 1), default));
        Assert.True(await state.AdvanceAsync("a", At(5), At(5), default));

        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString());
        connection.Open();
        foreach (var sql in new[] { "DELETE FROM witnessed", "UPDATE witnessed SET size = 1", "UPDATE witnessed SET root = x'00'", "UPDATE witnessed SET origin = 'b'" })
            Assert.Throws<SqliteException>(() => TamperedLedger.Run(connection, sql));
        Assert.Equal((5, Root(5, 0)), ((await state.FindAsync("a", default))!.Size, (await state.FindAsync("a", default))!.Root));
    }

    [Fact]
    public async Task Rule_5_logs_share_nothing()
    {
        using var state = SqliteWitnessState.Open(File);
        await state.AdvanceAsync("a", null, At(5), default);
        await state.AdvanceAsync("b", null, At(2), default);
        await state.AdvanceAsync("a", At(5), At(6), default);
        Assert.Equal(2, (await state.FindAsync("b", default))!.Size);
    }

    public void Dispose() => folder.Dispose();

    static WitnessedCheckpoint At(long size, int history = 0) => new(size, Root(size, history), System.Text.Encoding.ASCII.GetBytes($"note {size}"));

    static Digest Root(long size, int history) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes($"{size} {history}")));
}
