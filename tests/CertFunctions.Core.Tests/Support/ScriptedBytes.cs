using System.Security.Cryptography;

namespace CertFunctions.Core.Tests.Support;

/// <summary>"Random" bytes that a test chose; asking for others than it chose is a fault.</summary>
sealed class ScriptedBytes(params byte[][] script) : RandomNumberGenerator
{
    int next;

    public override void GetBytes(byte[] data)
    {
        Assert.True(next < script.Length, "more random bytes were asked for than the test gave");
        Assert.Equal(script[next].Length, data.Length);
        script[next++].CopyTo(data, 0);
    }

    public override void GetBytes(Span<byte> data)
    {
        var bytes = new byte[data.Length];
        GetBytes(bytes);
        bytes.CopyTo(data);
    }
}
