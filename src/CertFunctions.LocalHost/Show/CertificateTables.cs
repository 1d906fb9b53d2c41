using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace CertFunctions.LocalHost.Show;

/// <summary>Certificates and their states as tables.</summary>
static class CertificateTables
{
    const int MostNames = 3;

    /// <summary>A page of an inventory, below the counts where it has them.</summary>
    public static void PrintPage(JsonElement page)
    {
        var now = Time(page, "as_of");
        if (page.TryGetProperty("counts", out var counts))
            PrintCounts(counts);
        var table = Terminal.Table("certificate", "names", "status", "expires in", "expires", "issuer");
        foreach (var certificate in page.GetProperty("certificates").EnumerateArray())
        {
            var status = Text(certificate, "status");
            DateTimeOffset? end = certificate.TryGetProperty("validity", out var validity) ? Time(validity, "not_after") : null;
            table.AddRow(
                new Text(Text(certificate, "id")),
                new Text(Names(certificate)),
                new Text(status, new Style(Colour(status))),
                new Text(end is { } at ? Left(at - now) : "", new Style(end - now < TimeSpan.FromDays(7) && status is "active" or "renewal_failed" ? Color.Yellow : Color.Default)),
                new Text(end is null ? "" : Text(validity, "not_after")),
                new Text(Text(certificate, "issuer")));
        }

        Terminal.Out.Write(table);
    }

    /// <summary>One certificate's state, member by member.</summary>
    public static void PrintState(JsonElement state)
    {
        var table = Terminal.Table("member", "value");
        foreach (var (path, value) in Flat("", state))
            table.AddRow(new Text(path), new Text(Value(value)));
        Terminal.Out.Write(table);
    }

    public static void PrintDiff(JsonElement diff)
    {
        var changes = diff.GetProperty("changes");
        Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"From seq {diff.GetProperty("from_seq").GetInt64()} to seq {diff.GetProperty("to_seq").GetInt64()}: {changes.GetArrayLength()} differences");
        if (changes.GetArrayLength() == 0)
            return;
        var table = Terminal.Table("member", "before", "after");
        foreach (var change in changes.EnumerateArray())
            table.AddRow(new Text(Text(change, "member")), new Text(Value(change.GetProperty("before"))), new Text(Value(change.GetProperty("after"))));
        Terminal.Out.Write(table);
    }

    /// <summary>How long something is off, in its two largest units.</summary>
    public static string Left(TimeSpan time)
    {
        var ago = time < TimeSpan.Zero;
        time = time.Duration();
        var text = time.Days > 0 ? string.Create(CultureInfo.InvariantCulture, $"{time.Days} d {time.Hours} h")
            : time.Hours > 0 ? string.Create(CultureInfo.InvariantCulture, $"{time.Hours} h {time.Minutes} min")
            : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min");
        return ago ? text + " ago" : text;
    }

    static void PrintCounts(JsonElement counts)
    {
        var byStatus = string.Join(", ", counts.GetProperty("by_status").EnumerateObject().Select(c => $"{c.Value.GetRawText()} {c.Name}"));
        var within = string.Join(", ", counts.GetProperty("expiring_within_days").EnumerateObject().Select(c => $"{c.Value.GetRawText()} in {c.Name} days"));
        Terminal.Out.MarkupLineInterpolated($"{(byStatus.Length == 0 ? "No certificates" : byStatus)}; expiring: {within}");
    }

    static IEnumerable<(string Path, JsonElement Value)> Flat(string path, JsonElement value) => value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject().SelectMany(m => Flat(path.Length == 0 ? m.Name : $"{path}.{m.Name}", m.Value))
        : [(path, value)];

    static string Names(JsonElement certificate)
    {
        if (!certificate.TryGetProperty("names", out var names))
            return "";
        var shown = string.Join(", ", names.EnumerateArray().Take(MostNames).Select(n => Terminal.Visible(n.GetString()!)));
        return names.GetArrayLength() > MostNames ? string.Create(CultureInfo.InvariantCulture, $"{shown} and {names.GetArrayLength() - MostNames} more") : shown;
    }

    static Color Colour(string status) => status switch
    {
        "expired" or "revoked" => Color.Red,
        "renewal_failed" => Color.Yellow,
        _ => Color.Default,
    };

    static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => Terminal.Visible(value.GetString()!),
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Value)),
        _ => Terminal.Visible(value.GetRawText()),
    };

    static string Text(JsonElement e, string name) => e.TryGetProperty(name, out var value) ? Terminal.Visible(value.GetString() ?? "") : "";

    static DateTimeOffset Time(JsonElement e, string name) => Core.Events.Rfc3339.TryParse(e.GetProperty(name).GetString(), out var time) ? time : default;
}
