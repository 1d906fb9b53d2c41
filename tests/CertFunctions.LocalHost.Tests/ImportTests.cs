using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

public sealed class ImportTests : IAsyncLifetime, IDisposable
{
    readonly TempFolder home = new();
    Service service = null!;

    string Certs => home.File("certs");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Certs);
        service = await Service.StartAsync(home.Path);
    }

    [Fact]
    public async Task A_certificate_becomes_an_issued_event_that_says_what_the_certificate_says()
    {
        using var certificate = Certificates.Make("www");
        await File.WriteAllTextAsync(Path.Combine(Certs, "www.pem"), certificate.ExportCertificatePem());
        Assert.StartsWith("1 certificates: 1 new, 0 recorded before", (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(0).Out, StringComparison.Ordinal);

        var e = Assert.Single((await service.GetAsync($"/projects/default/certificates/{certificate.Fingerprint()}/events")).GetProperty("events").EnumerateArray());
        Assert.Equal(("cert.issued", $"import-{certificate.Fingerprint()}"), (e.GetProperty("type").GetString(), e.GetProperty("id").GetString()));
        var data = e.GetProperty("data");
        Assert.Equal((certificate.Fingerprint(), "2024-01-01T00:00:00Z", "2034-01-01T00:00:00Z"), (Text("fingerprint"), Text("not_before"), Text("not_after")));
        Assert.Equal(("CN=www, O=Test Works", "CN=www, O=Test Works", certificate.SerialNumber), (Text("subject"), Text("issuer"), Text("serial_number")));
        Assert.Equal(["www.example", "192.0.2.7"], data.GetProperty("subject_alt_names").EnumerateArray().Select(n => n.GetString()));
        Assert.StartsWith("EC ", Text("key_algorithm"), StringComparison.Ordinal);

        string? Text(string name) => data.GetProperty(name).GetString();
    }

    [Fact]
    public async Task A_mixed_folder_is_imported_as_far_as_it_goes_and_every_other_file_is_reported()
    {
        var c = Enumerable.Range(0, 9).Select(i => Certificates.Make($"c{i}")).ToList();
        await WriteAsync("bundle.pem", $"Two of them\n{c[0].ExportCertificatePem()}\nand\r\n{c[1].ExportCertificatePem()}");
        await WriteAsync("one.der", c[2].Export(X509ContentType.Cert));
        await WriteAsync("open.p12", c[3].Export(X509ContentType.Pkcs12, ""));
        await WriteAsync("unnamed.pfx", c[4].Export(X509ContentType.Pkcs12));
        await WriteAsync("withkey.pem", c[5].ExportCertificatePem() + "\n" + c[5].GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await WriteAsync("sub/again.pem", c[0].ExportCertificatePem());
        // Each of these holds something that cannot be imported; some hold a certificate too.
        await WriteAsync("locked.p12", c[6].Export(X509ContentType.Pkcs12, "secret"));
        await WriteAsync("broken-first.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n" + c[7].ExportCertificatePem());
        await WriteAsync("broken-last.pem", c[8].ExportCertificatePem() + "\n-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n");
        await WriteAsync("cut.pem", c[6].ExportCertificatePem()[..300]);
        await WriteAsync("junk.pem", PemEncoding.WriteString("CERTIFICATE", new byte[64]));
        await WriteAsync("empty.pem", "");
        await WriteAsync("readme.txt", "Certificates of the web team.\n");
        await WriteAsync("random.der", RandomNumberGenerator.GetBytes(500));
        await WriteAsync("key.pem", c[6].GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await WriteAsync("locked-key.pem", c[6].GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)));

        var ended = (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(1);
        Assert.StartsWith("8 certificates: 8 new, 0 recorded before; 1 more were copies of these", ended.Out, StringComparison.Ordinal);
        foreach (var (file, reason) in new[]
        {
            ("locked.p12", "protected by a password"), ("broken-first.pem", "a PEM block is broken or cut off"), ("broken-last.pem", "a PEM block is broken or cut off"), ("cut.pem", "a PEM block is broken or cut off"),
            ("junk.pem", "certificate 1 in it is broken"), ("empty.pem", "the file is empty"), ("readme.txt", "not a certificate"), ("random.der", "not a certificate"),
            ("/key.pem", "holds no certificate, only PRIVATE KEY"), ("locked-key.pem", "protected by a password"),
        })
            Assert.Contains(reason, ended.Row(file), StringComparison.Ordinal);
        foreach (var file in new[] { "bundle.pem", "one.der", "open.p12", "unnamed.pfx", "withkey.pem", "again.pem" })
            Assert.DoesNotContain(file, ended.Error, StringComparison.Ordinal);

        await service.SettlesAtAsync(8);
        foreach (var imported in c.Where((_, i) => i != 6))
            Assert.Single((await service.GetAsync($"/projects/default/certificates/{imported.Fingerprint()}/events")).GetProperty("events").EnumerateArray());
        Assert.StartsWith("8 certificates: 0 new, 8 recorded before", (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(1).Out, StringComparison.Ordinal);
        foreach (var certificate in c)
            certificate.Dispose();
    }

    [Fact]
    public async Task The_same_again_adds_nothing_and_is_good()
    {
        Certificates.Fill(Certs, 3);
        (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(0);
        var again = (await Certfn.RunAsync(home.Path, "import", Path.Combine(Certs, "c2.pem"), Certs)).Exits(0);
        Assert.StartsWith("3 certificates: 0 new, 3 recorded before; 1 more were copies of these", again.Out, StringComparison.Ordinal);
        await service.SettlesAtAsync(3);
    }

    [Fact]
    public async Task Projects_are_apart()
    {
        Certificates.Fill(Certs, 1);
        (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(0);
        Assert.StartsWith("1 certificates: 1 new", (await Certfn.RunAsync(home.Path, "import", "--project", "shop", Certs)).Exits(0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_reported_and_the_others_imported()
    {
        Certificates.Fill(Certs, 1);
        var ended = (await Certfn.RunAsync(home.Path, "import", home.File("nowhere"), Certs)).Exits(1);
        Assert.StartsWith("1 certificates: 1 new", ended.Out, StringComparison.Ordinal);
        Assert.Contains("there is no such file or folder", ended.Row("nowhere"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_nothing_is_good_and_says_so() =>
        Assert.StartsWith("0 certificates: 0 new, 0 recorded before", (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(0).Out, StringComparison.Ordinal);

    [Fact]
    public async Task A_project_that_cannot_be_one_is_told_by_the_service()
    {
        Certificates.Fill(Certs, 1);
        (await Certfn.RunAsync(home.Path, "import", "--project", "no such", Certs)).Exits(2).Says("project must be");
    }

    [Fact]
    public async Task Without_a_service_it_says_how_to_start_one()
    {
        Certificates.Fill(Certs, 1);
        await service.StopAsync();
        using var free = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        free.Start();
        var url = $"http://{free.LocalEndpoint}";
        free.Stop();
        (await Certfn.RunAsync(home.Path, "import", "--url", url, Certs)).Exits(3).Says("No service answers at").Says("certfn serve");
        (await Certfn.RunAsync(home.Path, "import", "--data", home.File("never"), Certs)).Exits(3).Says("api-key is not there").Says("--data");
        (await Certfn.RunAsync(home.Path, "import", "--url", "ftp://x", Certs)).Exits(2).Says("is not the address of a service");
    }

    [Fact]
    public async Task A_key_of_another_service_is_told_apart_from_no_service()
    {
        Certificates.Fill(Certs, 1);
        using var other = new TempFolder();
        await using var stranger = await Service.StartAsync(other.Path);
        (await Certfn.RunAsync(home.Path, "import", "--url", stranger.Url.ToString(), Certs)).Exits(3).Says("does not know this key");
    }

    [SkippableFact]
    public async Task The_machines_trust_store_twice_is_all_new_and_then_all_duplicates_and_every_count_agrees()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Skip.If(store.Certificates.Count == 0, "this machine trusts no certificates");
        await WriteAsync("trusted.pem", string.Join('\n', store.Certificates.Select(c => c.ExportCertificatePem())));
        var fingerprints = store.Certificates.Select(c => c.Fingerprint()).Distinct().ToList();
        var count = fingerprints.Count;

        Assert.StartsWith($"{count} certificates: {count} new, 0 recorded before", (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(0).Out, StringComparison.Ordinal);
        Assert.StartsWith($"{count} certificates: 0 new, {count} recorded before", (await Certfn.RunAsync(home.Path, "import", Certs)).Exits(0).Out, StringComparison.Ordinal);
        await service.SettlesAtAsync(count);
        var seen = 0;
        foreach (var fingerprint in fingerprints)
            seen += (await service.GetAsync($"/projects/default/certificates/{fingerprint}/events")).GetProperty("events").GetArrayLength();
        Assert.Equal(count, seen);
        var lines = await File.ReadAllLinesAsync(Path.Combine(service.Data, "siem", "local.jsonl"));
        Assert.Equal(fingerprints.Order(), lines.Select(l => JsonSerializer.Deserialize<JsonElement>(l).GetProperty("event").GetProperty("subject").GetProperty("id").GetString()).Order());
        (await Certfn.RunAsync(home.Path, "verify")).Exits(0);
    }

    Task WriteAsync(string name, string text) => WriteAsync(name, System.Text.Encoding.UTF8.GetBytes(text));

    async Task WriteAsync(string name, byte[] bytes)
    {
        var path = Path.Combine(Certs, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes);
    }

    public async Task DisposeAsync() => await service.DisposeAsync();

    public void Dispose() => home.Dispose();
}
