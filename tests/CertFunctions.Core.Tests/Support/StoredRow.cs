using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.Support;

/// <summary>A ledger entry as someone with a pen in the database finds it: every part can be changed.</summary>
sealed record StoredRow
{
    public required long Index { get; set; }

    public required byte[] PreviousHash { get; set; }

    public required byte[] LeafHash { get; set; }

    public required byte[] Hash { get; set; }

    public required byte[] Mac { get; set; }

    public required string KeyId { get; set; }

    public required byte[] Leaf { get; set; }

    public required byte[] Salt { get; set; }

    public required byte[] Personal { get; set; }

    /// <summary>The parts that are bytes, by name.</summary>
    public static IReadOnlyDictionary<string, Func<StoredRow, byte[]>> Parts { get; } = new Dictionary<string, Func<StoredRow, byte[]>>
    {
        [nameof(PreviousHash)] = r => r.PreviousHash,
        [nameof(LeafHash)] = r => r.LeafHash,
        [nameof(Hash)] = r => r.Hash,
        [nameof(Mac)] = r => r.Mac,
        [nameof(Leaf)] = r => r.Leaf,
        [nameof(Salt)] = r => r.Salt,
        [nameof(Personal)] = r => r.Personal,
    };

    public static StoredRow Of(ChainedEvent entry) => new()
    {
        Index = entry.Index,
        PreviousHash = entry.PreviousHash.AsSpan().ToArray(),
        LeafHash = entry.LeafHash.AsSpan().ToArray(),
        Hash = entry.Hash.AsSpan().ToArray(),
        Mac = entry.Mac.AsSpan().ToArray(),
        KeyId = entry.KeyId,
        Leaf = entry.Event.Leaf.ToArray(),
        Salt = entry.Event.Salt.ToArray(),
        Personal = entry.Event.Personal.ToArray(),
    };

    public static List<StoredRow> Of(IEnumerable<ChainedEvent> entries) => [.. entries.Select(Of)];

    public static VerifyReport Verify(IEnumerable<StoredRow> rows, LedgerHead? head = null, LedgerKeys? keys = null, LedgerHead? since = null, OrgId? ledger = null)
    {
        using var verifier = new LedgerVerifier(ledger ?? Make.Org, keys, since);
        foreach (var r in rows)
        {
            var row = new LedgerRow
            {
                Index = r.Index,
                PreviousHash = r.PreviousHash,
                LeafHash = r.LeafHash,
                Hash = r.Hash,
                Mac = r.Mac,
                KeyId = r.KeyId,
                Leaf = r.Leaf,
                Salt = r.Salt,
                Personal = r.Personal,
            };
            if (!verifier.Push(row))
                break;
        }

        return verifier.Complete(head);
    }
}
