using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Verification;
using Spectre.Console;

namespace CertFunctions.LocalHost.Show;

/// <summary>A verification's outcome, for a person or for a program.</summary>
static class VerdictPanel
{
    public static void Print(VerifyReport report)
    {
        var valid = report.Verdict == Verdict.Valid;
        var facts = new Grid().AddColumn().AddColumn();
        facts.AddRow(new Text("verdict"), new Text(report.Verdict.ToString().ToUpperInvariant(), new Style(valid ? Color.Green : Color.Red, decoration: Decoration.Bold)));
        // A file that holds no line names no ledger.
        if (report.Ledger.Length > 0)
            facts.AddRow("ledger", Markup.Escape(report.Ledger));
        facts.AddRow("entries checked", report.Entries.ToString("N0", CultureInfo.InvariantCulture));
        if (report.FirstIndex is { } index)
            facts.AddRow("first bad index", index.ToString(CultureInfo.InvariantCulture));
        if (report.Detail is { } detail)
            facts.AddRow("what is wrong", Markup.Escape(report.FirstIndex is null ? detail : $"entry {report.FirstIndex.Value.ToString(CultureInfo.InvariantCulture)}: {detail}"));
        facts.AddRow("head", report.HeadHash);
        facts.AddRow("MACs", report.MacsChecked ? "checked" : "not checked: no key at hand");
        if (report.Erased > 0)
            facts.AddRow("personal parts erased", report.Erased.ToString("N0", CultureInfo.InvariantCulture));
        if (report.Pending > 0)
            facts.AddRow("not yet in the ledger", report.Pending.ToString("N0", CultureInfo.InvariantCulture));
        Terminal.Out.Write(new Panel(facts) { Border = Console.IsOutputRedirected ? BoxBorder.Ascii : BoxBorder.Rounded, BorderStyle = new Style(valid ? Color.Green : Color.Red) });
    }

    /// <summary>One JSON object per ledger and line.</summary>
    public static void PrintJson(VerifyReport report, TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("verdict"u8, Name(report.Verdict));
            json.WriteString("ledger"u8, report.Ledger);
            json.WriteNumber("entries"u8, report.Entries);
            if (report.FirstIndex is { } index)
                json.WriteNumber("first_index"u8, index);
            if (report.Detail is not null)
                json.WriteString("detail"u8, report.Detail);
            json.WriteString("head_hash"u8, report.HeadHash);
            json.WriteBoolean("macs_checked"u8, report.MacsChecked);
            json.WriteNumber("erased"u8, report.Erased);
            json.WriteNumber("pending"u8, report.Pending);
            json.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    static string Name(Verdict verdict) => verdict switch
    {
        Verdict.Valid => "valid",
        Verdict.Tampered => "tampered",
        Verdict.Truncated => "truncated",
        Verdict.Incomplete => "incomplete",
        Verdict.Unverifiable => "unverifiable",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
