using System.Security.Cryptography;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>One ledger entry as some source gives it; nothing of it is believed. Spans live until the next row.</summary>
public readonly ref struct LedgerRow
{
    public required long Index { get; init; }

    /// <summary>The link back as the source states it; empty where the source stores none.</summary>
    public ReadOnlySpan<byte> PreviousHash { get; init; }

    /// <summary>The leaf hash as the source states it; empty where the source stores none.</summary>
    public ReadOnlySpan<byte> LeafHash { get; init; }

    public required ReadOnlySpan<byte> Hash { get; init; }

    public required ReadOnlySpan<byte> Mac { get; init; }

    public required string KeyId { get; init; }

    public required ReadOnlySpan<byte> Leaf { get; init; }

    public required ReadOnlySpan<byte> Salt { get; init; }

    public required ReadOnlySpan<byte> Personal { get; init; }
}

/// <summary>
/// Checks one ledger, entry by entry, from any source, in constant memory. Computes every hash anew from the leaf and believes nothing it is
/// given; shares no state and no code path with the writing side but the definition of the hashes.
/// </summary>
public sealed class LedgerVerifier : IDisposable
{
    const int MostMacKeys = 1000;

    readonly OrgId ledger;
    readonly LedgerKeys? keys;
    readonly Dictionary<string, IncrementalHash?> macs = [];
    readonly LeafTree? tree;
    readonly RotationLeaves rotations = new();
    readonly Dictionary<string, long> macKeys = [];
    readonly long start;
    readonly Digest opening;
    RowsAtOnce? gathered = Sha256Lanes.IsSupported ? RowsAtOnce.Rent() : null;
    Digest previous;
    long next;
    long erased;
    (long Index, string Detail)? unverifiable;
    VerifyReport? broken;

    /// <param name="ledger">Whose ledger this claims to be: genesis depends on it.</param>
    /// <param name="keys">The HMAC keys at hand; null checks the chain alone.</param>
    /// <param name="since">A head to go on from, checked before: its entries are not read again.</param>
    /// <param name="tree">Takes the leaf hashes of the entries found right; null where no root is wanted.</param>
    public LedgerVerifier(OrgId ledger, LedgerKeys? keys, LedgerHead? since = null, LeafTree? tree = null)
    {
        this.ledger = ledger;
        this.keys = keys;
        this.tree = tree;
        start = next = since?.Size ?? 0;
        previous = opening = since?.Hash ?? LedgerHash.Genesis(ledger);
    }

    /// <summary>The index the next row must have.</summary>
    public long NextIndex => next + (gathered?.Count ?? 0);

    /// <summary>The last entry found right.</summary>
    public LedgerHead Head
    {
        get
        {
            Settle();
            return new LedgerHead(ledger, next, previous);
        }
    }

    /// <summary>The tree over the entries found right.</summary>
    public LeafTree? Tree
    {
        get
        {
            Settle();
            return tree;
        }
    }

    /// <summary>
    /// Checks one more entry; false once the ledger is known to be broken, after which nothing more is looked at. That an entry is broken may come to
    /// light only some hundred entries later; which one it is does not depend on that.
    /// </summary>
    public bool Push(in LedgerRow row)
    {
        if (broken is not null)
            return false;
        if (gathered is null)
            return PushAlone(row);
        if (row.Index == NextIndex && gathered.Add(row, previous))
            return gathered.Count < RowsAtOnce.Most || Settle();
        return Settle() && PushAlone(row);
    }

    /// <summary>Takes what was found out about the entries that come next; false once the ledger is known to be broken.</summary>
    public bool Join(LedgerVerifier stretch)
    {
        if (!Settle())
            return false;
        stretch.Settle();
        if (stretch.start != next || stretch.opening != previous)
            return Break(next, "its link back does not name the entry before it");
        (next, previous) = (stretch.next, stretch.previous);
        erased += stretch.erased;
        unverifiable ??= stretch.unverifiable;
        rotations.Join(stretch.rotations);
        foreach (var (keyId, first) in stretch.macKeys)
            SeeMacKey(keyId, first);
        if (stretch.tree is not null)
            tree?.Join(stretch.tree);
        if (stretch.broken is { } fault)
            broken = Report(fault.Verdict, fault.FirstIndex, fault.Detail) with { FoundBy = fault.FoundBy, Entries = Math.Max(0, Math.Min(fault.FirstIndex ?? next, next) - start) };
        return broken is null;
    }

    /// <summary>Checks what was gathered: all at once, and one by one where that does not say yes.</summary>
    bool Settle()
    {
        if (gathered is not { Count: > 0 } rows)
            return broken is null;
        if (rows.Check(next, previous, keys))
        {
            SeeMacKey(rows.KeyId, next);
            for (var i = 0; i < rows.Count; i++)
                rotations.See(next + i, rows.Leaf(i));
            next += rows.Count;
            previous = rows.LastHash;
            erased += rows.Erased;
            tree?.PushAll(rows.LeafHashes, rows.Count);
            rows.Clear();
            return true;
        }

        gathered = null;
        for (int i = 0, count = rows.Count; i < count && broken is null; i++)
            PushAlone(rows.Row(i, next, previous));
        rows.Clear();
        gathered = rows;
        return broken is null;
    }

    bool PushAlone(in LedgerRow row)
    {
        if (row.Index != next)
            return Break(next, row.Index > next ? $"entry {next} is missing: {row.Index} comes in its place" : $"entry {row.Index} comes again, or out of its order, where {next} belongs");
        if (row.Hash.Length != Digest.Length || row.Mac.Length != Digest.Length)
            return Break(next, "its hash or MAC is not 32 bytes");
        if (!row.PreviousHash.IsEmpty && !row.PreviousHash.SequenceEqual(previous.AsSpan()))
            return Break(next, "its link back does not name the entry before it");
        if (row.Leaf.IsEmpty)
            return Break(next, "its event is gone");

        var leafHash = LedgerHash.Leaf(row.Leaf);
        if (!row.LeafHash.IsEmpty && !row.LeafHash.SequenceEqual(leafHash.AsSpan()))
            return Break(next, "its event is not the one that was chained");
        var hash = LedgerHash.Entry(next, previous, leafHash);
        if (!row.Hash.SequenceEqual(hash.AsSpan()))
            return Break(next, "its hash does not follow from its event and the entry before it");
        if (!CheckPersonal(row) || !CheckMac(row))
            return false;
        SeeMacKey(row.KeyId, next);
        rotations.See(next, row.Leaf);
        previous = hash;
        next++;
        tree?.Push(leafHash);
        return true;
    }

    /// <summary>What a source itself found wrong with an entry.</summary>
    public bool Break(long index, string detail, Layer foundBy = Layer.Chain)
    {
        Settle();
        // An entry whose hashes are right can still be found wrong by its source; it does not count as right then.
        broken ??= Report(Verdict.Tampered, index, detail) with { FoundBy = foundBy, Entries = Math.Max(0, Math.Min(index, next) - start) };
        return false;
    }

    /// <summary>The report, once the source has no more. <paramref name="head"/> is the head the source claims; null where it claims none.</summary>
    public VerifyReport Complete(LedgerHead? head)
    {
        Settle();
        if (broken is not null)
            return broken;
        if (head is not null && head.Size > next)
            return Report(Verdict.Truncated, next, $"the head names {head.Size} entries and {next} are there");
        if (head is not null && head.Size < next)
            return Report(Verdict.Tampered, head.Size, $"the head names {head.Size} entries and {next} are there");
        if (head is not null && head.Hash != previous)
            return Report(Verdict.Tampered, Math.Max(0, next - 1), "the head's hash is not the last entry's");
        return unverifiable is { } hole ? Report(Verdict.Unverifiable, hole.Index, hole.Detail) with { FoundBy = Layer.Mac } : Report(Verdict.Valid, null, null);
    }

    /// <summary>A report that the chain itself does not give, such as <see cref="Verdict.Incomplete"/>.</summary>
    public VerifyReport Report(Verdict verdict, long? index, string? detail)
    {
        Settle();
        return new VerifyReport
        {
            Verdict = verdict,
            Ledger = ledger.Value ?? "",
            Entries = next - start,
            FirstIndex = index,
            Detail = detail,
            FoundBy = verdict == Verdict.Valid ? Layer.None : Layer.Chain,
            HeadHash = previous.ToString(),
            Size = next,
            MacsChecked = keys is not null,
            Erased = erased,
            RootHash = tree?.Root().ToString(),
            Roots = tree?.Roots ?? [],
            Rotations = rotations.All,
            MacKeys = macKeys,
            Guarantees = verdict is Verdict.Valid or Verdict.Incomplete or Verdict.Unverifiable ? Guarantees.Chained : Guarantees.None,
        };
    }

    public void Dispose()
    {
        foreach (var mac in macs.Values)
            mac?.Dispose();
        if (Interlocked.Exchange(ref gathered, null) is { } rows)
            RowsAtOnce.Return(rows);
    }

    void SeeMacKey(string keyId, long index)
    {
        if (macKeys.Count < MostMacKeys)
            macKeys.TryAdd(keyId, index);
    }

    bool CheckPersonal(in LedgerRow row)
    {
        if (row.Personal.IsEmpty && row.Salt.IsEmpty)
        {
            erased++;
            return true;
        }

        // The commitment joins salt and part: without its length fixed, bytes could move from one to the other unseen.
        if (row.Salt.Length != StampedEvent.SaltBytes)
            return Break(next, $"its salt is not {StampedEvent.SaltBytes} bytes", Layer.Commitment);
        Digest committed = default;
        PersonalPart.Commit(row.Salt, row.Personal, committed.Bytes);
        Span<byte> hex = stackalloc byte[2 * Digest.Length];
        Convert.TryToHexStringLower(committed.AsSpan(), hex, out _);
        return LeafScan.TryGetCommitment(row.Leaf, out var stated) && hex.SequenceEqual(stated)
            || Break(next, "its personal part or salt is not the one its event commits to", Layer.Commitment);
    }

    bool CheckMac(in LedgerRow row)
    {
        if (keys is null)
            return true;
        if (!macs.TryGetValue(row.KeyId, out var hmac))
        {
            hmac = keys.TryGet(row.KeyId, out var key) ? IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key) : null;
            // A forged ledger can name any number of keys; remembering that each is unknown must not eat the memory.
            if (hmac is not null || macs.Count < MostMacKeys)
                macs[row.KeyId] = hmac;
        }

        if (hmac is null)
        {
            unverifiable ??= (next, $"its MAC was made under the key '{row.KeyId}', which is not at hand");
            return true;
        }

        Span<byte> mac = stackalloc byte[Digest.Length];
        hmac.AppendData(row.Hash);
        hmac.GetHashAndReset(mac);
        return mac.SequenceEqual(row.Mac) || Break(next, $"its MAC was not made with the key '{row.KeyId}'", Layer.Mac);
    }
}
