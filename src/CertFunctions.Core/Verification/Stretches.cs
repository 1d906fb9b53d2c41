using System.Runtime.ExceptionServices;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Tree;

namespace CertFunctions.Core.Verification;

/// <summary>
/// A ledger up to a size, found right before: where verification may go on (<c>certfn verify --since</c>). <paramref name="Subtrees"/> are the roots of the
/// tree's whole subtrees at that size, the largest first; null where they are not known, and then no root over what follows can be computed.
/// </summary>
public sealed record VerifiedBefore(LedgerHead Head, IReadOnlyList<Digest>? Subtrees)
{
    public static VerifiedBefore Nothing(OrgId ledger) => new(LedgerHead.Empty(ledger), []);

    /// <summary>
    /// With the subtrees from an archive's tiles; held against <paramref name="root"/>, where that is known. Null subtrees where the tiles are not there or
    /// give another root.
    /// </summary>
    public static async Task<VerifiedBefore> LoadAsync(LedgerHead head, Digest? root, ITileSource tiles, CancellationToken cancellationToken)
    {
        var subtrees = new List<Digest>();
        try
        {
            var reader = new TileReader(tiles, head.Size);
            long at = 0;
            for (var level = 62; level >= 0; level--)
            {
                if ((head.Size >> level & 1) == 0)
                    continue;
                subtrees.Add(await reader.NodeAsync(level, at >> level, cancellationToken).ConfigureAwait(false));
                at += 1L << level;
            }
        }
        catch (TileUnavailableException)
        {
            return new VerifiedBefore(head, null);
        }

        return root is null || new LeafTree(head.Size, subtrees).Root() == root ? new VerifiedBefore(head, subtrees) : new VerifiedBefore(head, null);
    }

    /// <summary>A tree that goes on from there.</summary>
    public LeafTree? Tree(IEnumerable<long> wanted) => Subtrees is null ? null : new LeafTree(Head.Size, Subtrees, wanted);
}

/// <summary>Joins stretches that were checked side by side, in the order they stand in; a stretch that is early waits.</summary>
/// <param name="join">Takes the next stretch; false where it, or all of it so far, is broken, and then no other is joined.</param>
/// <param name="passed">Told of each stretch in its turn, joined or not.</param>
public sealed class OrderedJoin<T>(Func<T, bool> join, Action<T> passed)
{
    readonly Dictionary<long, T> early = [];
    readonly Lock joining = new();
    long next;
    volatile bool broken;

    /// <summary>False once a stretch was broken: what comes after it need not be looked at.</summary>
    public bool IsWhole => !broken;

    /// <summary>Takes the stretch with this number, from 0.</summary>
    public void Add(long number, T stretch)
    {
        lock (joining)
        {
            early[number] = stretch;
            while (early.Remove(next, out var turn))
            {
                if (!broken && !join(turn))
                    broken = true;
                next++;
                passed(turn);
            }
        }
    }
}

/// <summary>The join of a ledger's stretches.</summary>
public static class OrderedJoin
{
    /// <summary>Joins stretches to <paramref name="whole"/>, and disposes of each; <paramref name="progress"/> is told how far it has come.</summary>
    public static OrderedJoin<LedgerVerifier> Into(LedgerVerifier whole, Action<long>? progress = null) => new(whole.Join, stretch =>
    {
        stretch.Dispose();
        progress?.Invoke(whole.NextIndex);
    });
}

/// <summary>The same work on several threads at once.</summary>
public static class Spread
{
    /// <summary>Runs <paramref name="work"/> on <paramref name="threads"/> threads, this one among them; throws what the first of them threw.</summary>
    public static void Run(Action work, int threads)
    {
        Exception? thrown = null;
        var others = new Thread[Math.Max(0, threads - 1)];
        for (var i = 0; i < others.Length; i++)
        {
            others[i] = new Thread(Guarded) { IsBackground = true };
            others[i].Start();
        }

        Guarded();
        foreach (var other in others)
            other.Join();
        if (thrown is not null)
            ExceptionDispatchInfo.Throw(thrown);

        void Guarded()
        {
            try
            {
                work();
            }
#pragma warning disable CA1031 // Thrown again on the caller's thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref thrown, e, null);
            }
        }
    }
}
