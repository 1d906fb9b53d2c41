using System.Security.Cryptography;
using CertFunctions.Core.Ledger;
using CertFunctions.Core.Verification;
using CertFunctions.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace CertFunctions.Core.Tests.Verification;

/// <summary>Hashing in lanes gives what the platform's hash gives; where the processor has no such vectors it is not used, and these say so.</summary>
public sealed class Sha256LanesTests
{
    [SkippableFact]
    public void Every_length_from_nothing_to_past_the_longest_gathered_is_hashed_right()
    {
        Skip.IfNot(Sha256Lanes.IsSupported, "this processor has no vectors of sixteen words");
        var messages = Enumerable.Range(0, 4400).Select(n => Make.Bytes(n, (byte)n)).ToList();
        Assert.Equal(messages.Select(m => new Digest(SHA256.HashData(m))), Hash(messages));
    }

    [SkippableFact]
    public void Any_messages_in_any_order_and_number_and_however_cut_in_parts_are_hashed_right()
    {
        Skip.IfNot(Sha256Lanes.IsSupported, "this processor has no vectors of sixteen words");
        Prop.ForAll(ArbMap.Default.ArbFor<byte[][]>(), messages =>
        {
            var digests = new Digest[messages.Length];
            var lanes = new Sha256Lanes(digests);
            for (var i = 0; i < messages.Length; i++)
            {
                var m = messages[i].AsSpan();
                lanes.Add(i, m[..(m.Length / 3)], m[(m.Length / 3)..(m.Length / 2)], default, m[(m.Length / 2)..]);
            }

            lanes.Finish();
            return digests.SequenceEqual(messages.Select(m => new Digest(SHA256.HashData(m))));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(65)]
    public void Both_halves_of_an_HMAC_give_the_MAC(int keyBytes)
    {
        Skip.IfNot(Sha256Lanes.IsSupported, "this processor has no vectors of sixteen words");
        var key = Make.Bytes(keyBytes, 9);
        var messages = Enumerable.Range(0, 37).Select(n => Make.Bytes(n * 5, (byte)n)).ToList();
        Digest[] digests = new Digest[messages.Count];
        var (inner, outer) = Sha256Lanes.Hmac(key, digests);
        for (var i = 0; i < messages.Count; i++)
            inner.Add(i, messages[i]);
        inner.Finish();
        for (var i = 0; i < messages.Count; i++)
            outer.Add(i, digests[i].AsSpan());
        outer.Finish();
        Assert.Equal(messages.Select(m => new Digest(HMACSHA256.HashData(key, m))), digests);
    }

    static Digest[] Hash(List<byte[]> messages)
    {
        var digests = new Digest[messages.Count];
        var lanes = new Sha256Lanes(digests);
        for (var i = 0; i < messages.Count; i++)
            lanes.Add(i, messages[i]);
        lanes.Finish();
        return digests;
    }
}
