using System.Security.Cryptography.X509Certificates;
using CertFunctions.LocalHost.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.LocalHost.Tests;

public sealed class DemoTests : IDisposable
{
    readonly TempFolder home = new();

    string Certs => home.File("certs");

    [SkippableFact]
    public async Task It_holds_on_the_certificates_this_machine_trusts()
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine);
        store.Open(OpenFlags.ReadOnly);
        Skip.If(store.Certificates.Count == 0, "this machine trusts no certificates");
        Holds(await Certfn.RunAsync(home.Path, "demo"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    public async Task It_holds_on_a_folder_of_any_number_of_certificates(int count)
    {
        Certificates.Fill(Certs, count);
        var ended = await Certfn.RunAsync(home.Path, "demo", "--certs", Certs);
        Holds(ended);
        Assert.Contains($"{count} certificates: {count} new", ended.Out, StringComparison.Ordinal);
        Assert.Contains($"{count + 1} events recorded, {count + 1} entries in the ledger, {count + 1} lines in the SIEM's file", ended.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9999)]
    [InlineData(1999)]
    public async Task It_holds_whatever_year_a_certificate_ends_in(int year)
    {
        Directory.CreateDirectory(Certs);
        using var certificate = Certificates.Make("odd", new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(year, 12, 31, 23, 59, 59, TimeSpan.Zero));
        await File.WriteAllTextAsync(Path.Combine(Certs, "odd.pem"), certificate.ExportCertificatePem());
        Holds(await Certfn.RunAsync(home.Path, "demo", "--certs", Certs));
    }

    [Fact]
    public async Task A_folder_of_nothing_and_one_that_is_not_there_fail_with_what_to_do()
    {
        Directory.CreateDirectory(Certs);
        (await Certfn.RunAsync(home.Path, "demo", "--certs", Certs)).Exits(3).Says("No certificate in").Says("name another folder");
        (await Certfn.RunAsync(home.Path, "demo", "--certs", home.File("nowhere"))).Exits(3).Says("there is no such file or folder").Says("name another folder");
    }

    [Fact]
    public async Task Kept_up_it_can_be_looked_at_and_ends_when_asked_to_with_its_data_gone()
    {
        Certificates.Fill(Certs, 2);
        using var process = Certfn.Start(home.Path, "demo", "--certs", Certs, "--keep");
        string? line, data = null;
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(180)))
        {
            while ((line = await process.StandardOutput.ReadLineAsync(patience.Token)) is not null && !line.Contains("Stop with Ctrl+C", StringComparison.Ordinal))
                data = line.Contains("CERTFN_DATA=", StringComparison.Ordinal) ? line.Split('=')[1].Trim() : data;
        }

        Assert.NotNull(data);
        (await Certfn.RunAsync(home.Path, "verify", "--data", data)).Exits(0);
        Certfn.Signal(process, "TERM");
        (await Certfn.EndAsync(process)).Exits(0);
        Assert.False(Directory.Exists(data));
    }

    static void Holds(Ended ended)
    {
        ended.Exits(0);
        Assert.Contains("VALID", ended.Out, StringComparison.Ordinal);
        Assert.Contains("TAMPERED", ended.Out, StringComparison.Ordinal);
        Assert.Contains("All of it held.", ended.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("✗", ended.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', ended.Out);
    }

    public void Dispose() => home.Dispose();
}
