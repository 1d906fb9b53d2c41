using System.Text.Json;
using System.Text.RegularExpressions;
using CertFunctions.Infra.Tests.Bicep;
using CertFunctions.Testing;

namespace CertFunctions.Infra.Tests;

/// <summary>Alert rules and the workbook ask for what the service measures, and each alert has its page of the runbook.</summary>
public sealed partial class AlertTests
{
    static readonly string Modules = Repository.File("infra-bicep", "modules");
    /// <summary>What is measured by parts of the service that are not here yet.</summary>
    static readonly string[] Coming = ["certfn.ledger.overdue"];

    static readonly string Runbook = File.ReadAllText(Repository.File("docs", "operating.md"));

    [Fact]
    public void Rules_and_workbook_ask_for_metrics_that_there_are()
    {
        var there = Directory.EnumerateFiles(Repository.File("src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(f => Created().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).ToHashSet();
        foreach (var file in new[] { "alerts.json", "workbook.json" })
        {
            var asked = Asked().Matches(File.ReadAllText(Path.Combine(Modules, file))).Select(m => m.Groups[1].Value).Distinct().ToList();
            Assert.NotEmpty(asked);
            Assert.Equal([], asked.Except(there).Except(Coming));
        }
    }

    [Fact]
    public void Every_alert_has_its_entry_in_the_runbook()
    {
        foreach (var rule in Rules())
        {
            var title = rule.GetProperty("title").GetString()!;
            Assert.Contains($"\n### {title}\n", Runbook, StringComparison.Ordinal);
        }

        var template = Templates.OfFolder(Repository.File("infra-bicep"))["modules/alerts.bicep"];
        var named = Find.Expressions(template).OfType<Text>().Select(t => Quoted().Match(t.With("…"))).Where(m => m.Success).Select(m => m.Groups[1].Value).ToList();
        Assert.Contains("…", named);
        foreach (var title in named.Where(t => t != "…"))
            Assert.Contains($"\n### {title}\n", Runbook, StringComparison.Ordinal);
    }

    /// <summary>R47, and what the service itself promises.</summary>
    [Theory]
    [InlineData("renewal-stalled", 0)]
    [InlineData("chain-broken", 0)]
    [InlineData("quarantine", 1)]
    [InlineData("ledger-lag", 1)]
    [InlineData("sink-stalled", 1)]
    [InlineData("checkpoint-missing", 1)]
    [InlineData("function-failures", 2)]
    public void The_alerts_that_are_promised_are_there(string id, int severity) =>
        Assert.Equal(severity, Assert.Single(Rules(), r => r.GetProperty("id").GetString() == id).GetProperty("severity").GetInt32());

    [Fact]
    public void Rules_have_what_the_template_takes_of_them()
    {
        var taken = Taken().Matches(File.ReadAllText(Path.Combine(Modules, "alerts.bicep"))).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.Contains("query", taken);
        string[] spans = ["PT5M", "PT15M", "PT30M", "PT1H"];
        foreach (var rule in Rules())
        {
            Assert.Equal(taken, rule.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
            Assert.Contains(rule.GetProperty("window").GetString(), spans);
            Assert.Contains(rule.GetProperty("every").GetString(), spans);
            Assert.Contains(rule.GetProperty("operator").GetString(), new[] { "GreaterThan", "LessThan" });
            Assert.InRange(rule.GetProperty("severity").GetInt32(), 0, 4);
        }

        Assert.Equal(Rules().Count, Rules().Select(r => r.GetProperty("id").GetString()).Distinct().Count());
    }

    static List<JsonElement> Rules()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Modules, "alerts.json")));
        return [.. document.RootElement.EnumerateArray().Select(e => e.Clone())];
    }

    [GeneratedRegex("""Create\w+<?\w*>?\(\s*"(certfn\.[a-z._]+)""")]
    private static partial Regex Created();

    [GeneratedRegex("""\\"(certfn\.[a-z._]*[a-z])\\""")]
    private static partial Regex Asked();

    [GeneratedRegex("""See docs/operating\.md, "([^"]+)"\.""")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\brule\.(\w+)")]
    private static partial Regex Taken();
}
