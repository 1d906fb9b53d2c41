using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn replay SINK --from INDEX</c>: a SIEM is sent again what it lost.</summary>
static class ReplayCommand
{
    public static Command Create()
    {
        var sink = new Argument<string>("sink") { Description = "The sink, by the name it has in GET /siem/sinks", HelpName = "SINK" };
        var from = new Option<long>("--from") { Description = "Index of the first entry to send again", HelpName = "INDEX", Required = true };
        var json = new Option<bool>("--json") { Description = "Print the service's answer" };
        var command = new Command("replay", "Send a sink the ledger again from an index on, as when a SIEM lost something") { sink, from, json, Certfn.Url, Certfn.Data };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var body = string.Create(CultureInfo.InvariantCulture, $$"""{"from":{{parsed.GetValue(from)}}}""");
            using var answer = await api.PostJsonAsync(ApiClient.Path($"/siem/sinks/{Uri.EscapeDataString(parsed.GetValue(sink)!)}/replay"), body, cancellationToken).ConfigureAwait(false);
            Say(answer.RootElement, parsed.GetValue(json));
            return ExitCode.Ok;
        }));
        return command;
    }

    static void Say(JsonElement answer, bool json)
    {
        if (json)
            Console.Out.WriteLine(answer.GetRawText());
        else
            Terminal.Out.MarkupLineInterpolated($"{answer.GetProperty("sink").GetString()} is sent everything from entry {answer.GetProperty("from").GetInt64()} on: {answer.GetProperty("again").GetInt64()} entries once more. Watch GET /api/v1/siem/sinks.");
    }
}
