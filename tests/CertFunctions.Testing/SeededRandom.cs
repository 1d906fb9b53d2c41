using System.Security.Cryptography;

namespace CertFunctions.Testing;

/// <summary>Bytes that look random and come again with the same seed, so that a failing test can be run again.</summary>
public sealed class SeededRandom(int seed = 1) : RandomNumberGenerator
{
    readonly Random random = new(seed);

    public override void GetBytes(byte[] data) => GetBytes(data.AsSpan());

    public override void GetBytes(Span<byte> data)
    {
        lock (random)
            random.NextBytes(data);
    }
}
