using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CertFunctions.Core.Events;
using CertFunctions.Core.Events.Catalogue;
using CertFunctions.Core.Tests.Support;
using CertFunctions.Testing;

namespace CertFunctions.Core.Tests.House;

/// <summary><c>docs/event-catalogue.md</c> and the catalogue say the same, neither more than the other.</summary>
public sealed partial class EventCataloguePageTests
{
    static readonly string[] Page = File.ReadAllLines(Repository.File("docs", "event-catalogue.md"));

    /// <summary>R39.</summary>
    static readonly Dictionary<string, int> Syslog = new() { ["critical"] = 2, ["error"] = 3, ["warn"] = 4, ["info"] = 6, ["debug"] = 7 };

    [GeneratedRegex("`([^`]+)`( \\(personal\\))?")]
    private static partial Regex Name { get; }

    [Fact]
    public void Every_type_and_field_of_the_catalogue_is_on_the_page_as_it_is_and_nothing_else_is()
    {
        var expected = EventCatalogue.All.Select(t => new Row(
            t.Module,
            t.Name,
            t.When,
            $"{t.DefaultSeverity.Wire()} ({Syslog[t.DefaultSeverity.Wire()]})",
            t.DefaultStatus.Wire(),
            Fields(t.Fields.Where(f => f.Required)),
            Fields(t.Fields.Where(f => !f.Required)),
            string.Join(' ', EventAliases.All.Where(a => a.Value == t.Name).Select(a => a.Key).Order(StringComparer.Ordinal))));

        Assert.Equal(expected.OrderBy(r => r.Type, StringComparer.Ordinal), Types().OrderBy(r => r.Type, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_module_says_what_its_events_are_about()
    {
        var stated = Modules().ToDictionary(m => m.Name, m => Regex.Match(m.Lines[1], "Subject kind: `([a-z]+)`") is { Success: true } kind ? kind.Groups[1].Value : null);

        Assert.All(EventCatalogue.All, t => Assert.Equal(t.SubjectKind, stated[t.Module]));
    }

    [Fact]
    public void Every_fields_values_are_described_as_the_parser_describes_them() =>
        Assert.Equal(
            EventCatalogue.All.SelectMany(t => t.Fields).Select(f => (f.Name, f.Shape.Grammar)).Distinct().Order(),
            Rows(Section("## Values")).Select(cells => (cells[0].Trim('`'), cells[1])).Order());

    [Fact]
    public void R39_severities_have_syslogs_numbers() =>
        Assert.Equal(Syslog, Rows(Section("### Severity")).ToDictionary(cells => cells[0], cells => int.Parse(cells[1], System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void The_pages_example_is_accepted()
    {
        var start = Array.IndexOf(Page, "```json") + 1;
        var example = string.Join('\n', Page[start..Array.IndexOf(Page, "```", start)]);

        Assert.IsType<ParsedEvent.Accepted>(Make.Parse(example));
    }

    [Fact]
    public void Every_member_of_the_envelope_table_is_one_the_parser_reads_and_asks_for_where_it_is_required() =>
        Assert.All(Rows(Section("## Submitting")), cells =>
        {
            var member = cells[0].Trim('`');
            var wrong = Submission.Of("ext.a");
            wrong.Json[member] = JsonNode.Parse("[]");
            var fault = wrong.OneFault();
            Assert.Equal(member, fault.Field);
            Assert.StartsWith("must be ", fault.Mend, StringComparison.Ordinal);
            if (cells[1].StartsWith("required", StringComparison.Ordinal))
                Assert.Equal(member, Submission.Of("ext.a").Without(member).OneFault().Field);
            else
                Submission.Of("ext.a").Without(member).Accepted();
        });

    sealed record Row(string Module, string Type, string When, string Severity, string Status, string Required, string Optional, string Others);

    static string Fields(IEnumerable<PayloadField> fields) => string.Join(' ', fields.Select(f => f.Personal ? f.Name + "!" : f.Name));

    static IEnumerable<Row> Types() =>
        from module in Modules()
        from cells in Rows(module.Lines)
        select new Row(module.Name, cells[0].Trim('`'), cells[1], cells[2], cells[3], Names(cells[4]), Names(cells[5]), Names(cells[6]));

    static string Names(string cell) => string.Join(' ', Name.Matches(cell).Select(m => m.Groups[2].Success ? m.Groups[1].Value + "!" : m.Groups[1].Value));

    static IEnumerable<(string Name, string[] Lines)> Modules() =>
        Page.Index().SkipWhile(l => l.Item != "## Types").TakeWhile(l => l.Item != "## Values").Where(l => l.Item.StartsWith("### ", StringComparison.Ordinal)).Select(l => (l.Item[4..], Section(l.Item)));

    /// <summary>A heading and what stands under it up to the next.</summary>
    static string[] Section(string heading)
    {
        var start = Array.IndexOf(Page, heading);
        Assert.True(start >= 0, $"no heading '{heading}'");
        return [heading, .. Page.Skip(start + 1).TakeWhile(line => !line.StartsWith('#'))];
    }

    /// <summary>The cells of the section's one table, its head left out.</summary>
    static IEnumerable<string[]> Rows(string[] section)
    {
        var rows = section.Where(line => line.StartsWith('|')).Skip(2).ToList();
        Assert.NotEmpty(rows);
        return rows.Select(row => row[1..^1].Split('|', StringSplitOptions.TrimEntries));
    }
}
