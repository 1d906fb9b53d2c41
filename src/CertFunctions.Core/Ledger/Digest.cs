using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CertFunctions.Core.Ledger;

/// <summary>A SHA-256 value, or a MAC of that length: 32 bytes held in place. Printed as 64 lower-case hex digits.</summary>
[InlineArray(Length)]
public struct Digest : IEquatable<Digest>
{
    public const int Length = 32;

    byte first;

    public Digest(ReadOnlySpan<byte> bytes) => bytes[..Length].CopyTo(Bytes);

    /// <summary>The 32 bytes, to be filled by whoever computes them.</summary>
    [UnscopedRef]
    public Span<byte> Bytes => MemoryMarshal.CreateSpan(ref first, Length);

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> AsSpan() => MemoryMarshal.CreateReadOnlySpan(in first, Length);

    public static bool TryParse(string? hex, out Digest digest)
    {
        digest = default;
        return hex is { Length: 2 * Length } && Convert.FromHexString(hex, digest.Bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    public readonly bool Equals(Digest other) => AsSpan().SequenceEqual(other.AsSpan());

    public override readonly bool Equals(object? obj) => obj is Digest other && Equals(other);

    public override readonly int GetHashCode() => MemoryMarshal.Read<int>(AsSpan());

    public override readonly string ToString() => Convert.ToHexStringLower(AsSpan());

    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);
}
