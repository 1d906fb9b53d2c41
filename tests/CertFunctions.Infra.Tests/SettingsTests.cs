using CertFunctions.Http.Hosting;
using CertFunctions.Infra.Tests.Bicep;
using CertFunctions.Testing;

namespace CertFunctions.Infra.Tests;

/// <summary>The templates set every setting that the app reads in Azure, and none besides.</summary>
public sealed class SettingsTests
{
    static readonly Template App = Templates.OfFolder(Repository.File("infra-bicep"))["modules/functionapp.bicep"];

    [Fact]
    public void The_templates_set_what_the_app_reads_and_nothing_else()
    {
        var wanted = Settings.All.Where(s => s.Place.HasFlag(SettingPlace.Cloud)).Select(s => s.Name).Order(StringComparer.Ordinal);
        Assert.Equal(wanted, Written().Select(s => s.Name).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Keys_are_references_to_the_vault()
    {
        string[] secret = [Settings.HmacKeysKey.Name, Settings.SigningKeysKey.Name, Settings.CursorKey.Name];
        foreach (var (name, value) in Written().Where(s => secret.Contains(s.Name)))
            Assert.StartsWith("@Microsoft.KeyVault(SecretUri=", (value as Text)?.With("…"), StringComparison.Ordinal);
        Assert.Contains(Written(), s => s.Name == Settings.ApiKeysHash.Name && s.Value is Text hash && hash.With("…").StartsWith("@Microsoft.KeyVault(", StringComparison.Ordinal));
    }

    /// <summary>The secrets that settings refer to by a fixed name are the ones that the script makes.</summary>
    [Fact]
    public void The_script_makes_the_secrets_that_settings_refer_to()
    {
        var script = File.ReadAllText(Repository.File("infra-bicep", "make-keys.sh"));
        var named = Written().Select(s => (s.Value as Text)?.With("…") ?? "").Where(v => v.StartsWith("@Microsoft.KeyVault(", StringComparison.Ordinal))
            .Select(v => v[(v.LastIndexOf('/') + 1)..^1]).Distinct().ToList();
        Assert.Equal(["api-key-hash", "cursor-key", "…"], named.Order(StringComparer.Ordinal));
        foreach (var name in named.Where(n => n != "…"))
            Assert.Matches($"(?m)^make {name} ", script);
    }

    [Fact]
    public void Schedules_are_those_of_the_sample()
    {
        using var sample = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Repository.File("local.settings.sample.json")));
        var values = sample.RootElement.GetProperty("Values");
        foreach (var (name, value) in Written().Where(s => s.Name.EndsWith("Schedule", StringComparison.Ordinal)))
            Assert.Equal(values.GetProperty(name).GetString(), (value as Text)?.Plain);
    }

    /// <summary>Every <c>{ name: …, value: … }</c>; a list's numbers are told as 0.</summary>
    static IEnumerable<(string Name, Expression Value)> Written() =>
        from body in Find.Expressions(App).OfType<Body>()
        where body.Properties.Count == 2 && body["name"] is Text && body["value"] is not null
        select (((Text)body["name"]!).With("0"), body["value"]!);
}
