using System.Text.Json;
using Spectre.Console;

namespace CertFunctions.LocalHost.Show;

/// <summary>A page of a timeline as a table.</summary>
static class TimelineTable
{
    public static void Print(JsonElement events)
    {
        var table = Terminal.Table("seq", "occurred", "type", "severity", "status", "actor", "data");
        foreach (var e in events.EnumerateArray())
        {
            var severity = Text(e, "severity");
            table.AddRow(
                new Text(e.GetProperty("seq").GetRawText()),
                new Text(Text(e, "occurred_at")),
                new Text(Text(e, "type")),
                new Text(severity, new Style(Colour(severity))),
                new Text(Text(e, "status")),
                new Text(Actor(e.GetProperty("actor"))),
                new Text(Data(e.GetProperty("data"))));
        }

        Terminal.Out.Write(table);
    }

    static Color Colour(string severity) => severity switch
    {
        "critical" or "error" => Color.Red,
        "warn" => Color.Yellow,
        _ => Color.Default,
    };

    static string Actor(JsonElement actor) =>
        actor.TryGetProperty("name", out var name) ? Terminal.Visible(name.GetString()!) : actor.TryGetProperty("id", out var id) ? Terminal.Visible(id.GetString()!) : $"({Text(actor, "type")}, erased)";

    static string Data(JsonElement data)
    {
        var text = string.Join(", ", data.EnumerateObject().Select(m => $"{m.Name}={(m.Value.ValueKind == JsonValueKind.String ? m.Value.GetString() : m.Value.GetRawText())}"));
        return Terminal.Visible(text.Length <= 120 ? text : text[..119] + "…");
    }

    static string Text(JsonElement e, string name) => Terminal.Visible(e.GetProperty(name).GetString() ?? "");
}
