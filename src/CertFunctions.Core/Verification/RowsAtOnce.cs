using System.Buffers.Binary;
using System.Collections.Concurrent;
using CertFunctions.Core.Events;
using CertFunctions.Core.Ledger;

namespace CertFunctions.Core.Verification;

/// <summary>
/// Some hundred rows of a ledger, hashed side by side. Only for saying yes quickly: whatever it finds odd is not wrong for that, and the rows, which
/// it keeps, are then checked one by one. An entry's hash can be checked before the one it links to is known to be right, because the source states
/// both; that the links join up is checked here as well.
/// </summary>
sealed class RowsAtOnce
{
    public const int Most = 512;

    const int MostBytes = 4 * 1024 * 1024;

    static readonly ConcurrentBag<RowsAtOnce> Idle = [];

    readonly Digest[] leafHashes = new Digest[Most], commitments = new Digest[Most], entryHashes = new Digest[Most], macs = new Digest[Most];
    readonly Sha256Lanes leaves, personals, entries;
    readonly Kept[] rows = new Kept[Most];
    byte[] bytes = new byte[64 * 1024];
    int used;
    string? keyId;
    Sha256Lanes? inner, outer;
    byte[]? macKey;

    /// <summary>A row's parts, as offsets into the bytes kept.</summary>
    struct Kept
    {
        public Digest Hash, Mac, LeafHash, Commitment;
        public bool StatesLeafHash, StatesPrevious;
        public int Start, Leaf, Salt, Personal;
    }

    RowsAtOnce()
    {
        leaves = new Sha256Lanes(leafHashes);
        personals = new Sha256Lanes(commitments);
        entries = new Sha256Lanes(entryHashes);
    }

    public int Count { get; private set; }

    /// <summary>Entries among them whose personal part was erased.</summary>
    public int Erased { get; private set; }

    /// <summary>The leaf hashes, once checked; whoever asks may overwrite them.</summary>
    public Digest[] LeafHashes => leafHashes;

    public ref readonly Digest LastHash => ref rows[Count - 1].Hash;

    /// <summary>The key id of all their MACs.</summary>
    public string KeyId => keyId!;

    public ReadOnlySpan<byte> Leaf(int i) => bytes.AsSpan(rows[i].Start, rows[i].Leaf);

    public static RowsAtOnce Rent() => Idle.TryTake(out var rows) ? rows : new RowsAtOnce();

    public static void Return(RowsAtOnce rows)
    {
        rows.Clear();
        (rows.inner, rows.outer, rows.macKey) = (null, null, null);
        Idle.Add(rows);
    }

    public void Clear()
    {
        // What lies half gathered in the lanes must not come out with the next rows.
        leaves.Finish();
        personals.Finish();
        entries.Finish();
        (Count, Erased, used, keyId) = (0, 0, 0, null);
    }

    /// <summary>Takes a row that is of the plain kind; false where it is not, and nothing is taken.</summary>
    public bool Add(in LedgerRow row, in Digest previous)
    {
        if (Count == Most || used + row.Leaf.Length + row.Personal.Length > MostBytes || row.Hash.Length != Digest.Length || row.Mac.Length != Digest.Length || row.Leaf.IsEmpty
            || row.LeafHash.Length is not (0 or Digest.Length) || (Count > 0 && row.KeyId != keyId)
            || !(row.PreviousHash.IsEmpty || row.PreviousHash.SequenceEqual(Count == 0 ? previous.AsSpan() : LastHash.AsSpan())))
            return false;
        var erased = row.Personal.IsEmpty && row.Salt.IsEmpty;
        ref var kept = ref rows[Count];
        if (!erased)
        {
            if (row.Salt.Length != StampedEvent.SaltBytes || row.Personal.IsEmpty || !LeafScan.TryGetCommitment(row.Leaf, out var stated)
                || Convert.FromHexString(stated, kept.Commitment.Bytes, out _, out _) != System.Buffers.OperationStatus.Done || stated.ContainsAnyInRange((byte)'A', (byte)'F'))
                return false;
            personals.Add(Count, row.Salt, row.Personal);
        }

        keyId = row.KeyId;
        kept.Hash = new Digest(row.Hash);
        kept.Mac = new Digest(row.Mac);
        kept.StatesPrevious = !row.PreviousHash.IsEmpty;
        kept.StatesLeafHash = !row.LeafHash.IsEmpty;
        if (kept.StatesLeafHash)
            kept.LeafHash = new Digest(row.LeafHash);
        Keep(row, ref kept);
        leaves.Add(Count, [0], row.Leaf);
        Erased += erased ? 1 : 0;
        Count++;
        return true;
    }

    /// <summary>Whether all of them are right, from entry <paramref name="start"/> on, which links to <paramref name="previous"/>. Without keys the MACs are not looked at.</summary>
    public bool Check(long start, in Digest previous, LedgerKeys? keys)
    {
        leaves.Finish();
        personals.Finish();
        Span<byte> index = stackalloc byte[8];
        for (var i = 0; i < Count; i++)
        {
            ref readonly var row = ref rows[i];
            if ((row.StatesLeafHash && row.LeafHash != leafHashes[i]) || (row.Salt > 0 && row.Commitment != commitments[i]))
                return false;
            BinaryPrimitives.WriteInt64BigEndian(index, start + i);
            entries.Add(i, LedgerHash.ChainTag, index, i == 0 ? previous.AsSpan() : rows[i - 1].Hash.AsSpan(), leafHashes[i].AsSpan());
        }

        entries.Finish();
        for (var i = 0; i < Count; i++)
        {
            if (entryHashes[i] != rows[i].Hash)
                return false;
        }

        return keys is null || CheckMacs(keys);
    }

    bool CheckMacs(LedgerKeys keys)
    {
        if (!keys.TryGet(keyId!, out var key))
            return false;
        if (!ReferenceEquals(key, macKey))
            ((inner, outer), macKey) = (Sha256Lanes.Hmac(key, macs), key);
        for (var i = 0; i < Count; i++)
            inner!.Add(i, rows[i].Hash.AsSpan());
        inner!.Finish();
        for (var i = 0; i < Count; i++)
            outer!.Add(i, macs[i].AsSpan());
        outer!.Finish();
        for (var i = 0; i < Count; i++)
        {
            if (macs[i] != rows[i].Mac)
                return false;
        }

        return true;
    }

    /// <summary>A row as it was taken, when all before it were found right, up to <paramref name="previous"/>.</summary>
    public LedgerRow Row(int i, long index, in Digest previous)
    {
        ref readonly var row = ref rows[i];
        var kept = bytes.AsSpan(row.Start);
        return new LedgerRow
        {
            Index = index,
            PreviousHash = row.StatesPrevious ? previous.AsSpan() : default,
            LeafHash = row.StatesLeafHash ? row.LeafHash.AsSpan() : default,
            Hash = row.Hash.AsSpan(),
            Mac = row.Mac.AsSpan(),
            KeyId = keyId!,
            Leaf = kept[..row.Leaf],
            Salt = kept.Slice(row.Leaf, row.Salt),
            Personal = kept.Slice(row.Leaf + row.Salt, row.Personal),
        };
    }

    void Keep(in LedgerRow row, ref Kept kept)
    {
        (kept.Start, kept.Leaf, kept.Salt, kept.Personal) = (used, row.Leaf.Length, row.Salt.Length, row.Personal.Length);
        var needed = used + row.Leaf.Length + row.Salt.Length + row.Personal.Length;
        if (needed > bytes.Length)
            Array.Resize(ref bytes, Math.Max(needed, 2 * bytes.Length));
        row.Leaf.CopyTo(bytes.AsSpan(used));
        row.Salt.CopyTo(bytes.AsSpan(used + kept.Leaf));
        row.Personal.CopyTo(bytes.AsSpan(used + kept.Leaf + kept.Salt));
        used = needed;
    }
}
