using CertFunctions.Infra.Tests.Bicep;
using CertFunctions.Testing;

namespace CertFunctions.Infra.Tests;

/// <summary>The templates read, and fit together. This checks our files and not the language: a compiler, where there is one, says more.</summary>
public sealed class TemplateTests
{
    static readonly string Folder = Repository.File("infra-bicep");

    [Fact]
    public void The_templates_and_parameter_files_fit_together()
    {
        var templates = Templates.OfFolder(Folder);
        Assert.Equal([], templates.Problems());
        Assert.Equal(["main.bicepparam", "main.dev.bicepparam", "main.prod.bicepparam"], templates.ParameterFiles.Select(f => f.Path));
    }

    [Fact]
    public void Every_file_a_template_loads_is_there()
    {
        foreach (var template in Templates.OfFolder(Folder).Modules)
        {
            foreach (var file in Find.Calls(template, "loadTextContent", "loadJsonContent").Select(c => ((Text)c.Arguments[0]).Plain!))
                Assert.True(File.Exists(Path.Combine(Folder, Path.GetDirectoryName(template.Path)!, file)), $"{template.Path}: {file}");
        }
    }

    /// <summary>Each fault is put into our own templates, and the checker must name it: a checker that finds nothing proves nothing.</summary>
    [Theory]
    [InlineData("main.bicep", "param httpConcurrency int", "param httpConcurency int", "there is no httpConcurrency")]
    [InlineData("main.bicep", "    storageAccountName: storage.outputs.name\n", "", "storageAccountName of modules/functionapp.bicep is missing")]
    [InlineData("main.bicep", "storage.outputs.packageContainer", "storage.outputs.container", "has no output container")]
    [InlineData("main.bicep", "    policyLocked: archivePolicyLocked\n", "    policyLock: archivePolicyLocked\n", "has no parameter policyLock")]
    [InlineData("main.bicep", "    groupId: 'Sql'\n", "    groupId: 'sql'\n", "is none of the values that are allowed")]
    [InlineData("main.bicep", "      traceRatio: traceRatio\n", "", "lacks traceRatio")]
    [InlineData("main.bicep", "'modules/identity.bicep'", "'modules/identities.bicep'", "modules/identities.bicep is not there")]
    [InlineData("main.bicep", "param hmacKeyIds string[] = ['hmac-1']", "param hmacKeyIds string[] = []", "has not the right length")]
    [InlineData("main.bicep", "@description('Name of the hub.')\n", "", "EVENT_HUB_NAME has no description")]
    [InlineData("main.prod.bicepparam", "param archiveSku = 'Standard_GZRS'", "param archiveSku = 'Premium'", "is none of the values that are allowed")]
    [InlineData("main.prod.bicepparam", "param eventHubPartitionCount = 8", "param eventHubPartitionCount = 33", "is out of range")]
    [InlineData("main.prod.bicepparam", "  { name: 'http', instanceCount: 2 }", "  { name: 'http', count: 2 }", "lacks instanceCount")]
    [InlineData("main.dev.bicepparam", "param org = 'example'\n", "", "org of main.bicep is missing")]
    [InlineData("main.dev.bicepparam", "param traceRatio = '1'", "param traceRatio = 1", "is of another type")]
    [InlineData("modules/storage.bicep", "2025-01-01' = {", "2024-01-01' = {", "is used with 2025-01-01 elsewhere")]
    [InlineData("modules/storage.bicep", "Microsoft.Authorization/roleAssignments@2022-04-01", "Microsoft.Authorization/roleAssignments", "is no type of a resource with a version")]
    [InlineData("modules/storage.bicep", "account::blobs::packages.name", "account::blobs::package.name", "there is no resource package inside")]
    [InlineData("modules/storage.bicep", "var blobDataOwner", "var unused = 1\nvar blobDataOwner", "unused is declared and not used")]
    [InlineData("modules/storage.bicep", "guid(account.id", "guids(account.id", "there is no such function")]
    [InlineData("modules/storage.bicep", "    bypass", "    defaultAction: 'Deny'\n      bypass", "'defaultAction' is there twice")]
    [InlineData("modules/functionapp.bicep", "settings.traceRatio", "settings.traceRation", "serviceSettings has no traceRation")]
    [InlineData("modules/functionapp.bicep", "(key, i) => [", "(key, i) = [", "')' is expected")]
    [InlineData("modules/functionapp.bicep", "param settings serviceSettings", "param settings servicesettings", "there is no type servicesettings")]
    [InlineData("modules/eventhubs.bicep", "@export()\n", "", "exports no type siem")]
    [InlineData("modules/eventhubs.bicep", "  dependsOn: [", "  dependsOn: {", "'[' is not closed|closes nothing")]
    [InlineData("modules/eventhubs.bicep", "name: each.name", "name: each.name'", "the text is not closed")]
    public void A_fault_is_found(string path, string was, string now, string told)
    {
        var sources = Templates.Sources(Folder).ToDictionary();
        Assert.Contains(was, sources[path], StringComparison.Ordinal);
        sources[path] = Replace(sources[path], was, now);
        List<string> problems;
        try
        {
            problems = new Templates(sources).Problems();
        }
        catch (BicepException e)
        {
            problems = [e.Message];
        }

        Assert.Contains(problems, p => told.Split('|').Any(t => p.Contains(t, StringComparison.Ordinal)));
    }

    /// <summary>The first time only, as someone who slips would.</summary>
    static string Replace(string text, string was, string now)
    {
        var at = text.IndexOf(was, StringComparison.Ordinal);
        return string.Concat(text.AsSpan(0, at), now, text.AsSpan(at + was.Length));
    }
}
