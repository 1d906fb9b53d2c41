using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CertFunctions.Testing;

namespace CertFunctions.Endurance.Tests;

[Collection(nameof(CosmosProcesses))]
public sealed class CosmosDemoTests : IDisposable
{
    const int Certificates = 12;

    readonly TempFolder certs = new();

    public CosmosDemoTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        for (var n = 0; n < Certificates; n++)
        {
            var request = new CertificateRequest($"CN=demo-{n}.example", key, HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(Make.Now, Make.Now.AddDays(90));
            File.WriteAllText(certs.File($"{n}.pem"), certificate.ExportCertificatePem());
        }
    }

    public void Dispose() => certs.Dispose();

    [Fact]
    public async Task The_demo_ends_on_Cosmos_with_the_counts_and_verdicts_it_ends_with_on_SQLite()
    {
        using var emulator = await CosmosEmulatorProcess.StartNewAsync("--partitions", "4");
        var sqlite = await ServerProcess.RunAsync("demo", "--certs", certs.Path);
        var cosmos = await ServerProcess.RunAsync("demo", "--certs", certs.Path, "--store", "cosmos", "--cosmos", emulator.Connection);

        Assert.True(sqlite.ExitCode == 0, sqlite.Output);
        Assert.True(cosmos.ExitCode == 0, cosmos.Output);
        var found = Findings(cosmos.Output);
        Assert.Equal(Findings(sqlite.Output), found);
        Assert.Contains($"✓ {Certificates + 1} events recorded, {Certificates + 1} entries in the ledger, {Certificates + 1} lines in the SIEM's file", found);
        Assert.Equal(5, found.Count(line => line.StartsWith('✓')));
        Assert.DoesNotContain(found, line => line.StartsWith('✗'));
        Assert.Contains("All of it held.", found);
    }

    [Fact]
    public async Task Without_an_emulator_it_ends_with_3_and_says_how_to_start_one()
    {
        using var nobody = new CosmosEmulatorProcess();
        var (exitCode, output) = await ServerProcess.RunAsync("demo", "--certs", certs.Path, "--store", "cosmos", "--cosmos", nobody.Connection);
        CosmosProcesses.AssertOneMessage(3, "dotnet run --project tests/CertFunctions.CosmosEmulator", exitCode, output);
    }

    /// <summary>What the demo counted and judged; not where it listened, and not the hashes, which no two runs share.</summary>
    static List<string> Findings(string output) =>
    [
        .. output.Split('\n').Select(line => line.Trim('|', ' ', '\r')).Where(line =>
            line.StartsWith('✓') || line.StartsWith('✗') || line.Contains("certificates:", StringComparison.Ordinal) || line.StartsWith("verdict", StringComparison.Ordinal)
            || line.StartsWith("entries checked", StringComparison.Ordinal) || line.StartsWith("first bad index", StringComparison.Ordinal) || line.StartsWith("MACs", StringComparison.Ordinal)
            || line.StartsWith("All of it", StringComparison.Ordinal)),
    ];
}
