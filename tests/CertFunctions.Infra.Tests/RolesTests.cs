using CertFunctions.Infra.Tests.Bicep;
using CertFunctions.Testing;

namespace CertFunctions.Infra.Tests;

/// <summary>Nobody is granted more than data, and no key opens anything.</summary>
public sealed class RolesTests
{
    /// <summary>The roles our templates may give: roles on data, and no more than these.</summary>
    static readonly Dictionary<string, string> Roles = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
        ["2b629674-e913-4c01-ae53-ef4638d8f975"] = "Azure Event Hubs Data Sender",
        ["a638d3c7-ab3a-418d-83e6-5f17a39d4fde"] = "Azure Event Hubs Data Receiver",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"] = "Key Vault Secrets Officer",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
    };

    static readonly string Folder = Repository.File("infra-bicep");
    static readonly Templates All = Templates.OfFolder(Folder);

    [Fact]
    public void Roles_are_from_the_list_and_named_where_they_are_used()
    {
        var given = 0;
        foreach (var template in All.Modules)
        {
            var source = File.ReadAllText(Path.Combine(Folder, template.Path));
            foreach (var call in Find.Calls(template, "subscriptionResourceId"))
            {
                Assert.Equal("Microsoft.Authorization/roleDefinitions", ((Text)call.Arguments[0]).Plain);
                var name = Assert.Contains(((Text)call.Arguments[1]).Plain!, (IDictionary<string, string>)Roles);
                Assert.Contains(name, source, StringComparison.Ordinal);
                given++;
            }
        }

        Assert.True(given >= Roles.Count);
    }

    [Fact]
    public void A_role_is_given_on_a_resource_and_never_on_the_group()
    {
        foreach (var (template, resource) in OfType("Microsoft.Authorization/roleAssignments"))
            Assert.True(Scope.BodyOf(resource.Value)?["scope"] is Name or Inner or At, $"{template.Path}:{resource.Line}");
    }

    /// <summary>Accounts, each with what shuts its keys.</summary>
    [Theory]
    [InlineData("Microsoft.Storage/storageAccounts", "allowSharedKeyAccess", "false", 2)]
    [InlineData("Microsoft.Storage/storageAccounts", "allowBlobPublicAccess", "false", 2)]
    [InlineData("Microsoft.DocumentDB/databaseAccounts", "disableLocalAuth", "true", 1)]
    [InlineData("Microsoft.DocumentDB/databaseAccounts", "disableKeyBasedMetadataWriteAccess", "true", 1)]
    [InlineData("Microsoft.EventHub/namespaces", "disableLocalAuth", "true", 1)]
    [InlineData("Microsoft.KeyVault/vaults", "enableRbacAuthorization", "true", 1)]
    [InlineData("Microsoft.KeyVault/vaults", "enablePurgeProtection", "true", 1)]
    [InlineData("Microsoft.Insights/components", "DisableLocalAuth", "true", 1)]
    [InlineData("Microsoft.Web/sites", "httpsOnly", "true", 1)]
    public void Keys_open_nothing(string type, string property, string value, int count)
    {
        var resources = OfType(type).Where(r => !r.Resource.Existing).ToList();
        Assert.Equal(count, resources.Count);
        foreach (var (template, resource) in resources)
            Assert.True(Scope.BodyOf(resource.Value)?["properties"] is Body body && body[property] is Keyword { Word: var word } && word == value, $"{template.Path}:{resource.Line}");
    }

    /// <summary>What keeps data or decides something tells the workspace what happens to it.</summary>
    [Fact]
    public void Every_service_has_diagnostic_settings()
    {
        string[] services = ["Microsoft.Storage/storageAccounts", "Microsoft.DocumentDB/databaseAccounts", "Microsoft.EventHub/namespaces", "Microsoft.KeyVault/vaults", "Microsoft.Web/sites"];
        foreach (var (template, _) in services.SelectMany(s => OfType(s)).Where(r => !r.Resource.Existing))
            Assert.Contains(Find.Resources(template), r => r.Type.StartsWith("Microsoft.Insights/diagnosticSettings@", StringComparison.Ordinal));
    }

    static IEnumerable<(Template Template, Resource Resource)> OfType(string type) =>
        All.Modules.SelectMany(t => Find.Resources(t).Where(r => r.Type.StartsWith(type + "@", StringComparison.Ordinal)).Select(r => (t, r)));
}
