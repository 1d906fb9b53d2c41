using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Import;
using CertFunctions.LocalHost.Serve;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>
/// The CA certificates this machine trusts, imported through the service, whose clock is then set forward over twenty years: what it announces are exactly the
/// certificates that <c>openssl x509 -checkend</c> names, which knows nothing of us.
/// </summary>
public sealed class OpenSslAgreesTests : IDisposable
{
    const int LongestThreshold = 30;

    static readonly int[] Years = [0, 3, 8, 20];

    readonly TempFolder home = new();

    [SkippableFact]
    public async Task What_is_announced_is_what_openssl_names()
    {
        Skip.IfNot(ReadmeSnippets.Has("openssl", "version"), "needs openssl");
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Skip.If(store.Certificates.Count == 0, "this machine trusts no certificates");
        var certificates = store.Certificates.DistinctBy(c => c.Fingerprint()).ToDictionary(c => c.Fingerprint());
        foreach (var (fingerprint, certificate) in certificates)
            await File.WriteAllTextAsync(home.File(fingerprint + ".pem"), certificate.ExportCertificatePem());

        var start = DateTimeOffset.UtcNow;
        var clock = new SteppedClock(start);
        var options = new ServeOptions { Data = new DataFolder(home.File("data")), Url = "http://127.0.0.1:0", Quiet = true, Clock = clock };
        await using var service = await LocalService.StartAsync(options, default);
        using var api = new ApiClient(service.Url, service.ApiKey);
        var report = await new ImportCertificates(api, "web", clock).RunAsync(new CertificateFiles(Pkcs12Password.None).Read(home.Path).Where(f => f.Source.EndsWith(".pem", StringComparison.Ordinal)).ToAsyncEnumerable(), null, default);
        Assert.Equal((certificates.Count, 0), (report.New, report.ProblemCount));

        foreach (var years in Years)
        {
            clock.Advance(start.AddYears(years).AddHours(2) - clock.GetUtcNow());
            await SweptAsync(api, clock);
            var said = await SaidAsync(api, certificates.Keys);
            var since = clock.GetUtcNow() - start;
            Assert.Equal(await EndingAsync(since), Of("cert.expired", "expired"));
            Assert.Equal(await EndingAsync(since + TimeSpan.FromDays(LongestThreshold)), Of("cert.expired", "expired").Union(Of("cert.expiring_soon", "expiring_soon")).Order());
            foreach (var (id, _, superseder) in said.Where(s => s.Superseder is not null))
            {
                Assert.True(certificates[superseder!].NotAfter > certificates[id].NotAfter, $"{superseder} ends no later than {id}");
                Assert.Equal(certificates[id].GetNameInfo(X509NameType.SimpleName, false), certificates[superseder!].GetNameInfo(X509NameType.SimpleName, false), ignoreCase: true);
            }

            // Nothing is said of one certificate twice.
            Assert.Equal(said.Count, said.Distinct().Count());

            // Said, or kept back because another CA certificate of that name goes on.
            IEnumerable<string> Of(string type, string announcement) => said.Where(s => s.Said == type || s.Said == announcement).Select(s => s.Id).Distinct().Order();
        }
    }

    /// <summary>Until a sweep has begun at the clock's time and ended.</summary>
    static Task SweptAsync(ApiClient api, SteppedClock clock)
    {
        var from = clock.GetUtcNow();
        return Eventually.TrueAsync(async () =>
        {
            using var timers = await api.GetJsonAsync("/api/v1/timers", default);
            var last = timers.RootElement.GetProperty("timers").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "expiry-sweep").GetProperty("last");
            if (last.ValueKind == JsonValueKind.Object && Rfc3339.TryParse(last.GetProperty("began").GetString(), out var began) && began >= from)
                return true;
            // A wait that began while the clock was set has its end a minute after that.
            clock.Advance(TimeSpan.FromMinutes(1));
            return false;
        }, "a sweep");
    }

    /// <summary>What was said of each certificate: the type, or for what was kept back the last word of it, with who goes on.</summary>
    static async Task<IReadOnlyList<(string Id, string Said, string? Superseder)>> SaidAsync(ApiClient api, IEnumerable<string> ids)
    {
        var said = new List<(string, string, string?)>();
        foreach (var id in ids)
        {
            using var page = await api.GetJsonAsync($"/api/v1/projects/web/certificates/{id}/events?type=cert.expired,cert.expiring_soon,cert.expiry_suppressed&limit=500", default);
            foreach (var e in page.RootElement.GetProperty("events").EnumerateArray())
            {
                var (type, data) = (e.GetProperty("type").GetString()!, e.GetProperty("data"));
                said.Add(type == "cert.expiry_suppressed" ? (id, data.GetProperty("announcement").GetString()!, data.GetProperty("superseded_by").GetString()) : (id, type, null));
            }
        }

        return said;
    }

    /// <summary>The certificates of which openssl says that they end within a time from now.</summary>
    async Task<IEnumerable<string>> EndingAsync(TimeSpan within)
    {
        var seconds = ((long)within.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var ended = await Certfn.EndAsync(Certfn.Start(home.Path, "/bin/sh", ["-c", $"for f in *.pem; do openssl x509 -checkend {seconds} -noout -in $f > /dev/null || echo ${{f%.pem}}; done"]));
        return ended.Exits(0).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order();
    }

    public void Dispose() => home.Dispose();
}
