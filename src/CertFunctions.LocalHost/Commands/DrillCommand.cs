using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CertFunctions.Core.Events;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Drill;
using CertFunctions.LocalHost.Show;
using CertFunctions.Sqlite;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn drill</c>: what would be found if someone altered the ledger, and what would not.</summary>
static class DrillCommand
{
    const int DefaultEntries = 1000, MostEntries = 100_000;

    public static Command Create()
    {
        var entries = new Option<int>("--entries") { Description = "How many entries of the ledger to copy, from its beginning", HelpName = "N", DefaultValueFactory = _ => DefaultEntries };
        var org = new Option<string?>("--org") { Description = "Whose ledger (default: the only one)", HelpName = "ORG" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object per mutation" };
        var command = new Command("drill", "Alter copies of the ledger in every way an attacker can, and see what verification makes of each; the ledger itself is not touched") { entries, org, json, Certfn.Data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            var folder = new DataFolder(parsed.GetValue(Certfn.Data)!);
            var most = parsed.GetValue(entries);
            if (most is < DrillGround.LeastEntries or > MostEntries)
                throw new MendableException(string.Create(CultureInfo.InvariantCulture, $"--entries must be from {DrillGround.LeastEntries} to {MostEntries}."), exitCode: ExitCode.Usage);
            var ledger = Choose(folder, parsed.GetValue(org));
            var results = await Terminal.WithProgressAsync("drilling", progress => RunDrill.RunAsync(folder, ledger, most, TimeProvider.System, progress, cancellationToken)).ConfigureAwait(false);
            if (parsed.GetValue(json))
                PrintJson(results, Console.Out);
            else
                Print(results);
            return results.All(r => r.AsExpected) ? ExitCode.Ok : ExitCode.NotGood;
        }));
        return command;
    }

    static OrgId Choose(DataFolder folder, string? org)
    {
        if (!File.Exists(folder.Database))
            throw new MendableException($"There is no data in {folder.Path}: name another folder with --data.");
        try
        {
            using var reader = new SqliteLedgerReader(folder.Database);
            return ExportCommand.Choose(reader.List(), org);
        }
        catch (SqliteStoreException e)
        {
            throw new MendableException(e.Message + ".", e);
        }
    }

    static void Print(IReadOnlyList<DrillResult> results)
    {
        var table = Terminal.Table("what was done", "by someone with", "alone", "pinned policy", "with archive", "with witness", "first index", "caught by", "missed without");
        foreach (var result in results)
        {
            var best = result.Best;
            table.AddRow(
                [
                    new Text(result.Mutation.What), new Text(result.Mutation.Holds), .. result.Cells.Select(Cell),
                    new Text(best.Found.Index?.ToString(CultureInfo.InvariantCulture) ?? ""), new Text(best.Missed ? "" : Words.Of(best.Found.Layer)), new Text(best.Missed ? "" : MissedWithout(result)),
                ]);
        }

        Terminal.Out.Write(table);
        var wrong = results.Where(r => !r.AsExpected).ToList();
        foreach (var cell in wrong.SelectMany(r => r.Cells.Where(c => !c.AsExpected).Select(c => (r.Mutation.What, c))))
            Terminal.Out.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[red]{cell.What}, {cell.c.Relying}: {Say(cell.c.Found)} where {Say(cell.c.Expected)} was expected[/]");
        Terminal.Out.MarkupLine(wrong.Count == 0 ? "[green]Each was classified as it should be.[/]" : $"[red]{wrong.Count} of {results.Count} were not classified as they should be.[/]");
    }

    static Text Cell(DrillCell cell) => new(Word(cell.Found) + (cell.AsExpected ? "" : " (!)"), new Style(!cell.AsExpected ? Color.Red : cell.Missed ? Color.Yellow : Color.Green));

    /// <summary>What was needed to see it: nothing where the ledger itself shows it.</summary>
    static string MissedWithout(DrillResult result)
    {
        var seen = result.Cells.Where(c => !c.Missed).Select(c => c.Relying).ToList();
        return seen.Contains("alone") ? "" : seen.Contains("pinned") ? "a pinned policy" : seen.Count == 2 ? "archive or witness" : seen[0] == "archive" ? "an archive" : "a witness";
    }

    static string Word(Finding finding) => finding.Verdict is { } verdict ? Words.Of(verdict) : "no ledger";

    static string Say(Finding finding) => string.Create(CultureInfo.InvariantCulture, $"{Word(finding)} at {finding.Index?.ToString(CultureInfo.InvariantCulture) ?? "no index"} by {Words.Of(finding.Layer)}");

    static void PrintJson(IReadOnlyList<DrillResult> results, TextWriter output)
    {
        foreach (var result in results)
        {
            using var stream = new MemoryStream();
            using (var json = new Utf8JsonWriter(stream))
            {
                json.WriteStartObject();
                json.WriteString("mutation"u8, result.Mutation.What);
                json.WriteString("attacker_holds"u8, result.Mutation.Holds);
                json.WriteBoolean("as_expected"u8, result.AsExpected);
                json.WriteString("missed_without"u8, result.Best.Missed ? "" : MissedWithout(result));
                foreach (var cell in result.Cells)
                {
                    json.WriteStartObject(cell.Relying);
                    json.WriteString("verdict"u8, Word(cell.Found));
                    if (cell.Found.Index is { } index)
                        json.WriteNumber("first_index"u8, index);
                    json.WriteString("found_by"u8, Words.Of(cell.Found.Layer));
                    json.WriteBoolean("as_expected"u8, cell.AsExpected);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }

            output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
        }
    }
}
