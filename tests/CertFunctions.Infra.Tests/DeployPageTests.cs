using System.Text.RegularExpressions;
using CertFunctions.Infra.Tests.Bicep;
using CertFunctions.Testing;

namespace CertFunctions.Infra.Tests;

/// <summary>What <c>docs/deploy.md</c> and <c>azure.yaml</c> name is there.</summary>
public sealed partial class DeployPageTests
{
    static readonly string Page = File.ReadAllText(Repository.File("docs", "deploy.md"));
    static readonly Template Main = Templates.OfFolder(Repository.File("infra-bicep"))["main.bicep"];

    [Fact]
    public void Outputs_that_the_page_reads_are_there()
    {
        var read = OutputsRead().Matches(Page).Select(m => m.Groups[1].Value).Distinct().ToList();
        Assert.NotEmpty(read);
        // Resource Manager shows APP_NAME as apP_NAME: all but the last of the capitals that it begins with, in lower case.
        var shown = Main.All<Output>().Select(o => Regex.Replace(o.Id, "^[A-Z]+(?=[A-Z](_|$))", m => m.Value.ToLowerInvariant()));
        Assert.Equal([], read.Except(shown));
    }

    [Fact]
    public void Parameters_of_the_table_are_there_and_so_are_the_files()
    {
        var table = Page[Page.IndexOf("## Parameters", StringComparison.Ordinal)..];
        var named = table[..table.IndexOf("\n## ", 1, StringComparison.Ordinal)].Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(l => Ticked().Matches(l.Split('|')[1]).Select(m => m.Groups[1].Value)).ToList();
        Assert.True(named.Count > 20);
        Assert.Equal([], named.Except(Main.All<Parameter>().Select(p => p.Id)));
        // What must be given stands in the table.
        Assert.Equal([], Main.All<Parameter>().Where(p => p.Default is null).Select(p => p.Id).Except(named));
    }

    /// <summary>What a parameter file of ours decides is what the table says of it, where it says a plain value.</summary>
    [Theory]
    [InlineData("main.dev.bicepparam", 3)]
    [InlineData("main.prod.bicepparam", 4)]
    public void The_table_has_the_values_of_the_parameter_files(string file, int column)
    {
        var values = Templates.OfFolder(Repository.File("infra-bicep"))[file].All<Assignment>().ToDictionary(a => a.Id, a => a.Value);
        var rows = Page.Split('\n').Where(l => SingleName().IsMatch(l)).ToList();
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var (name, said) = (SingleName().Match(row).Groups[1].Value, row.Split('|')[column].Trim().Trim('`'));
            if (values.GetValueOrDefault(name) is not { } value)
                continue;
            var written = value switch { Text text => text.Plain, Number number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture), Keyword keyword => keyword.Word, _ => null };
            if (written is not null && said is not "fill in" and not "set it")
                Assert.True(written == said, $"{file}: {name} is {written}, the page says '{said}'");
        }
    }

    [Fact]
    public void Azd_finds_the_app_and_the_templates()
    {
        var yaml = File.ReadAllText(Repository.File("infra-bicep", "azure.yaml"));
        var project = Regex.Match(yaml, @"project: (\S+)").Groups[1].Value;
        Assert.True(File.Exists(Path.Combine(Repository.File("infra-bicep"), project, "CertFunctions.App.csproj")), project);
        Assert.Matches(@"(?m)^  path: \.$", yaml);
        Assert.Matches(@"(?m)^  module: main$", yaml);
        // The service's name is the tag that azd looks for.
        var app = File.ReadAllText(Repository.File("infra-bicep", "modules", "functionapp.bicep"));
        Assert.Contains($"'azd-service-name': '{Regex.Match(yaml, @"services:\n  (\w+):").Groups[1].Value}'", app, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"properties\.outputs\.(\w+)\.value")]
    private static partial Regex OutputsRead();

    [GeneratedRegex("`([A-Za-z0-9]+)`")]
    private static partial Regex Ticked();

    [GeneratedRegex(@"^\| `([A-Za-z0-9]+)` \|")]
    private static partial Regex SingleName();
}
