using System.Text;
using CertFunctions.Core.Evidence;
using CertFunctions.Core.Verification;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Evidence;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.LocalHost.Verify;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>RFC 3161 time stamps over a bundle's checkpoint, from an authority that openssl plays, and read by openssl too.</summary>
public sealed class TimeStampTests(Published published) : IClassFixture<Published>, IDisposable
{
    readonly TempFolder home = new();
    readonly HttpClient http = new();

    public void Dispose()
    {
        http.Dispose();
        home.Dispose();
    }

    [SkippableFact]
    public async Task A_bundle_with_a_time_stamp_is_verified_with_it_and_openssl_verifies_the_token()
    {
        TimeStampAuthority.SkipWithout();
        await using var authority = await TimeStampAuthority.StartAsync();
        var text = await TextAsync();
        var token = await TimeStamps.AskAsync(http, authority.Url, text, default);
        var path = await StampedAsync(token);

        var report = Verify(path, authority.Certificate);

        Assert.True(report.Verdict == Verdict.Valid, report.Detail);
        Assert.Equal(Guarantees.Signed | Guarantees.TimeStamped, report.Guarantees);
        Python.SkipWithout();
        Assert.Equal("valid", (await Python.VerifyAsync(path)).Verdict);
        Assert.InRange(report.StampedAt!.Value, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(5), DateTimeOffset.UtcNow + TimeSpan.FromMinutes(5));
        await File.WriteAllBytesAsync(home.File("text"), text.ToArray());
        await File.WriteAllBytesAsync(home.File("token"), token);
        var (code, output) = await TimeStampAuthority.OpenSslAsync("ts", "-verify", "-data", home.File("text"), "-in", home.File("token"), "-token_in", "-CAfile", authority.CertificateFile);
        Assert.True(code == 0 && output.Contains("Verification: OK", StringComparison.Ordinal), output);
    }

    [SkippableFact]
    public async Task Without_an_authority_in_the_policy_its_time_is_told_and_guarantees_nothing()
    {
        TimeStampAuthority.SkipWithout();
        await using var authority = await TimeStampAuthority.StartAsync();
        await using var another = await TimeStampAuthority.StartAsync();
        var path = await StampedAsync(await TimeStamps.AskAsync(http, authority.Url, await TextAsync(), default));
        foreach (var trusted in new[] { null, another.Certificate })
        {
            var report = Verify(path, trusted);
            Assert.Equal((Verdict.Valid, Guarantees.Signed), (report.Verdict, report.Guarantees));
            Assert.Contains(report.NotChecked, u => u.What == "time-stamped");
            Assert.NotNull(report.StampedAt);
        }
    }

    [SkippableFact]
    public async Task A_token_over_something_else_or_altered_makes_the_bundle_tampered()
    {
        TimeStampAuthority.SkipWithout();
        await using var authority = await TimeStampAuthority.StartAsync();
        var other = await TimeStamps.AskAsync(http, authority.Url, "another text"u8.ToArray(), default);
        Assert.Equal((Verdict.Tampered, Layer.TimeStamp), Verify(await StampedAsync(other), authority.Certificate) is var r ? (r.Verdict, r.FoundBy) : default);
        Python.SkipWithout();
        Assert.Equal("tampered", (await Python.VerifyAsync(await StampedAsync(other))).Verdict);
        var token = await TimeStamps.AskAsync(http, authority.Url, await TextAsync(), default);
        token[^10] ^= 1;
        Assert.Equal((Verdict.Tampered, Layer.TimeStamp), Verify(await StampedAsync(token), authority.Certificate) is var s ? (s.Verdict, s.FoundBy) : default);
        Assert.Equal((Verdict.Tampered, Layer.TimeStamp), Verify(await StampedAsync([1, 2, 3]), authority.Certificate) is var t ? (t.Verdict, t.FoundBy) : default);
    }

    [SkippableFact]
    public async Task Every_byte_of_a_bundle_with_a_time_stamp_counts()
    {
        TimeStampAuthority.SkipWithout();
        await using var authority = await TimeStampAuthority.StartAsync();
        var bundle = await File.ReadAllBytesAsync(await StampedAsync(await TimeStamps.AskAsync(http, authority.Url, await TextAsync(), default)));
        var from = bundle.AsSpan().IndexOf("{\"time_stamp\":"u8);
        var length = bundle.AsSpan(from).IndexOf((byte)'\n');
        var policy = published.Ground.Policy with { TimeStampCertificates = authority.Certificate };
        for (var at = from; at < from + length; at += 3)
        {
            var altered = (byte[])bundle.Clone();
            altered[at] ^= 1;
            using var verify = new VerifyEvidence(policy, TimeStamps.Reader(policy.TimeStampCertificates));
            verify.Push(altered);
            Assert.True(verify.Complete().Verdict != Verdict.Valid, $"byte {at - from} of the time stamp may be altered");
        }
    }

    [SkippableFact]
    public async Task An_authority_that_gives_no_time_stamp_is_told()
    {
        TimeStampAuthority.SkipWithout();
        await using var authority = await TimeStampAuthority.StartAsync();
        var old = (byte[]?)null;
        authority.Spoil = answer => old ??= answer;
        await TimeStamps.AskAsync(http, authority.Url, "a text"u8.ToArray(), default);
        // An answer to an earlier request, with its nonce.
        Assert.Contains("gave no time stamp", (await Assert.ThrowsAsync<MendableException>(() => TimeStamps.AskAsync(http, authority.Url, "a text"u8.ToArray(), default))).Message, StringComparison.Ordinal);
        authority.Spoil = _ => "no answer"u8.ToArray();
        Assert.Contains("gave no time stamp", (await Assert.ThrowsAsync<MendableException>(() => TimeStamps.AskAsync(http, authority.Url, "a text"u8.ToArray(), default))).Message, StringComparison.Ordinal);
        Assert.Contains("HTTP 404", (await Assert.ThrowsAsync<MendableException>(() => TimeStamps.AskAsync(http, new Uri(authority.Url, "elsewhere"), "a text"u8.ToArray(), default))).Message, StringComparison.Ordinal);
        var url = authority.Url;
        await authority.StopAsync();
        Assert.Contains("No time-stamp authority answers", (await Assert.ThrowsAsync<MendableException>(() => TimeStamps.AskAsync(http, url, "a text"u8.ToArray(), default))).Message, StringComparison.Ordinal);
    }

    async Task<ReadOnlyMemory<byte>> TextAsync()
    {
        using var bundle = new MemoryStream(published.Bundle);
        var text = (await AddTimeStamp.TextAsync(bundle, default))!.Value;
        Assert.StartsWith(published.Ground.Policy.Origin + "\n300\n", Encoding.UTF8.GetString(text.Span), StringComparison.Ordinal);
        return text;
    }

    async Task<string> StampedAsync(byte[] token)
    {
        var path = home.File("stamped");
        using var bundle = new MemoryStream(published.Bundle);
        await using (var file = File.Create(path))
            await AddTimeStamp.CopyAsync(bundle, file, token, default);
        return path;
    }

    VerifyReport Verify(string path, string? certificates) =>
        Assert.Single(VerifySources.Bundle(path, new VerifySetup { Policy = published.Ground.Policy with { MinSize = 0, Earlier = null, TimeStampCertificates = certificates } }, default));
}
