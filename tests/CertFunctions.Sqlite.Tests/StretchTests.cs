using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tree;
using CertFunctions.Core.Verification;
using CertFunctions.Sqlite.Verification;
using CertFunctions.Testing;

namespace CertFunctions.Sqlite.Tests;

/// <summary>A ledger verified in stretches side by side: the tree's roots are those of one pass, from any beginning and in any number of threads.</summary>
public sealed class StretchTests : IAsyncLifetime, IDisposable
{
    const int Entries = 75;

    readonly TempFolder folder = new();
    IReadOnlyList<ChainedEvent> entries = [];

    string Database => folder.File("certfn.db");

    public async Task InitializeAsync()
    {
        await using var store = SqliteStore.Open(new SqliteOptions { Path = Database });
        await store.Events.AppendAsync([.. Enumerable.Range(0, Entries).Select(i => Make.Stamped($"c{i % 5}", $"e{i}"))], default);
        var pump = new PumpEvents(store.Feed, store.Positions, new ExtendLedger(store.Ledger, Make.Keys));
        while (await pump.StepAsync(default) > 0)
        {
        }

        entries = await store.Ledger.ReadAsync(Make.Org, 0, Entries, default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(8, 1)]
    [InlineData(8, 4)]
    [InlineData(16, 2)]
    [InlineData(16_384, 2)]
    public void Every_root_asked_for_is_the_trees(int stretch, int threads)
    {
        var report = Run(stretch, threads, null);

        Assert.Equal((Verdict.Valid, Entries), (report.Verdict, report.Entries));
        Assert.Equal(Enumerable.Range(0, Entries + 1).Select(n => new SizeAndRoot(n, Root(n))), report.Roots);
        Assert.Equal(Root(Entries).ToString(), report.RootHash);
    }

    [Fact]
    public void Going_on_from_any_size_only_the_rest_is_read_and_the_roots_are_the_same()
    {
        for (var from = 1; from <= Entries; from++)
        {
            var head = new LedgerHead(Make.Org, from, entries[from - 1].Hash);
            var report = Run(16, 2, new VerifiedBefore(head, Subtrees(from)));

            Assert.Equal((Verdict.Valid, Entries - from), (report.Verdict, report.Entries));
            Assert.Equal(Enumerable.Range(from, Entries - from + 1).Select(n => new SizeAndRoot(n, Root(n))), report.Roots);
        }
    }

    [Fact]
    public void Going_on_from_a_head_of_another_history_is_found_at_the_first_new_entry()
    {
        var report = Run(8, 2, new VerifiedBefore(new LedgerHead(Make.Org, 20, entries[3].Hash), null));

        Assert.Equal((Verdict.Tampered, 20L), (report.Verdict, report.FirstIndex));
    }

    VerifyReport Run(int stretch, int threads, VerifiedBefore? since) => Assert.Single(new VerifyDatabase(Database, Make.Keys)
    {
        StretchEntries = stretch,
        Threads = threads,
        RootsAt = _ => [.. Enumerable.Range(0, Entries + 1).Select(n => (long)n)],
        Since = _ => since,
    }.Run());

    Digest Root(int size)
    {
        var (tree, full) = (new GrowingTiles(), new List<Tile>());
        foreach (var entry in entries.Take(size))
            tree.Append(entry.LeafHash, full);
        return tree.Root();
    }

    /// <summary>The roots of the whole subtrees, the largest first.</summary>
    List<Digest> Subtrees(int size)
    {
        var subtrees = new List<Digest>();
        for (var (level, at) = (30, 0); level >= 0; level--)
        {
            if ((size >> level & 1) == 0)
                continue;
            var (tree, full) = (new GrowingTiles(), new List<Tile>());
            foreach (var entry in entries.Skip(at).Take(1 << level))
                tree.Append(entry.LeafHash, full);
            subtrees.Add(tree.Root());
            at += 1 << level;
        }

        return subtrees;
    }
}
