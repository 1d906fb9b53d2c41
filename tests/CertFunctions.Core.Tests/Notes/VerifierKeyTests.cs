using System.Security.Cryptography;
using CertFunctions.Core.Notes;

namespace CertFunctions.Core.Tests.Notes;

public sealed class VerifierKeyTests
{
    const string Material = "AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=";

    [Theory]
    [InlineData("rekor.sigstore.dev+c0d23d6a+" + Material, SignatureType.Ecdsa)]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", SignatureType.Ed25519)]
    [InlineData("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", SignatureType.Ed25519)]
    [InlineData("ct.googleapis.com/logs/us1/argon2024+7deb49d0+BTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB25bKnLaZTFXOa2pgO70rjcVEMXKJkMBgFQHZ1kwFlGK9zIAx0FtC2oCfeZQe0E++VXuiYE9hFSzhRlOy92K8A=", SignatureType.TreeHead)]
    [InlineData("someone+00000001+/wEC", (SignatureType)0xFF)]
    public void Keys_of_the_field_read_back_as_they_stand(string vkey, SignatureType type)
    {
        Assert.True(VerifierKey.TryParse(vkey, out var key, out _));
        Assert.Equal(vkey, key.ToString());
        Assert.Equal(type, key.Type);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("rekor.sigstore.dev+c0d23d6a")]
    [InlineData("+c0d23d6a+" + Material)]
    [InlineData("re kor+c0d23d6a+" + Material)]
    [InlineData("rekor.sigstore.dev+C0D23D6A+" + Material)]
    [InlineData("rekor.sigstore.dev+c0d23d6+" + Material)]
    [InlineData("rekor.sigstore.dev+c0d23d6b+" + Material)]
    [InlineData("rekor.sigstore.dev+c0d23d6a+" + Material + "=")]
    [InlineData("rekor.sigstore.dev+c0d23d6a+ " + Material)]
    [InlineData("rekor.sigstore.dev+c0d23d6a+THIS_IS_NOT_BASE64!")]
    [InlineData("rekor.sigstore.dev+12345678+Ag==")]
    [InlineData("rekor.sigstore.dev+12345678+AwEB+")]
    [InlineData("example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void What_is_no_key_is_refused_with_a_reason(string? vkey)
    {
        Assert.False(VerifierKey.TryParse(vkey, out _, out var why));
        Assert.NotEmpty(why);
    }

    [Fact]
    public void A_key_of_another_curve_or_with_bytes_after_it_is_refused()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] longer = [.. p256.ExportSubjectPublicKeyInfo(), 0];

        Assert.Throws<ArgumentException>(() => VerifierKey.Of("log", p384));
        Assert.Throws<ArgumentException>(() => new EcdsaLogKey(p384));
        Assert.False(VerifierKey.TryParse(VerifierKey.Of("log", SignatureType.Ecdsa, p384.ExportSubjectPublicKeyInfo()).ToString(), out _, out var curve));
        Assert.False(VerifierKey.TryParse(VerifierKey.Of("log", SignatureType.Ecdsa, longer).ToString(), out _, out _));
        Assert.Contains("P-256", curve, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_that_is_no_DER_is_wrong_and_breaks_nothing()
    {
        Assert.True(VerifierKey.TryParse("rekor.sigstore.dev+c0d23d6a+" + Material, out var key, out _));

        Assert.All([0, 1, 8, 64, 70, 2428], length => Assert.Equal(SignatureCheck.Wrong, key.Check("t\n"u8, new byte[length])));
    }

    [Fact]
    public void A_cosignature_is_a_time_and_a_signature()
    {
        var made = new Cosignature(DateTimeOffset.FromUnixTimeSeconds(1679315147), new byte[Cosignature.Ed25519Bytes]);

        Assert.True(Cosignature.TryRead(made.ToBytes(), out var back));
        Assert.Equal(made.Time, back!.Time);
        Assert.Equal(made.Signature.ToArray(), back.Signature.ToArray());
        Assert.Equal("cosignature/v1\ntime 1679315147\nbody\n"u8.ToArray(), Cosignature.Ed25519Message(made.Time, "body\n"u8));
        Assert.False(Cosignature.TryRead(new byte[71], out _));
        Assert.False(Cosignature.TryRead(Enumerable.Repeat((byte)0xFF, 72).ToArray(), out _));
    }

    /// <summary>The example of C2SP tlog-cosignature: its witness line.</summary>
    [Fact]
    public void The_standards_own_cosignature_reads()
    {
        var value = Convert.FromBase64String("jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==");

        Assert.True(Cosignature.TryRead(value.AsMemory(4), out var cosignature));
        Assert.Equal(1679315147, cosignature!.Time.ToUnixTimeSeconds());
    }
}
