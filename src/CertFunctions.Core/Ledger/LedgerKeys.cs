using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// The HMAC keys of a ledger by id, and the one in force. Old keys stay, so that entries made under them still verify (R35). Whoever holds a key
/// can forge MACs made under it: it keeps out someone who holds only the database.
/// </summary>
public sealed class LedgerKeys
{
    readonly FrozenDictionary<string, byte[]> keys;

    /// <param name="current">Id of the key that new entries are made under; must be among <paramref name="keys"/>.</param>
    /// <param name="keys">32 bytes or more each. Ids are 1–32 of <c>A–Z a–z 0–9 . _ -</c>.</param>
    public LedgerKeys(string current, IReadOnlyDictionary<string, byte[]> keys)
    {
        if (!keys.ContainsKey(current))
            throw new ArgumentException($"the current key '{current}' is not among the keys", nameof(current));
        foreach (var (id, key) in keys)
        {
            if (!Events.IdentifierGrammar.IsName(id, 32))
                throw new ArgumentException($"'{id}' is not a key id", nameof(keys));
            if (key.Length < 32)
                throw new ArgumentException($"the key '{id}' is shorter than 32 bytes", nameof(keys));
        }

        CurrentId = current;
        this.keys = keys.ToFrozenDictionary();
    }

    public string CurrentId { get; }

    /// <summary>
    /// Each key's id with a value that tells whether two holders of the id hold the same key, and nothing else of it:
    /// the first 16 hex digits of SHA-256("CertFunctions/key-check/v1\0" ‖ key).
    /// </summary>
    public IReadOnlyDictionary<string, string> Checks() =>
        keys.ToDictionary(k => k.Key, k => CheckOf(k.Value));

    /// <summary>That value of one key.</summary>
    public static string CheckOf(ReadOnlySpan<byte> key) => Convert.ToHexStringLower(SHA256.HashData([.. "CertFunctions/key-check/v1\0"u8, .. key]))[..16];

    public bool TryGet(string id, [NotNullWhen(true)] out byte[]? key) => keys.TryGetValue(id, out key);

    /// <summary>The MAC of an entry under the key in force.</summary>
    public Digest Mac(in Digest entryHash) => Mac(entryHash, CurrentId);

    /// <summary>The MAC of an entry under the key of this id, which is there.</summary>
    public Digest Mac(in Digest entryHash, string id)
    {
        Digest mac = default;
        HMACSHA256.HashData(keys[id], entryHash.AsSpan(), mac.Bytes);
        return mac;
    }
}
