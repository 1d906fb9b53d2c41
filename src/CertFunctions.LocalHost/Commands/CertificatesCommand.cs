using System.CommandLine;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn certificates</c>: a page of a project's certificates, what ends first on top.</summary>
static class CertificatesCommand
{
    public static Command Create()
    {
        var status = new Option<string?>("--status") { Description = "Only with this status: active, renewal_failed, expired, revoked, …", HelpName = "STATUS" };
        var within = new Option<string?>("--expiring-within") { Description = "Only what ends within this, such as 30d or 12h", HelpName = "TIME" };
        var issuer = new Option<string?>("--issuer") { Description = "Only of this issuer, as its certificates name it", HelpName = "NAME" };
        var name = new Option<string?>("--name") { Description = "Only for this name; with a dot before it, for all names below it too", HelpName = "NAME" };
        var sort = new Option<string?>("--sort") { Description = "expiry (what ends first comes first) or -expiry", HelpName = "ORDER" };
        var limit = new Option<string?>("--limit") { Description = "Certificates on the page, 1 to 500 (default: 50)", HelpName = "N" };
        var cursor = new Option<string?>("--cursor") { Description = "Go on from the page before", HelpName = "CURSOR" };
        var json = new Option<bool>("--json") { Description = "Print the service's answer as it came" };
        var command = new Command("certificates", "Show a project's certificates, what ends first on top") { status, within, issuer, name, sort, limit, cursor, json, Certfn.Url, Certfn.Data, Certfn.Project };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var path = ApiClient.Path($"/projects/{Uri.EscapeDataString(parsed.GetValue(Certfn.Project)!)}/certificates", ("status", parsed.GetValue(status)),
                ("expiring_within", parsed.GetValue(within)), ("issuer", parsed.GetValue(issuer)), ("name", parsed.GetValue(name)), ("sort", parsed.GetValue(sort)),
                ("limit", parsed.GetValue(limit)), ("cursor", parsed.GetValue(cursor)));
            using var page = await api.GetJsonAsync(path, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(page.RootElement.GetRawText());
                return ExitCode.Ok;
            }

            CertificateTables.PrintPage(page.RootElement);
            if (page.RootElement.GetProperty("next_cursor").GetString() is { } next)
                Terminal.Out.MarkupLineInterpolated($"More with --cursor {next}");
            return ExitCode.Ok;
        }));
        return command;
    }
}

/// <summary><c>certfn certificate ID</c>: a certificate's state now or at a point, or what changed since one.</summary>
static class CertificateCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The certificate", HelpName = "ID" };
        var atSeq = new Option<string?>("--at-seq") { Description = "As of its event with this seq", HelpName = "SEQ" };
        var at = new Option<string?>("--at") { Description = "As of this time, RFC 3339", HelpName = "TIME" };
        var diff = new Option<bool>("--diff") { Description = "What changed from that point until now" };
        var json = new Option<bool>("--json") { Description = "Print the service's answer as it came" };
        var command = new Command("certificate", "Show where a certificate stands: its status, validity, last renewal and failures") { id, atSeq, at, diff, json, Certfn.Url, Certfn.Data, Certfn.Project };
        command.Validators.Add(r =>
        {
            if (r.GetValue(diff) && r.GetValue(at) is null && r.GetValue(atSeq) is null)
                r.AddError("--diff needs a point to compare with: add --at-seq SEQ (0 is the beginning) or --at TIME");
        });
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var (compare, certificate) = (parsed.GetValue(diff), $"/projects/{Uri.EscapeDataString(parsed.GetValue(Certfn.Project)!)}/certificates/{Uri.EscapeDataString(parsed.GetValue(id)!)}");
            var path = compare
                ? ApiClient.Path(certificate + "/diff", ("from_seq", parsed.GetValue(atSeq)), ("from_at", parsed.GetValue(at)))
                : ApiClient.Path(certificate, ("at_seq", parsed.GetValue(atSeq)), ("at", parsed.GetValue(at)));
            using var answer = await api.GetJsonAsync(path, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
                Console.WriteLine(answer.RootElement.GetRawText());
            else if (compare)
                CertificateTables.PrintDiff(answer.RootElement);
            else
                CertificateTables.PrintState(answer.RootElement);
            return ExitCode.Ok;
        }));
        return command;
    }
}
