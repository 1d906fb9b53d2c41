using System.CommandLine;
using CertFunctions.Core.Evidence;
using CertFunctions.LocalHost.Client;
using CertFunctions.LocalHost.Data;
using CertFunctions.LocalHost.Evidence;
using CertFunctions.LocalHost.Show;
using Spectre.Console;

namespace CertFunctions.LocalHost.Commands;

/// <summary><c>certfn evidence ID</c>: what happened to a certificate, in a file that proves itself.</summary>
static class EvidenceCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The certificate (or other subject)", HelpName = "ID" };
        var kind = new Option<string>("--kind") { Description = "The kind of subject", HelpName = "KIND", DefaultValueFactory = _ => "certificate" };
        var output = new Option<string>("--out") { Description = "The file to write", HelpName = "FILE", Required = true };
        var tsa = new Option<string?>("--tsa") { Description = "A time-stamp authority (RFC 3161) that is to say when the checkpoint was there", HelpName = "URL" };
        var command = new Command("evidence", "Write a certificate's events with their proofs to one file, which anyone can verify without this service") { id, kind, output, tsa, Certfn.Url, Certfn.Data, Certfn.Project };
        command.SetAction((parsed, cancellationToken) => Certfn.EndAsync(async () =>
        {
            var authority = Authority(parsed.GetValue(tsa));
            using var api = ApiClient.For(parsed.GetValue(Certfn.Url), new DataFolder(parsed.GetValue(Certfn.Data)!));
            var call = $"/api/v1/projects/{Uri.EscapeDataString(parsed.GetValue(Certfn.Project)!)}/subjects/{Uri.EscapeDataString(parsed.GetValue(kind)!)}/{Uri.EscapeDataString(parsed.GetValue(id)!)}/evidence";
            await WriteAsync(api, call, parsed.GetValue(output)!, authority, cancellationToken).ConfigureAwait(false);
            return ExitCode.Ok;
        }));
        return command;
    }

    static async Task WriteAsync(ApiClient api, string call, string path, Uri? authority, CancellationToken cancellationToken)
    {
        // Beside its place until it is whole: what is at the end a file under that name is a bundle.
        var aside = path + ".part";
        try
        {
            var file = ExportCommand.Create(aside);
            await using (file.ConfigureAwait(false))
                await api.CopyAsync(call, file, cancellationToken).ConfigureAwait(false);
            if (authority is not null)
                await StampAsync(aside, authority, cancellationToken).ConfigureAwait(false);
            File.Move(aside, path, overwrite: true);
            Terminal.Out.MarkupLineInterpolated($"Written to {path}. Anyone checks it with: certfn verify {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new MendableException($"The evidence could not be written: {e.Message}", e);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    static async Task StampAsync(string path, Uri authority, CancellationToken cancellationToken)
    {
        var stamped = path + ".stamped";
        try
        {
            using (var bundle = File.OpenRead(path))
            {
                var text = await AddTimeStamp.TextAsync(bundle, cancellationToken).ConfigureAwait(false) ?? throw new InvalidDataException("what the service answered is no evidence bundle");
                using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
                var token = await TimeStamps.AskAsync(http, authority, text, cancellationToken).ConfigureAwait(false);
                bundle.Position = 0;
                using var output = ExportCommand.Create(stamped);
                await AddTimeStamp.CopyAsync(bundle, output, token, cancellationToken).ConfigureAwait(false);
            }

            File.Move(stamped, path, overwrite: true);
        }
        finally
        {
            File.Delete(stamped);
        }
    }

    static Uri? Authority(string? text) =>
        text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
        : throw new MendableException($"'{text}' is not the address of a time-stamp authority: write it like http://tsa.example.com/.", exitCode: ExitCode.Usage);
}
