using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using CertFunctions.Core.Events;

namespace CertFunctions.Core.Ledger;

/// <summary>
/// The hashes of a ledger, byte by byte (<c>docs/ledger-format.md</c>, format 1). ‖ joins bytes, tags are ASCII and end in one zero byte:
/// <code>
/// genesis    = SHA-256("CertFunctions/ledger/v1\0" ‖ org id)
/// leaf hash  = SHA-256(0x00 ‖ leaf)                                            RFC 6962, 2.1
/// entry hash = SHA-256("CertFunctions/chain/v1\0" ‖ index ‖ previous ‖ leaf hash)   index: 8 bytes, big-endian
/// mac        = HMAC-SHA-256(key, entry hash)
/// </code>
/// Previous is the entry hash before, or genesis for index 0, so an entry commits to its ledger and to all that came before it.
/// </summary>
public static class LedgerHash
{
    static ReadOnlySpan<byte> LedgerTag => "CertFunctions/ledger/v1\0"u8;

    internal static ReadOnlySpan<byte> ChainTag => "CertFunctions/chain/v1\0"u8;

    public static Digest Genesis(OrgId ledger)
    {
        Span<byte> input = stackalloc byte[LedgerTag.Length + 64];
        LedgerTag.CopyTo(input);
        var length = LedgerTag.Length + Encoding.ASCII.GetBytes(ledger.Value, input[LedgerTag.Length..]);
        Digest digest = default;
        SHA256.HashData(input[..length], digest.Bytes);
        return digest;
    }

    public static Digest Leaf(ReadOnlySpan<byte> leaf)
    {
        byte[]? rented = null;
        var input = leaf.Length < 2048 ? stackalloc byte[2048] : (rented = ArrayPool<byte>.Shared.Rent(leaf.Length + 1));
        input[0] = 0;
        leaf.CopyTo(input[1..]);
        Digest digest = default;
        SHA256.HashData(input[..(leaf.Length + 1)], digest.Bytes);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return digest;
    }

    public static Digest Entry(long index, in Digest previous, in Digest leafHash)
    {
        Span<byte> input = stackalloc byte[ChainTag.Length + 8 + 2 * Digest.Length];
        ChainTag.CopyTo(input);
        BinaryPrimitives.WriteInt64BigEndian(input[ChainTag.Length..], index);
        previous.AsSpan().CopyTo(input[(ChainTag.Length + 8)..]);
        leafHash.AsSpan().CopyTo(input[(ChainTag.Length + 8 + Digest.Length)..]);
        Digest digest = default;
        SHA256.HashData(input, digest.Bytes);
        return digest;
    }
}
