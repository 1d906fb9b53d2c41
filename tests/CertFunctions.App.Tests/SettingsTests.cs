using System.Security.Cryptography;
using CertFunctions.App.Tests.Support;
using CertFunctions.Core.Siem.EventHubs;
using CertFunctions.Http.Access;
using CertFunctions.Http.Hosting;

namespace CertFunctions.App.Tests;

/// <summary>The settings: one list that code, sample and triggers share; a start that says of each what is wrong and how to mend it; and no sample key in earnest.</summary>
public sealed class SettingsTests
{
    const string Account = "https://account.documents.azure.com:443/";

    /// <summary>The public half of the sample's signing key.</summary>
    const string PublicKey = "localhost/certfunctions/local+60c13a41+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHyOIn5kcrFOJ32FZwkTpW0KvIffe2dYctOKk0EO8qREpDL/dha8/MgsZeNnPYuPA1nrfWR9D5tR0QTovCXgM+A=";

    [Fact]
    public void The_sample_has_every_local_setting_and_none_more() =>
        Assert.Equal(Settings.All.Where(s => s.Place.HasFlag(SettingPlace.Local)).Select(s => s.Name).Order(StringComparer.Ordinal), Sample.Values.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void No_setting_is_there_twice_and_each_says_how_to_mend_it()
    {
        Assert.Equal(Settings.All.Count, Settings.All.Select(s => s.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(Settings.All, s => Assert.NotEmpty(s.Mend));
        // What an environment variable may be called on Linux.
        Assert.All(Settings.All, s => Assert.Matches("^[A-Za-z_][A-Za-z0-9_]*$", s.Name));
    }

    [Fact]
    public void Every_setting_is_in_the_list_of_all()
    {
        var declared = typeof(Settings).GetFields(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Static).Select(f => f.GetValue(null)).OfType<Setting>().ToList();

        Assert.InRange(declared.Count, 25, 100);
        Assert.All(declared, s => Assert.Contains(s, Settings.All));
    }

    [Fact]
    public async Task The_sample_starts_as_it_is()
    {
        var settings = Sample.Settings();

        Assert.Equal("certfunctions", settings.CosmosDatabase);
        Assert.Null(settings.EventHub);
        Assert.Equal("sample-1", settings.LedgerKeys.CurrentId);
        Assert.Equal([30, 14, 7, 3, 1], settings.Expiry.For(settings.OperatorOrg, Core.Ingest.OwnEvent.Project).Thresholds);
        Assert.Equal("localhost/certfunctions", settings.LogName.Value);
        Assert.False(settings.ApplicationInsights || settings.Otlp);
        Assert.Equal("UseDevelopmentStorage=true", settings.Archive.ConnectionString);
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Assert.Single(settings.SigningKeys).Span, out _);
        Assert.Equal(256, key.KeySize);
        var caller = await settings.ApiKeys.FindAsync("cfn_SAMPLE-do-not-deploy", default);
        Assert.Equal(("sample", "local", Access.All, null), (caller!.CredentialId, caller.Org.Value, caller.Access, caller.Projects));
    }

    public static TheoryData<string> Required =>
    [
        .. Settings.All.Where(s => s.Place == SettingPlace.Both && s != Settings.ApplicationInsights && s != Settings.OtlpEndpoint).Select(s => s.Name),
    ];

    [Theory]
    [MemberData(nameof(Required))]
    public void A_setting_that_is_missing_is_named_with_what_to_write(string name)
    {
        Assert.Contains(Sample.Problems((name, null)), p => p.StartsWith(name, StringComparison.Ordinal) && p.Contains("write", StringComparison.Ordinal));
        Assert.Contains(Sample.Problems((name, "  ")), p => p.StartsWith(name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("HmacKeys__0__Key", "too short")]
    [InlineData("HmacKeys__0__Key", "00112233445566778899aabbccddeeff")]
    [InlineData("HmacKeys__0__Id", "no blanks allowed")]
    [InlineData("HmacKeyId", "another")]
    [InlineData("CursorKey", "!")]
    [InlineData("SigningKeys__0__Key", "MIGHAgEA")]
    [InlineData("SigningKeys__0__Key", "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----")]
    [InlineData("ApiKeys__0__Hash", "cfn_SAMPLE-do-not-deploy")]
    [InlineData("ApiKeys__0__Org", "-")]
    [InlineData("ApiKeys__0__Projects", "web, no blanks here")]
    [InlineData("ApiKeys__0__Access", "everything")]
    [InlineData("ApiKeys__0__Access", "15")]
    [InlineData("ApiKeys__0__Access", "none")]
    [InlineData("OperatorOrg", "a/b")]
    [InlineData("ForwardLeasePrefix", "chain-")]
    [InlineData("EventHubEnvelope", "many")]
    [InlineData("EventHubs", "ns.servicebus.windows.net")]
    [InlineData("Archive", "https://acme.blob.core.windows.net")]
    [InlineData("SigningKeys__0__Key", "no-verifier-key")]
    [InlineData("SigningKeys__0__Key", PublicKey)]
    [InlineData("ArchiveContainer", "UPPER")]
    [InlineData("LogOrigin", "two words")]
    [InlineData("SweepSchedule", "every single hour")]
    [InlineData("ExpiryThresholdDays", "1,3,7")]
    [InlineData("ExpiryThresholdDays", "30,,7")]
    [InlineData("TraceSampleRatio", "1.5")]
    [InlineData("TraceSampleRatio", "-0.5")]
    public void A_value_that_is_not_right_is_named_and_not_repeated(string name, string value)
    {
        var problem = Assert.Single(Sample.Problems((name, value)), p => p.StartsWith(name, StringComparison.Ordinal));

        Assert.Contains("write ", problem, StringComparison.Ordinal);
        if (value.Length > 8)
            Assert.DoesNotContain(value, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once()
    {
        var problems = Sample.Problems(("CosmosDatabase", null), ("CursorKey", "x"), ("LogOrigin", null));

        Assert.Equal(["CosmosDatabase", "CursorKey", "LogOrigin"], problems.Select(p => p[..p.IndexOf(':', StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_samples_keys_are_refused_where_the_record_is_not_on_this_machine()
    {
        var problems = Sample.Problems(("Cosmos", null), ("Cosmos__accountEndpoint", Account));

        Assert.Equal(["ApiKeys__0__Hash", "CursorKey", "HmacKeys__0__Key", "SigningKeys__0__Key"], problems.Select(p => p[..p.IndexOf(':', StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
        Assert.Equal(4, Sample.Problems(("Cosmos", $"AccountEndpoint={Account};AccountKey=abc;")).Count);
    }

    [Fact]
    public async Task In_the_cloud_with_keys_of_its_own_it_starts_with_identities()
    {
        var settings = Sample.Settings([.. Cloud()]);

        Assert.Equal(Account, settings.Cosmos);
        Assert.Equal(new EventHubSettings(null, "ns.servicebus.windows.net", "ledger", EventHubEnvelope.Records), settings.EventHub);
        Assert.Equal(new ArchiveSettings(null, new Uri("https://archive.blob.core.windows.net"), "ledger"), settings.Archive);
        Assert.True(settings.ApplicationInsights);
        Assert.Equal("hmac-2", settings.LedgerKeys.CurrentId);
        Assert.True(settings.LedgerKeys.TryGet("hmac-1", out _));
        var (issuing, auditor) = (await settings.ApiKeys.FindAsync("issuing", default), await settings.ApiKeys.FindAsync("auditor", default));
        Assert.Equal(Access.Ingest, issuing!.Access);
        Assert.Equal(["mail", "web"], issuing.Projects!.Order());
        Assert.Equal((Access.Read | Access.Audit, null), (auditor!.Access, auditor.Projects));
        Assert.Null(await settings.ApiKeys.FindAsync("cfn_SAMPLE-do-not-deploy", default));
    }

    [Fact]
    public void Signing_keys_are_a_list_in_which_those_that_gave_way_may_be_public_halves()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var secret = Convert.ToBase64String(key.ExportPkcs8PrivateKey());

        var both = Sample.Settings(("SigningKeys__1__Key", secret));
        Assert.Equal((2, 0), (both.SigningKeys.Count, both.EarlierLogKeys.Count));
        Assert.Equal(key.ExportPkcs8PrivateKey(), both.SigningKeys[1].ToArray());
        var one = Sample.Settings(("SigningKeys__0__Key", PublicKey), ("SigningKeys__1__Key", secret));
        Assert.Equal((1, PublicKey), (one.SigningKeys.Count, Assert.Single(one.EarlierLogKeys).ToString()));

        foreach (var (second, third) in new[] { (PublicKey, secret), (secret, PublicKey), (secret, secret) })
            Assert.Contains(Sample.Problems(("SigningKeys__1__Key", second), ("SigningKeys__2__Key", third)), p => p.StartsWith("SigningKeys__", StringComparison.Ordinal));
    }

    [Fact]
    public void A_reference_to_a_secret_that_was_not_resolved_is_no_key()
    {
        const string Reference = "@Microsoft.KeyVault(SecretUri=https://vault.vault.azure.net/secrets/cursor)";

        var problem = Assert.Single(Sample.Problems(("CursorKey", Reference)));

        Assert.StartsWith("CursorKey: its Key Vault reference was not resolved", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_with_a_gap_or_an_item_twice_is_told()
    {
        Assert.Contains(Sample.Problems(("ApiKeys__2__Hash", new string('a', 64))), p => p.StartsWith("ApiKeys__1__Hash: is missing", StringComparison.Ordinal));
        Assert.Contains(
            Sample.Problems(("HmacKeys__1__Id", "sample-1"), ("HmacKeys__1__Key", new string('a', 64))),
            p => p.StartsWith("HmacKeys__1__Id: is there a second time", StringComparison.Ordinal));
    }

    static IEnumerable<(string, string?)> Cloud()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return
        [
            ("Cosmos", null), ("Cosmos__accountEndpoint", Account),
            ("EventHubs", null), ("EventHubs__fullyQualifiedNamespace", "ns.servicebus.windows.net"), ("EventHubEnvelope", "records"),
            ("Archive", null), ("Archive__blobServiceUri", "https://archive.blob.core.windows.net"),
            ("HmacKeyId", "hmac-2"),
            ("HmacKeys__0__Id", "hmac-1"), ("HmacKeys__0__Key", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32))),
            ("HmacKeys__1__Id", "hmac-2"), ("HmacKeys__1__Key", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))),
            // As a secret whose line feeds were lost on the way.
            ("SigningKeys__0__Key", key.ExportPkcs8PrivateKeyPem().Replace("\n", "\\n", StringComparison.Ordinal)),
            ("CursorKey", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))),
            ("ApiKeys__0__Id", "issuing"), ("ApiKeys__0__Hash", ApiKeys.Hash("issuing")), ("ApiKeys__0__Projects", "web, mail"), ("ApiKeys__0__Access", "ingest"),
            ("ApiKeys__1__Id", "auditor"), ("ApiKeys__1__Hash", ApiKeys.Hash("auditor")), ("ApiKeys__1__Org", "local"), ("ApiKeys__1__Projects", "*"), ("ApiKeys__1__Access", "read, audit"),
            ("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=00000000-0000-0000-0000-000000000000"),
        ];
    }
}
