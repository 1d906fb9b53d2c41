using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Evidence;
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
        if (report.Evidence is { } evidence)
            facts.AddRow("evidence of", Markup.Escape(FormattableString.Invariant($"{evidence.Address.Subject.Kind} {evidence.Address.Subject.Id} in {evidence.Address.Project}, seq {evidence.FirstSeq} to {evidence.LastSeq}, of {evidence.Origin}")));
        if (report.FirstIndex is { } index)
            facts.AddRow("first bad index", index.ToString(CultureInfo.InvariantCulture));
        if (report.Detail is { } detail)
            facts.AddRow("what is wrong", Markup.Escape(report.FirstIndex is null ? detail : $"entry {report.FirstIndex.Value.ToString(CultureInfo.InvariantCulture)}: {detail}"));
        if (report.FoundBy != Layer.None)
            facts.AddRow("found by", Words.Of(report.FoundBy));
        facts.AddRow("guaranteed", report.Guarantees == Guarantees.None ? "nothing" : string.Join(", ", Words.Of(report.Guarantees)));
        if (report.HeadHash.Length > 0)
        {
            facts.AddRow("head", report.HeadHash);
            facts.AddRow("MACs", report.MacsChecked ? "checked" : "not checked: no key at hand");
        }

        if (report.CheckpointSize is { } size)
            facts.AddRow("signed up to", size.ToString("N0", CultureInfo.InvariantCulture));
        if (report.StampedAt is { } time)
            facts.AddRow("time stamp", time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (report.Erased > 0)
            facts.AddRow("personal parts erased", report.Erased.ToString("N0", CultureInfo.InvariantCulture));
        if (report.Pending > 0)
            facts.AddRow("not yet in the ledger", report.Pending.ToString("N0", CultureInfo.InvariantCulture));
        foreach (var hole in report.NotChecked)
            facts.AddRow("not checked", Markup.Escape($"{hole.What}: {hole.Why}"));
        Terminal.Out.Write(new Panel(facts) { Border = Console.IsOutputRedirected ? BoxBorder.Ascii : BoxBorder.Rounded, BorderStyle = new Style(valid ? Color.Green : Color.Red) });
    }

    /// <summary>One JSON object per ledger and line.</summary>
    public static void PrintJson(VerifyReport report, TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("verdict"u8, Words.Of(report.Verdict));
            json.WriteString("ledger"u8, report.Ledger);
            json.WriteNumber("entries"u8, report.Entries);
            if (report.FirstIndex is { } index)
                json.WriteNumber("first_index"u8, index);
            if (report.Detail is not null)
                json.WriteString("detail"u8, report.Detail);
            if (report.FoundBy != Layer.None)
                json.WriteString("found_by"u8, Words.Of(report.FoundBy));
            json.WriteStartArray("guarantees"u8);
            foreach (var guarantee in Words.Of(report.Guarantees))
                json.WriteStringValue(guarantee);
            json.WriteEndArray();
            json.WriteNumber("size"u8, report.Size);
            if (report.RootHash is not null)
                json.WriteString("root_hash"u8, report.RootHash);
            if (report.CheckpointSize is { } signed)
                json.WriteNumber("checkpoint_size"u8, signed);
            if (report.LogKey is not null)
                json.WriteString("log_key"u8, report.LogKey);
            if (report.StampedAt is { } time)
                json.WriteString("time_stamp"u8, Core.Events.Rfc3339.Format(time));
            if (report.Evidence is { } evidence)
                WriteEvidence(json, evidence);
            json.WriteString("head_hash"u8, report.HeadHash);
            json.WriteBoolean("macs_checked"u8, report.MacsChecked);
            json.WriteNumber("erased"u8, report.Erased);
            json.WriteNumber("pending"u8, report.Pending);
            json.WriteStartArray("not_checked"u8);
            foreach (var hole in report.NotChecked)
            {
                json.WriteStartObject();
                json.WriteString("what"u8, hole.What);
                json.WriteString("why"u8, hole.Why);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    static void WriteEvidence(Utf8JsonWriter json, EvidenceManifest evidence)
    {
        json.WriteStartObject("evidence"u8);
        json.WriteString("origin"u8, evidence.Origin);
        json.WriteString("project"u8, evidence.Address.Project.Value);
        json.WriteStartObject("subject"u8);
        json.WriteString("id"u8, evidence.Address.Subject.Id);
        json.WriteString("kind"u8, evidence.Address.Subject.Kind);
        json.WriteEndObject();
        json.WriteNumber("first_seq"u8, evidence.FirstSeq);
        json.WriteNumber("last_seq"u8, evidence.LastSeq);
        json.WriteEndObject();
    }
}

/// <summary>Verdicts, layers and guarantees as people and programs read them.</summary>
static class Words
{
    public static string Of(Verdict verdict) => verdict switch
    {
        Verdict.Valid => "valid",
        Verdict.Tampered => "tampered",
        Verdict.Truncated => "truncated",
        Verdict.Forked => "forked",
        Verdict.Pruned => "pruned",
        Verdict.Incomplete => "incomplete",
        Verdict.Unverifiable => "unverifiable",
        _ => throw new UnreachableException(),
    };

    public static string Of(Layer layer) => layer switch
    {
        Layer.None => "none",
        Layer.Chain => "chain",
        Layer.Mac => "mac",
        Layer.Commitment => "commitment",
        Layer.Store => "store",
        Layer.Signature => "signature",
        Layer.Pin => "pin",
        Layer.Archive => "archive",
        Layer.Witness => "witness",
        Layer.TimeStamp => "time_stamp",
        Layer.Bundle => "bundle",
        _ => throw new UnreachableException(),
    };

    public static IEnumerable<string> Of(Guarantees guarantees)
    {
        (Guarantees, string)[] all = [(Guarantees.Chained, "chained"), (Guarantees.Signed, "signed"), (Guarantees.Archived, "archived"), (Guarantees.Witnessed, "witnessed"), (Guarantees.TimeStamped, "time_stamped")];
        return all.Where(g => guarantees.HasFlag(g.Item1)).Select(g => g.Item2);
    }
}
