using System.Text.Json;
using System.Text.RegularExpressions;
using CertFunctions.Infra.Tests.Bicep;
using CertFunctions.Testing;

namespace CertFunctions.Infra.Tests;

/// <summary>Alert rules and the workbook ask for what the service measures, and each alert has its page of the runbook.</summary>
public sealed partial class AlertTests
{
    static readonly string Modules = Repository.File("infra-bicep", "modules");
    static readonly string Runbook = File.ReadAllText(Repository.File("docs", "operating.md"));

    /// <summary>An instrument that is there, that something records to, and that belongs to the meter which the app exports.</summary>
    [Fact]
    public void Rules_and_workbook_ask_for_what_is_measured()
    {
        var sources = Directory.EnumerateFiles(Repository.File("src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        foreach (var name in new[] { "alerts.json", "workbook.json" }.SelectMany(Asked).Distinct())
        {
            var created = new Regex($"""(?:readonly \w+<\w+> (\w+) = )?Meter\.Create\w+(?:<\w+>)?\(\s*"{Regex.Escape(name)}" """.TrimEnd());
            var source = Assert.Single(sources, created.IsMatch);
            Assert.True(ExportedMeter().IsMatch(source), $"{name} belongs to a meter of its own, which nobody exports");
            var field = created.Match(source).Groups[1];
            if (field.Success)
                Assert.True(sources.Any(s => Regex.IsMatch(s, $@"\b{field.Value}\.(Add|Record)\(")), $"{name} is never recorded");
            else
                Assert.Contains($"CreateObservableGauge(\"{name}\"", source, StringComparison.Ordinal);
        }
    }

    static List<string> Asked(string file)
    {
        var names = Quoted(File.ReadAllText(Path.Combine(Modules, file)));
        Assert.NotEmpty(names);
        return names;
    }

    static List<string> Quoted(string queries) => [.. AskedFor().Matches(queries).Select(m => m.Groups[1].Value)];

    [Fact]
    public void Every_alert_has_its_entry_in_the_runbook()
    {
        foreach (var rule in Rules())
        {
            var title = rule.GetProperty("title").GetString()!;
            Assert.Contains($"\n### {title}\n", Runbook, StringComparison.Ordinal);
        }

        var template = Templates.OfFolder(Repository.File("infra-bicep"))["modules/alerts.bicep"];
        var named = Find.Expressions(template).OfType<Text>().Select(t => Told().Match(t.With("…"))).Where(m => m.Success).Select(m => m.Groups[1].Value).ToList();
        Assert.Contains("…", named);
        foreach (var title in named.Where(t => t != "…"))
            Assert.Contains($"\n### {title}\n", Runbook, StringComparison.Ordinal);
    }

    [Fact]
    public void The_workbook_is_what_the_portal_reads()
    {
        using var workbook = JsonDocument.Parse(File.ReadAllText(Path.Combine(Modules, "workbook.json")));
        Assert.Equal("Notebook/1.0", workbook.RootElement.GetProperty("version").GetString());
        var items = workbook.RootElement.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(items.Count, items.Select(i => i.GetProperty("name").GetString()).Distinct().Count());
        var queries = items.Where(i => i.GetProperty("type").GetInt32() == 3).Select(i => i.GetProperty("content")).ToList();
        Assert.True(queries.Count > 10);
        Assert.All(queries, q => Assert.Equal("range", q.GetProperty("timeContextFromParameter").GetString()));
        // Ingest, lag, sinks, expiry, the chain's health.
        foreach (var about in new[] { "certfn.events.ingested", "certfn.chain.delay", "certfn.sink.lag", "certfn.sweep.announced", "certfn.ledger.breaks" })
            Assert.Contains(queries, q => q.GetProperty("query").GetString()!.Contains($"\"{about}\"", StringComparison.Ordinal));
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

    [GeneratedRegex(@"static readonly Meter Meter = new\((Telemetry\.Instruments\.)?Name\)")]
    private static partial Regex ExportedMeter();

    [GeneratedRegex("""\\"(certfn\.[a-z._]*[a-z])\\""")]
    private static partial Regex AskedFor();

    [GeneratedRegex("""See docs/operating\.md, "([^"]+)"\.""")]
    private static partial Regex Told();

    [GeneratedRegex(@"\brule\.(\w+)")]
    private static partial Regex Taken();
}
