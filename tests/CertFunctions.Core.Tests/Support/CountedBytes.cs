using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CertFunctions.Core.Tests.Support;

/// <summary>Bytes that differ with each call and are the same in every run.</summary>
sealed class CountedBytes : RandomNumberGenerator
{
    long calls;

    public override void GetBytes(byte[] data) => GetBytes(data.AsSpan());

    public override void GetBytes(Span<byte> data)
    {
        Span<byte> seed = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(seed, Interlocked.Increment(ref calls));
        SHA256.HashData(seed)[..data.Length].CopyTo(data);
    }
}
