using System.Globalization;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using CertFunctions.LocalHost.Import;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

/// <summary>What <c>certfn import</c> takes besides files and folders of certificates, from real peers.</summary>
public sealed class DiscoveryTests(DiscoveryTests.Running running) : IClassFixture<DiscoveryTests.Running>, IDisposable
{
    readonly TempFolder files = new();
    readonly string project = $"p{Guid.NewGuid():N}";

    string Home => running.Home.Path;

    [Fact]
    public async Task A_tls_server_gives_the_certificate_it_presents()
    {
        using var certificate = Certificates.Make("tls");
        await using var server = TlsServer.Presenting(certificate);
        Assert.StartsWith("1 certificates: 1 new", (await ImportAsync(server.Address)).Exits(0).Out, StringComparison.Ordinal);
        var e = await IssuedAsync(certificate.Fingerprint());
        Assert.Equal("CN=tls, O=Test Works", e.GetProperty("data").GetProperty("subject").GetString());
        Assert.StartsWith("1 certificates: 0 new, 1 recorded before", (await ImportAsync(server.Address)).Exits(0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_asked_for_by_name()
    {
        using var certificate = Certificates.Make("sni");
        await using var server = TlsServer.Presenting(certificate);
        (await ImportAsync(server.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal))).Exits(0);
        await Eventually.TrueAsync(() =>
        {
            lock (server.Asked)
                return server.Asked.Contains("localhost");
        }, "the server was asked for localhost");
    }

    [Theory]
    [InlineData(-400, -10)]
    [InlineData(10, 400)]
    public async Task Its_validity_does_not_matter(int fromDays, int toDays)
    {
        var now = DateTimeOffset.UtcNow;
        using var certificate = Certificates.Make("odd", now.AddDays(fromDays), now.AddDays(toDays));
        await using var server = TlsServer.Presenting(certificate);
        Assert.StartsWith("1 certificates: 1 new", (await ImportAsync(server.Address)).Exits(0).Out, StringComparison.Ordinal);
        Assert.StartsWith("1 certificates: 0 new, 1 recorded before", (await ImportAsync(server.Address)).Exits(0).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_server_that_wants_a_certificate_of_ours_has_shown_its_own(SslProtocols protocols)
    {
        using var certificate = Certificates.Make("mutual");
        await using var server = TlsServer.Presenting(certificate, mutual: true, protocols: protocols);
        Assert.StartsWith("1 certificates: 1 new", (await ImportAsync(server.Address)).Exits(0).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chain_it_sends_is_taken_when_asked_for()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Chain Root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(100));
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var middleRequest = new CertificateRequest("CN=Chain Middle", middleKey, HashAlgorithmName.SHA256);
        middleRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var middlePublic = middleRequest.Create(root, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(90), [1, 2, 3]);
        using var middle = middlePublic.CopyWithPrivateKey(middleKey);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leafPublic = new CertificateRequest("CN=Chain Leaf", leafKey, HashAlgorithmName.SHA256).Create(middle, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(47), [4, 5, 6]);
        using var leaf = leafPublic.CopyWithPrivateKey(leafKey);

        await using var server = TlsServer.Presenting(leaf, [middlePublic, root]);
        Assert.StartsWith("1 certificates: 1 new", (await ImportAsync(server.Address)).Exits(0).Out, StringComparison.Ordinal);
        await IssuedAsync(leaf.Fingerprint());
        (await ImportAsync(server.Address, "--chain")).Exits(0);
        await IssuedAsync(middle.Fingerprint());
    }

    [Fact]
    public async Task Each_way_not_to_be_a_tls_server_is_told_apart_and_the_others_are_imported()
    {
        using var certificate = Certificates.Make("good");
        await using var good = TlsServer.Presenting(certificate);
        await using var ssh = TlsServer.Saying("SSH-2.0-OpenSSH_9.7\r\n"u8.ToArray());
        await using var silent = TlsServer.Silent();
        string free;
        await using (var gone = TlsServer.Silent())
            free = gone.Address;
        var ended = (await ImportAsync(ssh.Address, silent.Address, free, "no-such-host.invalid:443", good.Address, "--timeout", "2")).Exits(1);
        Assert.StartsWith("1 certificates: 1 new", ended.Out, StringComparison.Ordinal);
        Assert.Contains("does not speak TLS", ended.Row(ssh.Address), StringComparison.Ordinal);
        Assert.Contains("did not answer as TLS within 2 seconds", ended.Row(silent.Address), StringComparison.Ordinal);
        Assert.Contains("refused the connection", ended.Row(free), StringComparison.Ordinal);
        Assert.Matches("no such host|did not answer|cannot be reached", ended.Row("no-such-host.invalid"));
    }

    [Theory]
    [InlineData("host:0")]
    [InlineData("host:65536")]
    [InlineData("host:https")]
    [InlineData("a b:443")]
    [InlineData("/etc/x:443")]
    [InlineData("[127.0.0.1]:443")]
    [InlineData(":443")]
    public async Task What_is_neither_a_path_nor_a_server_is_reported(string source) =>
        Assert.Contains("there is no such file or folder", (await ImportAsync(source)).Exits(1).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("--timeout", "0")]
    [InlineData("--timeout", "soon")]
    [InlineData("--timeout", "NaN")]
    public async Task A_timeout_that_is_none_is_refused(params string[] options) => (await ImportAsync([.. options, "x:1"])).Exits(2).Says("--timeout must be a number of seconds");

    [Fact]
    public async Task A_pkcs12_file_opens_with_the_password_from_a_file_or_a_variable()
    {
        using var first = Certificates.Make("p1");
        using var second = Certificates.Make("p2");
        await File.WriteAllBytesAsync(files.File("one.p12"), first.Export(X509ContentType.Pkcs12, "s3cret ü"));
        await File.WriteAllBytesAsync(files.File("two.pfx"), second.Export(X509ContentType.Pkcs12, "s3cret ü"));
        await File.WriteAllTextAsync(files.File("password"), "s3cret ü\nnot this line\n");

        Assert.StartsWith("1 certificates: 1 new", (await ImportAsync(files.File("one.p12"), "--password-file", files.File("password"))).Exits(0).Out, StringComparison.Ordinal);
        Assert.StartsWith("1 certificates: 1 new", (await Certfn.RunWithAsync(Home, "CERTFN_PKCS12_PASSWORD", "s3cret ü", "import", "--project", project, files.File("two.pfx"))).Exits(0).Out, StringComparison.Ordinal);
        await IssuedAsync(first.Fingerprint());
        await IssuedAsync(second.Fingerprint());
    }

    [Fact]
    public async Task A_wrong_password_and_a_missing_one_are_reported_and_never_printed()
    {
        using var certificate = Certificates.Make("locked");
        await File.WriteAllBytesAsync(files.File("locked.p12"), certificate.Export(X509ContentType.Pkcs12, "right"));
        await File.WriteAllTextAsync(files.File("password"), "wr0ng-one");

        var wrong = (await ImportAsync(files.File("locked.p12"), "--password-file", files.File("password"))).Exits(1);
        Assert.Contains("does not open it", wrong.Row("locked.p12"), StringComparison.Ordinal);
        Assert.DoesNotContain("wr0ng-one", wrong.Out + wrong.Error, StringComparison.Ordinal);
        var variable = (await Certfn.RunWithAsync(Home, "CERTFN_PKCS12_PASSWORD", "wr0ng-one", "import", "--project", project, files.File("locked.p12"))).Exits(1);
        Assert.Contains("CERTFN_PKCS12_PASSWORD does not open it", variable.Row("locked.p12"), StringComparison.Ordinal);
        Assert.Contains("--password-file", (await ImportAsync(files.File("locked.p12"))).Exits(1).Row("locked.p12"), StringComparison.Ordinal);
        (await ImportAsync(files.File("locked.p12"), "--password-file", files.File("nowhere"))).Exits(2).Says("cannot be read");
    }

    [SkippableFact]
    public async Task A_pkcs12_file_that_openssl_made_opens_too()
    {
        Skip.IfNot(ReadmeSnippets.Has("openssl", "version"), "needs openssl");
        using var certificate = Certificates.Make("openssl");
        await File.WriteAllTextAsync(files.File("both.pem"), certificate.ExportCertificatePem() + "\n" + certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        using (var openssl = Certfn.Start(Home, "openssl", ["pkcs12", "-export", "-in", files.File("both.pem"), "-out", files.File("made.p12"), "-passout", "pass:geheim"]))
            await openssl.WaitForExitAsync();
        Assert.StartsWith("1 certificates: 1 new", (await Certfn.RunWithAsync(Home, "CERTFN_PKCS12_PASSWORD", "geheim", "import", "--project", project, files.File("made.p12"))).Exits(0).Out, StringComparison.Ordinal);
        await IssuedAsync(certificate.Fingerprint());
    }

    [SkippableFact]
    public async Task The_systems_stores_hold_at_least_what_the_machine_trusts()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Skip.If(store.Certificates.Count == 0, "this machine trusts no certificates");
        (await ImportAsync("--system")).Exits(0);
        foreach (var trusted in store.Certificates)
            await IssuedAsync(trusted.Fingerprint());
    }

    [Fact]
    public async Task An_inventory_is_imported_row_by_row_and_each_bad_row_is_reported_by_its_number()
    {
        var good = Hex(1);
        await File.WriteAllTextAsync(files.File("inventory.csv"), $"""
            Owner,fingerprint,subject,issuer,serial_number,not_before,not_after,names,id
            web,{Colons(good)},"CN=a, O=""A"" Works",CN=ca,0A,2026-01-01T00:00:00+01:00,2026-07-20,a.example b.example,
            web,{Hex(2)},,,,2026-01-01 08:30:00,2026-02-01,,shop.example
            web,nothex,,,,2026-01-01,2026-02-01,,
            web,{Hex(3)},,,,01/02/2026,2026-02-01,,
            web,{Hex(4)},CN=b, O=B,,,2026-01-01,2026-02-01,,
            web,{Hex(5)},"CN=c,,,2026-01-01,2026-02-01,,
            web,{Hex(6)},,,,2026-03-01,2026-02-01,,

            web,{Hex(7)},,,,2026-01-01,2026-02-01,,a/b
            web,{Hex(8)},,,,2026-01-01,2026-02-01,,
            """);
        var ended = (await ImportAsync(files.File("inventory.csv"))).Exits(1);
        Assert.StartsWith("4 certificates: 3 new", ended.Out, StringComparison.Ordinal);
        foreach (var (row, reason) in new[]
        {
            (4, "fingerprint must be"), (5, "not_before must be"), (6, "not as many columns"), (7, "not closed"), (8, "must not be earlier"), (10, "id must be"),
        })
            Assert.Contains(reason, ended.Row($"row {row} "), StringComparison.Ordinal);

        var data = (await IssuedAsync(good)).GetProperty("data");
        Assert.Equal(("2025-12-31T23:00:00Z", "2026-07-20T00:00:00Z"), (data.GetProperty("not_before").GetString(), data.GetProperty("not_after").GetString()));
        Assert.Equal("CN=a, O=\"A\" Works", data.GetProperty("subject").GetString());
        Assert.Equal(["a.example", "b.example"], data.GetProperty("subject_alt_names").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal(Hex(2), (await IssuedAsync("shop.example")).GetProperty("data").GetProperty("fingerprint").GetString());
        Assert.StartsWith("4 certificates: 0 new, 3 recorded before", (await ImportAsync(files.File("inventory.csv"))).Exits(1).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(';')]
    [InlineData('\t')]
    [InlineData('|')]
    public async Task Columns_may_be_separated_as_spreadsheets_do(char separator)
    {
        var text = $"fingerprint,not_before,not_after\n{Hex(1)},2026-01-01,2026-07-20\n".Replace(',', separator).Replace("\n", "\r\n", StringComparison.Ordinal);
        await File.WriteAllTextAsync(files.File("sheet.CSV"), text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.StartsWith("1 certificates: 1 new", (await ImportAsync(files.File("sheet.CSV"))).Exits(0).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "fingerprint, not_before, not_after are not among them")]
    [InlineData("fingerprint,not_before\nx,y\n", "not_after is not among them")]
    public async Task What_is_no_inventory_says_which_columns_it_lacks(string text, string says)
    {
        await File.WriteAllTextAsync(files.File("list.csv"), text);
        (await ImportAsync(files.File("list.csv"))).Exits(1).Says(says);
    }

    [Fact]
    public async Task Rows_that_are_not_utf8_are_refused_rather_than_recorded_wrongly()
    {
        await File.WriteAllBytesAsync(files.File("latin.csv"), [.. Encoding.Latin1.GetBytes($"fingerprint,not_before,not_after,subject\n{Hex(1)},2026-01-01,2026-02-01,CN=Müller\n")]);
        Assert.Contains("not in UTF-8", (await ImportAsync(files.File("latin.csv"))).Exits(1).Row("row 2 "), StringComparison.Ordinal);
    }

    [Fact]
    public void A_million_rows_are_read_one_at_a_time()
    {
        using (var file = new StreamWriter(files.File("large.csv")))
        {
            file.WriteLine("fingerprint,not_before,not_after,subject");
            for (var i = 0; i < 1_000_000; i++)
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{i:x64},2026-01-01,2026-07-20,CN=host-{i}"));
        }

        var rows = 0;
        long before = 0;
        foreach (var finding in CertificateInventory.Read(files.File("large.csv")))
        {
            Assert.IsType<ImportFinding.Listed>(finding);
            if (++rows % 250_000 != 1)
                continue;
            var held = GC.GetTotalMemory(forceFullCollection: true);
            before = before == 0 ? held : before;
            Assert.True(held - before < 8 * 1024 * 1024, $"{held - before} bytes are held after {rows} rows");
        }

        Assert.Equal(1_000_000, rows);
    }

    [Fact]
    public async Task A_certificate_and_the_row_that_tells_of_it_are_one()
    {
        using var certificate = Certificates.Make("both");
        await File.WriteAllTextAsync(files.File("both.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(files.File("both.csv"), $"fingerprint,not_before,not_after\n{certificate.Fingerprint()},2024-01-01,2034-01-01\n");
        await File.WriteAllTextAsync(files.File("other.csv"), $"fingerprint,not_before,not_after\n{certificate.Fingerprint()},2024-01-01,2035-01-01\n");
        (await ImportAsync(files.File("both.pem"))).Exits(0);
        Assert.StartsWith("1 certificates: 0 new, 1 recorded before", (await ImportAsync(files.File("both.csv"))).Exits(0).Out, StringComparison.Ordinal);
        (await ImportAsync(files.File("other.csv"))).Exits(1).Says("recorded with another validity");
        Assert.Single((await running.Service.GetAsync($"/projects/{project}/certificates/{certificate.Fingerprint()}/events")).GetProperty("events").EnumerateArray());
    }

    Task<Ended> ImportAsync(params string[] arguments) => Certfn.RunAsync(Home, ["import", "--project", project, .. arguments]);

    async Task<JsonElement> IssuedAsync(string id) =>
        Assert.Single((await running.Service.GetAsync($"/projects/{project}/certificates/{id}/events?type=cert.issued")).GetProperty("events").EnumerateArray());

    static string Hex(int n) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(n.ToString(CultureInfo.InvariantCulture))));

    static string Colons(string hex) => string.Join(':', hex.ToUpperInvariant().Chunk(2).Select(c => new string(c)));

    public void Dispose() => files.Dispose();

    /// <summary>A service that each test has a project of its own in.</summary>
    public sealed class Running : IAsyncLifetime, IDisposable
    {
        public TempFolder Home { get; } = new();

        internal Service Service { get; private set; } = null!;

        public async Task InitializeAsync() => Service = await Service.StartAsync(Home.Path);

        public async Task DisposeAsync() => await Service.DisposeAsync();

        public void Dispose() => Home.Dispose();
    }
}
