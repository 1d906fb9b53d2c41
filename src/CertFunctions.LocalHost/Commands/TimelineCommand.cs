using System.CommandLine;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn timeline ID</c>: a page of what happened to a subject.</summary>
static class TimelineCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The certificate (or other subject)", HelpName = "ID" };
        var kind = new Option<string>("--kind") { Description = "The kind of subject", HelpName = "KIND", DefaultValueFactory = _ => "certificate" };
        var type = new Option<string?>("--type") { Description = "Only these event types, separated by commas", HelpName = "TYPES" };
        var limit = new Option<string>("--limit") { Description = "Events on the page, 1 to 500", HelpName = "N", DefaultValueFactory = _ => "50" };
        var order = new Option<string>("--order") { Description = "desc (newest first) or asc", HelpName = "ORDER", DefaultValueFactory = _ => "desc" };
        var cursor = new Option<string?>("--cursor") { Description = "Go on from the page before", HelpName = "CURSOR" };
        var json = new Option<bool>("--json") { Description = "Print the service's answer as it came" };
        var command = new Command("timeline", "Show what happened to a certificate, newest first") { id, kind, type, limit, order, cursor, json, Certfn.Url, Certfn.Data, Certfn.Project };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var path = ApiClient.Path(
                $"/projects/{Uri.EscapeDataString(parsed.GetValue(Certfn.Project)!)}/subjects/{Uri.EscapeDataString(parsed.GetValue(kind)!)}/{Uri.EscapeDataString(parsed.GetValue(id)!)}/events",
                ("type", parsed.GetValue(type)), ("limit", parsed.GetValue(limit)), ("order", parsed.GetValue(order)), ("cursor", parsed.GetValue(cursor)));
            using var page = await api.GetJsonAsync(path, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(page.RootElement.GetRawText());
                return ExitCode.Ok;
            }

            var events = page.RootElement.GetProperty("events");
            if (events.GetArrayLength() == 0)
                Terminal.Out.MarkupLine("No events.");
            else
                TimelineTable.Print(events);
            if (page.RootElement.GetProperty("next_cursor").GetString() is { } next)
                Terminal.Out.MarkupLineInterpolated($"More with --cursor {next}");
            return ExitCode.Ok;
        }));
        return command;
    }
}
