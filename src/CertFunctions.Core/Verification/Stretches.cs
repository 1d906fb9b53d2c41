using System.Runtime.ExceptionServices;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>
/// A ledger up to a size, found right before: where verification may go on (<c>certfn verify --since</c>). <paramref name="Subtrees"/> are the roots of the
/// tree's whole subtrees at that size, the largest first; null where they are not known, and then no root over what follows can be computed.
/// </summary>
public sealed record VerifiedBefore(LedgerHead Head, IReadOnlyList<Digest>? Subtrees)
{
    public static VerifiedBefore Nothing(OrgId ledger) => new(LedgerHead.Empty(ledger), []);

    /// <summary>A tree that goes on from there.</summary>
    public LeafTree? Tree(IEnumerable<long> wanted) => Subtrees is null ? null : new LeafTree(Head.Size, Subtrees, wanted);
}

/// <summary>Joins stretches that were checked side by side, in the order they stand in; a stretch that is early waits.</summary>
public sealed class OrderedJoin(LedgerVerifier whole, Action<long>? progress = null)
{
    readonly Dictionary<long, LedgerVerifier> early = [];
    readonly Lock joining = new();
    long next;
    volatile bool broken;

    /// <summary>False once a stretch was broken: what comes after it need not be looked at.</summary>
    public bool IsWhole => !broken;

    /// <summary>Takes the stretch with this number, from 0, and disposes of it.</summary>
    public void Add(long number, LedgerVerifier stretch)
    {
        lock (joining)
        {
            early[number] = stretch;
            while (early.Remove(next, out var joined))
            {
                if (!broken && !whole.Join(joined))
                    broken = true;
                joined.Dispose();
                next++;
                progress?.Invoke(whole.NextIndex);
            }
        }
    }
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
